import { RetryableError } from '../errors.ts'
import { abortable } from '../lib/abortable.ts'

/** Where the events of a dataset go: a data stream, an index or an alias. */
export interface Target {
  readonly dataset: string
  readonly index: string
}

/** Before a write: no server may make up an index, and with it a mapping, out of the first event that comes. */
export interface Guard {
  /** Resolves when the target is as it should be. Throws RetryableError, of this target alone, while it is not. */
  ensure(target: Target, signal: AbortSignal): Promise<void>
  /** The server said that the target is missing: the next write asks again. */
  forget(index: string): void
}

export interface GuardOptions {
  /** `off` trusts; `check` and `auto` ask `ready`. */
  readonly setup: 'auto' | 'check' | 'off'
  /**
   * Whether the target's index template is there, or was installed by this call (`auto`). Otherwise what is missing, as a noun such as
   * `index template logs-cloudflare.dns_logs`. Throws RetryableError where the server cannot be asked.
   */
  readonly ready: (target: Target, signal: AbortSignal) => Promise<'ready' | (string & {})>
  readonly now: () => number
}

/** A template that is deleted meanwhile can be missed for so long; a check costs a small request per target. */
const TRUST_MS = 10_000

export function createGuard({ setup, ready, now }: GuardOptions): Guard {
  const seenAt = new Map<string, number>()
  const checks = new Map<string, Promise<void>>()

  const isTrusted = (index: string) => {
    const age = now() - (seenAt.get(index) ?? Number.NEGATIVE_INFINITY)
    // A clock that was set back makes it negative.
    return age >= 0 && age < TRUST_MS
  }

  const check = async (target: Target, signal: AbortSignal) => {
    const found = await ready(target, signal)
    if (found !== 'ready') throw missing(found, setup)
    seenAt.set(target.index, now())
  }

  return {
    async ensure(target, signal) {
      const { index } = target
      while (setup !== 'off' && !isTrusted(index)) {
        const other = checks.get(index)
        if (other === undefined) {
          const own = check(target, signal).finally(() => checks.delete(index))
          checks.set(index, own)
          return await own
        }
        // Its failure may be of its own signal, so after it we ask ourselves.
        await abortable(
          other.catch(() => {}),
          signal,
        )
      }
    },
    forget: index => void seenAt.delete(index),
  }
}

function missing(what: string, setup: GuardOptions['setup']): RetryableError {
  const advice =
    setup === 'auto'
      ? 'it could not be installed'
      : 'run `logpush-intake setup elasticsearch`, or set ELASTICSEARCH_SETUP=auto'
  return new RetryableError(`Missing at the server: ${what}; ${advice}.`, { needsOperator: true, ofPieceAlone: true })
}
