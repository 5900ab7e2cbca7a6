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
 * operator is needed, once when it is back; of one that comes and goes no more than once a minute.
 */
export interface Outage {
  /** @returns milliseconds to pause before the next attempt */
  failed(failure: Failure): number
  worked(): void
  /** Some events wait by themselves while others are taken. Said once a minute at most. */
  someWait(failure: Failure): void
  /** So many wait that no others are taken up. Said once a minute at most. */
  othersWait(): void
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

const SENTENCES = {
  down: 'The sink does not take events now; they wait in the spool.',
  refuses: 'The sink refuses until its settings are mended; events wait in the spool.',
  someWait: 'The sink does not take some events now; they are sent again.',
  someRefused: 'The sink refuses some events until its settings are mended; they wait.',
  othersWait: 'So many events wait for the sink to take them that all others wait as well, in the spool.',
} as const

export function createOutage({ sink, log, now, random }: OutageOptions): Outage {
  const backoff: Backoff = createBackoff({ baseMs: FIRST_PAUSE_MS, capMs: LONGEST_PAUSE_MS, random })
  const saidAt = new Map<keyof typeof SENTENCES, number>()
  let since: number | undefined
  let said: 'down' | 'refuses' | undefined

  /** Whether it was said: not again within a minute. */
  const say = (what: keyof typeof SENTENCES, error?: unknown): boolean => {
    if (now() - (saidAt.get(what) ?? Number.NEGATIVE_INFINITY) < SAY_AGAIN_MS) return false
    saidAt.set(what, now())
    const level = what === 'down' || what === 'someWait' ? 'warn' : 'error'
    log[level](error === undefined ? { sink } : { sink, err: error }, SENTENCES[what])
    return true
  }

  return {
    someWait: ({ error, needsOperator = false }) => void say(needsOperator ? 'someRefused' : 'someWait', error),
    othersWait: () => void say('othersWait'),
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
      const what = needsOperator ? 'refuses' : 'down'
      if (said !== 'refuses' && said !== what && say(what, error)) said = what
      since ??= now()
      return needsOperator ? LONGEST_PAUSE_MS : backoff.next(retryAfterMs)
    },
    worked() {
      backoff.reset()
      if (since !== undefined && said !== undefined)
        log.info({ sink, downSeconds: (now() - since) / 1000 }, 'The sink takes events again.')
      said = undefined
      since = undefined
    },
  }
}
