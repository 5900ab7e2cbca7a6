/**
 * Names of event files: `20261124T215537Z-000001.ndjson`, when finished and compressed `….ndjson.gz`. The stem is the second in
 * which the file was begun and a number, so names of one dataset sort by time. A stem is never used again: the next is always
 * greater than the last, even when the clock went back.
 */
export const PLAIN = '.ndjson'
export const GZIPPED = '.ndjson.gz'
/** A compressed file that is being written. Readers that look for `*.ndjson*` must not see it. */
export const UNFINISHED_GZIP = '.gz-part'

const STEM = /^\d{8}T\d{6}Z-\d{6}$/
const LAST_NUMBER = 999_999

export const isStem = (text: string): boolean => STEM.test(text)

/** The stem of a file name that ends in `suffix`; undefined where the file is not one of ours. */
export function stemOf(name: string, suffix: string): string | undefined {
  if (!name.endsWith(suffix)) return undefined
  const stem = name.slice(0, -suffix.length)
  return isStem(stem) ? stem : undefined
}

/** The stem for a file begun now, greater than `last`. */
export function nextStem(nowMs: number, last: string | undefined): string {
  const second = stampOf(nowMs)
  if (last === undefined || second > last.slice(0, second.length)) return `${second}-000001`
  const number = Number(last.slice(-6)) + 1
  if (number > LAST_NUMBER) return `${stampOf(timeOf(last) + 1000)}-000001`
  return `${last.slice(0, second.length)}-${String(number).padStart(6, '0')}`
}

/** When the file was begun, Unix milliseconds. */
export function timeOf(stem: string): number {
  const [y, mo, d, h, mi, s] = stem.match(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/)!.slice(1) as string[]
  return Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`)
}

function stampOf(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}
