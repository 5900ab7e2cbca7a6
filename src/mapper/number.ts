import type { Json } from './types.ts'

/** Numbers and booleans, as they are or in a text. */

const INTEGER = /^-?\d{1,17}$/

export function integerOf(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (typeof value !== 'string' || !INTEGER.test(value)) return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number + 0 : undefined
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/
const [MINUS, POINT, ZERO] = [45, 46, 48]
/** So many digits are exact as an integer, and its quotient by a power of ten is the number nearest to the decimal. */
const EXACT_DIGITS = 15
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power)

/** What most decimals are, without a pattern: a minus perhaps, digits, a point perhaps. NaN for all else, which may be a number too. */
function shortDecimal(text: string): number {
  const start = text.charCodeAt(0) === MINUS ? 1 : 0
  let point = -1
  let number = 0
  if (text.length - start > EXACT_DIGITS) return Number.NaN
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === POINT && point < 0 && i > start) point = i
    else if (code >= ZERO && code < ZERO + 10) number = number * 10 + (code - ZERO)
    else return Number.NaN
  }
  if (text.length === start) return Number.NaN
  if (point >= 0) number /= POWERS[text.length - point - 1]!
  return start === 1 ? -number : number
}

export function numberOf(value: Json | undefined): number | undefined {
  let number = Number.NaN
  if (typeof value === 'number') number = value
  else if (typeof value === 'string') {
    number = shortDecimal(value)
    if (Number.isNaN(number) && value.length <= 400 && NUMBER.test(value)) number = Number(value)
  }
  return Number.isFinite(number) ? number : undefined
}

export function booleanOf(value: Json | undefined): boolean | undefined {
  if (value === true || value === 'true') return true
  return value === false || value === 'false' ? false : undefined
}
