/** Sentinels for a time that means none, and for text that is no time. Every RFC 3339 text begins with a digit. */
export type ParsedTime = 'absent' | 'unreadable' | (string & {})

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:([Zz])|([+-])(\d\d):?(\d\d))?$/
const NUMBER = /^(\d{1,20})(?:\.(\d{1,20}))?$/
const MINUTE_MS = 60_000
const FIRST_YEAR = 1971
const LAST_YEAR = 2261
const ZERO_TIMES = ['1970-01-01T00:00:00', '0001-01-01T00:00:00']

/**
 * A time as senders write it, as RFC 3339 UTC: RFC 3339 with any offset (none is UTC), or a Unix time whose magnitude tells its
 * unit: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds. No digit is lost up to nanoseconds.
 */
export function parseTime(text: string): ParsedTime {
  const trimmed = text.trim()
  if (trimmed === '') return 'absent'
  const number = NUMBER.exec(trimmed)
  return number === null ? fromText(trimmed) : fromNumber(number[1]!, number[2])
}

function fromNumber(whole: string, fraction: string | undefined): ParsedTime {
  const value = BigInt(whole)
  const digits = value < 10n ** 11n ? 9 : value < 10n ** 14n ? 6 : value < 10n ** 17n ? 3 : 0
  if (fraction !== undefined && digits !== 9) return 'unreadable'
  const nanos = value * 10n ** BigInt(digits) + BigInt((fraction ?? '').slice(0, 9).padEnd(9, '0'))
  if (nanos === 0n) return 'absent'

  const seconds = Number(nanos / 10n ** 9n)
  const rest = String(nanos % 10n ** 9n).padStart(9, '0')
  const shown = rest === '000000000' ? '' : rest.endsWith('000') ? `.${rest.slice(0, 6)}` : `.${rest}`
  return stamp(seconds * 1000, shown)
}

function fromText(text: string): ParsedTime {
  const parts = RFC_3339.exec(text)
  if (parts === null) return 'unreadable'
  const [, year, month, day, hour, minute, second, fraction, , sign, offsetHours, offsetMinutes] = parts
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  const ms = Date.parse(`${local}Z`)
  // Date takes 30 February and 24:00 for a later day.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== local) return 'unreadable'
  if (Number(offsetHours ?? 0) > 23 || Number(offsetMinutes ?? 0) > 59) return 'unreadable'

  const offset = (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0)) * MINUTE_MS * (sign === '-' ? -1 : 1)
  const shown = fraction === undefined ? '' : `.${fraction.slice(0, 9)}`
  if (offset === 0 && ZERO_TIMES.includes(local) && /^\.?0*$/.test(shown)) return 'absent'
  return stamp(ms - offset, shown)
}

function stamp(ms: number, fraction: string): ParsedTime {
  const date = new Date(ms)
  const year = date.getUTCFullYear()
  if (Number.isNaN(year) || year < FIRST_YEAR || year > LAST_YEAR) return 'unreadable'
  return `${date.toISOString().slice(0, 19)}${fraction}Z`
}
