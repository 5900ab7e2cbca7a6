import type { LetterFilter } from '../delivery/dead-letter-filter.ts'
import { UsageError } from '../errors.ts'
import { parseTimeArgument } from '../lib/time-argument.ts'

/** As the command line gives them. */
export interface FilterOptions {
  readonly reason?: string
  readonly dataset?: string
  readonly since?: string
  readonly until?: string
  readonly id?: string
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** As of a request (control/protocol.ts). */
const MAX_REASON = 200
const BATCH = /^\d{16}$/
const DEFAULT_LIMIT = 20
const MAX_LIMIT = 1_000_000

/** @throws UsageError */
export function filterOf(options: FilterOptions, datasets: readonly string[], nowMs: number): LetterFilter {
  const { reason, dataset, id } = options
  if (dataset !== undefined && dataset !== 'unknown' && !datasets.includes(dataset)) {
    throw new UsageError(`Unknown dataset ${dataset}. Known datasets: ${datasets.join(', ')}, unknown.`)
  }
  if (id !== undefined && !UUID.test(id)) throw new UsageError(`--id: expected the UUID of an event, not ${id}.`)
  if (reason !== undefined && (reason === '' || reason.length > MAX_REASON)) {
    throw new UsageError(`--reason: expected a word of 1 to ${MAX_REASON} characters.`)
  }
  const since = timeOf('--since', options.since, nowMs)
  const until = timeOf('--until', options.until, nowMs)
  return Object.fromEntries(
    Object.entries({ reason, dataset, since, until, id }).filter(([, value]) => value !== undefined),
  )
}

/** @throws UsageError */
export function timeOf(option: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  const ms = parseTimeArgument(text, nowMs)
  if (ms !== undefined) return ms
  throw new UsageError(
    `${option}: expected a time such as 2026-01-02T03:04:05Z, a date such as 2026-01-02 or how long ago, such as 2h or 7d, in the years 1970 to 9999; not ${text}.`,
  )
}

/** @throws UsageError */
export function batchNameOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined || BATCH.test(text)) return text
  throw new UsageError(`${option}: expected the name of a batch, 16 digits, as an earlier replay told it; not ${text}.`)
}

/** @throws UsageError */
export function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT
  const limit = /^\d{1,7}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= MAX_LIMIT) return limit
  throw new UsageError(`--limit: expected a whole number from 1 to ${MAX_LIMIT}, not ${text}.`)
}
