import { type Backoff, createBackoff } from '../lib/backoff.ts'
import type { Log } from './log.ts'

export interface Failure {
  readonly error: unknown
  readonly retryAfterMs?: number | undefined
  readonly needsOperator?: boolean
  /** Some events were taken. */
  readonly progress?: boolean
}

/**
 * What is known of a sink's being down: how long to pause, and what to say. Says it once when it goes down, once when an
 * operator is needed, once when it is back.
 */
export interface Outage {
  /** @returns milliseconds to pause before the next attempt */
  failed(failure: Failure): number
  worked(): void
  /** Some events wait by themselves while others are taken. Said once a minute at most. */
  someWait(failure: Failure): void
  /** The pauses of one piece that waits by itself. */
  patience(): { next(failure: Failure): number }
}

export interface OutageOptions {
  readonly sink: string
  readonly log: Log
  readonly now: () => number
  readonly random: () => number
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000
const SAY_AGAIN_MS = 60_000

export function createOutage({ sink, log, now, random }: OutageOptions): Outage {
  const backoff: Backoff = createBackoff({ baseMs: FIRST_PAUSE_MS, capMs: LONGEST_PAUSE_MS, random })
  let since: number | undefined
  let cried = false
  const saidAt = { warn: Number.NEGATIVE_INFINITY, error: Number.NEGATIVE_INFINITY }
  return {
    someWait({ error, needsOperator = false }) {
      const level = needsOperator ? 'error' : 'warn'
      if (now() - saidAt[level] < SAY_AGAIN_MS) return
      saidAt[level] = now()
      if (needsOperator)
        log.error({ sink, err: error }, 'The sink refuses some events until its settings are mended; they wait.')
      else log.warn({ sink, err: error }, 'The sink does not take some events now; they are sent again.')
    },
    patience() {
      const own = createBackoff({ baseMs: FIRST_PAUSE_MS, capMs: LONGEST_PAUSE_MS, random })
      return {
        next({ retryAfterMs, needsOperator = false, progress = false }) {
          if (progress) own.reset()
          // Where others of the same piece were taken, it may be of a moment: no need to make them wait long.
          return needsOperator && !progress ? LONGEST_PAUSE_MS : own.next(retryAfterMs)
        },
      }
    },
    failed({ error, retryAfterMs, needsOperator = false, progress = false }) {
      if (progress) backoff.reset()
      if (needsOperator && !cried) {
        cried = true
        log.error({ sink, err: error }, 'The sink refuses until its settings are mended; events wait in the spool.')
      } else if (since === undefined) {
        log.warn({ sink, err: error }, 'The sink does not take events now; they wait in the spool.')
      }
      since ??= now()
      return needsOperator ? LONGEST_PAUSE_MS : backoff.next(retryAfterMs)
    },
    worked() {
      backoff.reset()
      if (since !== undefined) log.info({ sink, downSeconds: (now() - since) / 1000 }, 'The sink takes events again.')
      since = undefined
      cried = false
    },
  }
}
