const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d))?$/
const BACK = /^(\d{1,9})([smhd])$/
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const MAX_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/**
 * A time as a person gives it: RFC 3339, a date (its first moment in UTC), or how long ago (`90s`, `30m`, `2h`, `7d`).
 *
 * @returns Unix milliseconds; undefined where it is none of these, a day that no calendar has, or not in the years 1970 to 9999
 */
export function parseTimeArgument(text: string, nowMs: number): number | undefined {
  const back = BACK.exec(text)
  if (back !== null) return within(nowMs - Number(back[1]) * UNIT_MS[back[2]!]!)
  const match = TIME.exec(text)
  if (match === null) return undefined
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number]
  const date = new Date(Date.UTC(year, month - 1, day))
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  return within(Date.parse(text.toUpperCase().replace(' ', 'T')))
}

const within = (ms: number): number | undefined => (ms >= 0 && ms <= MAX_MS ? ms : undefined)
