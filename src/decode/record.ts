import { isDigit, quoteLargeNumbers } from './json-text.ts'

import type { JsonObject } from './line.ts'

/** An object or array in the record counts one level more than where it lies; the record itself is level 1. */
export const MAX_DEPTH = 32

const TOO_DEEP = -1
const NESTED = -2

/** What a record needs beyond JSON.parse; also the number of its own members that are too large for a double. */
type Survey = number

/**
 * Parses a line's text. Integers written in digits alone outside ±(2^53-1), at any depth, come out as strings with every digit, and
 * numbers too large for a double as their own text.
 *
 * @throws SyntaxError where the text is no JSON
 * @returns the value that is no object as it is; `too_deep` where objects or arrays lie deeper than MAX_DEPTH
 */
export function parseRecord(text: string): { record: JsonObject } | 'not_object' | 'too_deep' {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not_object'
  const record = value as JsonObject
  const survey = surveyOf(record)
  if (survey === 0) return { record }
  if (survey === TOO_DEEP) return 'too_deep'
  if (survey !== NESTED && restoreDigits(record, text, survey)) return { record }
  return { record: JSON.parse(quoteLargeNumbers(text)) as JsonObject }
}

function surveyOf(record: JsonObject): Survey {
  let large = 0
  let nested = 0
  for (const key in record) {
    const value = record[key]
    if (typeof value === 'number') {
      if (isLarge(value)) large++
    } else if (typeof value === 'object' && value !== null) {
      const found = surveyNested(value, 2)
      if (found === TOO_DEEP) return TOO_DEEP
      nested += found
    }
  }
  return nested === 0 ? large : NESTED
}

function surveyNested(value: object, depth: number): Survey {
  if (depth > MAX_DEPTH) return TOO_DEEP
  let large = 0
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof item === 'number') {
      if (isLarge(item)) large++
    } else if (typeof item === 'object' && item !== null) {
      const found = surveyNested(item, depth + 1)
      if (found === TOO_DEEP) return TOO_DEEP
      large += found
    }
  }
  return large
}

const isLarge = (value: number): boolean => value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER

/** The least number that is too large for a double has so many digits. */
const LONG = 16

/**
 * The quick way for what unixnano timestamps look like: `"Key":1506702504433000200,`. Puts the digits into the record and tells
 * whether all was certain; if not, the record is unusable and the whole text has to be gone through.
 *
 * A run of digits behind a word character, `":` and perhaps a minus, before a comma, a brace or white space, is a number: the
 * quote closes a string, as a word character stands before it, and a string before a colon is a key. It is the member's last
 * value if each other run of 16 digits in the text belongs to another member of the record itself, and if no other number is
 * too large.
 */
function restoreDigits(record: JsonObject, text: string, large: number): boolean {
  let restored = 0
  // Each run of LONG digits has one at one of the places looked at.
  for (let at = LONG - 1; at < text.length; at += LONG) {
    if (!isDigit(text.charCodeAt(at))) continue
    let start = at
    while (isDigit(text.charCodeAt(start - 1))) start--
    let end = at + 1
    while (isDigit(text.charCodeAt(end))) end++
    at = end
    if (end - start < LONG) continue
    if (text.charCodeAt(start - 1) === 0x2d) start--
    const key = keyBefore(text, start)
    const digits = text.slice(start, end)
    const value = key === undefined ? undefined : record[key]
    if (key === undefined || value !== Number(digits) || !endsNumber(text.charCodeAt(end))) return false
    if (Number.isSafeInteger(value)) continue
    record[key] = digits
    restored++
  }
  return restored === large
}

/** The key of the member whose value begins at `start`, if it is plainly written. */
function keyBefore(text: string, start: number): string | undefined {
  const close = start - 2
  if (text.charCodeAt(close + 1) !== 0x3a || text.charCodeAt(close) !== 0x22 || !isWord(text.charCodeAt(close - 1)))
    return undefined
  const open = text.lastIndexOf('"', close - 1)
  const key = text.slice(open + 1, close)
  return text.charCodeAt(open - 1) === 0x5c || key.includes('\\') ? undefined : key
}

function endsNumber(code: number): boolean {
  return code === 0x2c || code === 0x7d || code === 0x5d || code <= 0x20
}

function isWord(code: number): boolean {
  return (
    isDigit(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f || code === 0x2d
  )
}
