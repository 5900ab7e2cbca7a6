/** What is known of an answer before its body. */
export interface AnswerHead {
  readonly status: number
  readonly retryAfterMs: number | undefined
  /** The media type alone, in lower case; empty where none was sent. */
  readonly contentType: string
  /** Where a redirect leads, as it was sent. */
  readonly location?: string | undefined
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

export function headOf(status: number, headers: Headers, now: number): AnswerHead {
  const first = (name: string) => [headers[name] ?? []].flat()[0]
  const [mediaType = ''] = (first('content-type') ?? '').split(';')
  return {
    status,
    retryAfterMs: retryAfterOf(first('retry-after'), now),
    contentType: mediaType.trim().toLowerCase(),
    location: first('location'),
  }
}

const LONGEST_MS = 24 * 3_600_000

/** Retry-After, RFC 9110 §10.2.3: seconds or a date. Milliseconds from now, never negative, at most a day; undefined where it is neither. */
export function retryAfterOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\s*\d{1,15}\s*$/.test(text) ? Number(text) * 1000 : dateOf(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_MS)
}

/** The three forms of an HTTP date begin with the name of a day; Date.parse alone takes far more than those. */
function dateOf(text: string): number {
  if (!/^\s*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return Number.NaN
  return Date.parse(text.includes('GMT') ? text : `${text} GMT`)
}
