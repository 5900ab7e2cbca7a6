import type { Letter } from './dead-letter-rows.ts'

/** Which dead letters; what is missing is no condition. */
export interface LetterFilter {
  readonly reason?: string
  readonly dataset?: string
  /** Set aside at or after it, Unix milliseconds. */
  readonly since?: number
  /** Set aside before it, Unix milliseconds. */
  readonly until?: number
  /** The id of one event. */
  readonly id?: string
}

/** A row that does not tell what a condition asks for does not meet it. */
export function meets(letter: Letter, { reason, dataset, since, until, id }: LetterFilter): boolean {
  if (reason !== undefined && letter.reason !== reason) return false
  if (dataset !== undefined && (letter.dataset ?? 'unknown') !== dataset) return false
  if (id !== undefined && letter.id?.toLowerCase() !== id.toLowerCase()) return false
  if (since === undefined && until === undefined) return true
  const time = Date.parse(letter.time ?? '')
  return time >= (since ?? Number.NEGATIVE_INFINITY) && time < (until ?? Number.POSITIVE_INFINITY)
}
