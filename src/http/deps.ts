import type { Logger } from 'pino'
import type { Metrics } from '../metrics.ts'
import type { Spool } from '../spool/spool.ts'
import type { Keyring } from './keys.ts'
import type { Peers } from './peers.ts'
import type { BodyLimits } from './take-body.ts'
import type { TlsFiles } from './tls.ts'

export interface IntakeLimits extends BodyLimits {
  /** Bytes of a body of the JSON routes after inflating: such a body is held whole. */
  readonly maxJsonBytes: number
  /** Bodies that are received at a time, but for those of the JSON routes. */
  readonly maxReceiving: number
}

/** What the intake's listener works with. It owns none of these: whoever made them closes them. */
export interface IntakeDeps {
  readonly spool: Spool
  readonly keyring: Keyring
  /** Whose addresses are admitted; any where it is absent. */
  readonly peers?: Peers | undefined
  readonly metrics: Metrics
  readonly log: Logger
  /** The names that a request may declare. */
  readonly datasets: readonly string[]
  readonly limits: IntakeLimits
  /** HTTPS with these files. */
  readonly tls?: TlsFiles | undefined
  /** Unix milliseconds; Date.now unless a test sets it. */
  readonly now?: () => number
  /** Milliseconds of a clock that only goes forward; performance.now unless a test sets it. */
  readonly monotonic?: () => number
}
