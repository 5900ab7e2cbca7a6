import type { Json } from './types.ts'
import { isSame } from './value.ts'

/** An instant: the text of the event, and the same as integers. */
export interface Time {
  readonly text: string
  readonly seconds: number
  readonly nanos: number
}

/** The sender's way to say that there is no time: the zero of Unix or of Go. */
export const NO_TIME = Symbol('no time')

const DAY = 86_400
const MIN_SECONDS = daysOf(1971, 1, 1) * DAY
const MAX_SECONDS = daysOf(2262, 1, 1) * DAY
const GO_ZERO = daysOf(1, 1, 1) * DAY

const TWO = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'))

/** Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

function dateText(days: number): string {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return `${String(year).padStart(4, '0')}-${TWO[month]}-${TWO[day]}`
}

// Records of a batch lie within a few days, so the last date is nearly always the right one; and often a record's end in the second of its start.
let lastDays = Number.NaN
let lastDate = ''
let lastSeconds = Number.NaN
let lastText = ''

function secondsText(seconds: number): string {
  if (seconds === lastSeconds) return lastText
  lastSeconds = seconds
  lastText = textOfSeconds(seconds)
  return lastText
}

function textOfSeconds(seconds: number): string {
  const days = Math.floor(seconds / DAY)
  if (days !== lastDays) {
    lastDate = dateText(days)
    lastDays = days
  }
  const rest = seconds - days * DAY
  return `${lastDate}T${TWO[Math.floor(rest / 3600)]}:${TWO[Math.floor(rest / 60) % 60]}:${TWO[rest % 60]}`
}

/** 9 digits as they are written: none, 6 if they suffice, else 9. */
function fractionText(digits: string): string {
  if (digits === '000000000') return ''
  return digits.endsWith('000') ? `.${digits.slice(0, 6)}` : `.${digits}`
}

function inRange(seconds: number): boolean {
  return seconds >= MIN_SECONDS && seconds < MAX_SECONDS
}

const DIGITS = /^(\d+)(?:\.(\d+))?$/

/** Digits that give the magnitude of a unit: below 1e11 seconds, 1e14 milliseconds, 1e17 microseconds, else nanoseconds. */
function decimalsOf(length: number): number {
  if (length <= 11) return 0
  if (length <= 14) return 3
  return length <= 17 ? 6 : 9
}

const ZERO = 48

/** The usual form of the sender, 19 digits of nanoseconds: as fromDigits, without taking the text apart by patterns. */
function fromNanoseconds(digits: string): Time | typeof NO_TIME | undefined {
  let seconds = 0
  let nanos = 0
  for (let i = 0; i < 19; i++) {
    const digit = digits.charCodeAt(i) - ZERO
    if (digit < 0 || digit > 9) return undefined
    if (i < 10) seconds = seconds * 10 + digit
    else nanos = nanos * 10 + digit
  }
  if (!inRange(seconds)) return undefined
  const fraction = nanos === 0 ? 'Z' : nanos % 1000 === 0 ? `.${digits.slice(10, 16)}Z` : `.${digits.slice(10)}Z`
  return { text: secondsText(seconds) + fraction, seconds, nanos }
}

/** `digits` is a decimal number; `decimals` the power of ten of its unit below the second, found by magnitude unless given. */
function fromDigits(digits: string, unit?: number): Time | typeof NO_TIME | undefined {
  if (unit === undefined && digits.length === 19 && digits.charCodeAt(0) !== ZERO) {
    const time = fromNanoseconds(digits)
    if (time !== undefined) return time
  }
  const parts = DIGITS.exec(digits)
  if (!parts) return undefined
  const whole = parts[1]!.replace(/^0+(?=\d)/, '')
  const decimals = unit ?? decimalsOf(whole.length)
  if (parts[2] !== undefined && decimals !== 0) return undefined
  if (whole.length > 19) return undefined
  const split = whole.length - decimals
  const seconds = split > 0 ? Number(whole.slice(0, split)) : 0
  const below = decimals === 0 ? (parts[2] ?? '') : split >= 0 ? whole.slice(split) : whole.padStart(decimals, '0')
  const fraction = below.slice(0, 9).padEnd(9, '0')
  if (seconds === 0 && fraction === '000000000') return NO_TIME
  if (!inRange(seconds)) return undefined
  return { text: `${secondsText(seconds)}${fractionText(fraction)}Z`, seconds, nanos: Number(fraction) }
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):?(\d\d))?$/

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function fromText(text: string): Time | typeof NO_TIME | undefined {
  // Longer than any time: a fraction of this many digits is no measurement.
  if (text.length > 256) return undefined
  const parts = RFC3339.exec(text)
  if (!parts) return undefined
  const year = Number(parts[1])
  const month = Number(parts[2])
  const day = Number(parts[3])
  const hour = Number(parts[4])
  const minute = Number(parts[5])
  const second = Number(parts[6])
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const offset = parts[9] === undefined ? 0 : offsetOf(parts[9], Number(parts[10]), Number(parts[11]))
  if (offset === undefined) return undefined
  const seconds = daysOf(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset
  const digits = parts[7] ?? ''
  const nanos = digits === '' ? 0 : Number(digits.slice(0, 9).padEnd(9, '0'))
  if (nanos === 0 && (seconds === 0 || seconds === GO_ZERO)) return NO_TIME
  if (!inRange(seconds)) return undefined
  const fraction = digits === '' ? '' : `.${digits.slice(0, 9)}`
  const kept = parts[8] === 'Z' && text.charCodeAt(10) === 84 && digits.length <= 9
  return { text: kept ? text : `${secondsText(seconds)}${fraction}Z`, seconds, nanos }
}

function offsetOf(sign: string, hours: number, minutes: number): number | undefined {
  if (hours > 23 || minutes > 59) return undefined
  return (sign === '-' ? -1 : 1) * (hours * 3600 + minutes * 60)
}

function read(value: Json, unit?: number): Time | typeof NO_TIME | undefined {
  if (typeof value === 'number') return fromDigits(String(value), unit)
  if (typeof value !== 'string') return undefined
  const first = value.charCodeAt(4)
  return first === 45 ? fromText(value) : fromDigits(value, unit)
}

// A record's start often is its @timestamp as well: the last two answers are kept.
let recent: Json | undefined
let recentTime: Time | typeof NO_TIME | undefined
let older: Json | undefined
let olderTime: Time | typeof NO_TIME | undefined

/**
 * The time of a field: a number or digit string by its magnitude, or RFC 3339; a time in UTC keeps its characters, others are converted.
 * Computed with integers: nanoseconds survive.
 */
export function timeOf(value: Json): Time | typeof NO_TIME | undefined {
  if (isSame(value, recent)) return recentTime
  if (isSame(value, older)) return olderTime
  const time = read(value)
  older = recent
  olderTime = recentTime
  recent = value
  recentTime = time
  return time
}

/** As `timeOf`, for a field whose numbers are always milliseconds. */
export function timeOfMilliseconds(value: Json): Time | typeof NO_TIME | undefined {
  return read(value, 3)
}

/** Nanoseconds between two times; as a decimal string beyond 2^53-1, undefined when negative. */
export function nanosecondsBetween(start: Time, end: Time): number | string | undefined {
  const seconds = end.seconds - start.seconds
  const nanos = end.nanos - start.nanos
  const total = seconds * 1e9 + nanos
  if (total < 0) return undefined
  return Number.isSafeInteger(total) ? total : String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos))
}
