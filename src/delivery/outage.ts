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
}

export interface OutageOptions {
  readonly sink: string
  readonly log: Log
  readonly now: () => number
  readonly random: () => number
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000

export function createOutage({ sink, log, now, random }: OutageOptions): Outage {
  const backoff: Backoff = createBackoff({ baseMs: FIRST_PAUSE_MS, capMs: LONGEST_PAUSE_MS, random })
  let since: number | undefined
  let cried = false
  return {
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
