/**
 * JSON in bytes, checked to the letter of RFC 8259 without building values, in steps: blanks, a text and a number may each be as long as
 * the body.
 */

/** Goes over bytes in parts, then returns; undefined between them, about every PART_BYTES, so that others can have a turn. */
export type Scan<T> = Generator<undefined, T>

/** The body is no JSON, or none of the expected shape. The message goes to the sender. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

export const QUOTE = 0x22
export const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
export const OPEN_ARRAY = 0x5b
export const CLOSE_ARRAY = 0x5d
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d
const ESCAPES = new Set(Buffer.from('"\\/bfnrt'))
const LITERALS = ['true', 'false', 'null'].map(word => Buffer.from(word))
const MAX_DEPTH = 100_000
const PART_BYTES = 256 * 1024

const partOf = (at: number) => Math.floor(at / PART_BYTES)

/** What comes next; the last five are of a value that goes on. */
type Next = 'value' | 'first' | 'name' | 'colon' | 'after' | 'in name' | 'in text' | 'whole' | 'fraction' | 'exponent'

interface Cursor {
  at: number
  next: Next
  /** What closes the arrays and objects around, the innermost last. */
  readonly closers: number[]
}

/**
 * To behind a value. Iterative, so that depth costs no stack.
 *
 * @param before up to where others have had their turn
 */
export function* valueEnd(b: Buffer, start: number, before = start): Scan<number> {
  const cursor: Cursor = { at: start, next: 'value', closers: [] }
  let part = partOf(before)
  for (;;) {
    if (partOf(cursor.at) !== part) {
      part = partOf(cursor.at)
      yield
    }
    if (cursor.next === 'after' && cursor.closers.length === 0) return cursor.at
    step(b, cursor)
  }
}

/** To behind a token, or behind a part of what is longer. */
function step(b: Buffer, cursor: Cursor): void {
  const { at, next } = cursor
  if (next === 'in name' || next === 'in text') string(b, cursor)
  else if (next === 'whole' || next === 'fraction' || next === 'exponent') digits(b, cursor)
  else if (isSpace(b[at])) cursor.at = skipSpace(b, at)
  else if (next === 'value') value(b, cursor)
  else if (next === 'after') after(b, cursor)
  else if (next === 'first') first(b, cursor)
  else {
    if (b[at] !== (next === 'name' ? QUOTE : COLON)) fail(at)
    cursor.at = at + 1
    cursor.next = next === 'name' ? 'in name' : 'value'
  }
}

function value(b: Buffer, cursor: Cursor): void {
  const { at, closers } = cursor
  const opened = b[at]
  if (opened === OPEN_OBJECT || opened === OPEN_ARRAY) {
    closers.push(opened === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_ARRAY)
    cursor.at = at + 1
    cursor.next = 'first'
  } else if (opened === QUOTE) {
    cursor.at = at + 1
    cursor.next = 'in text'
  } else {
    const word = LITERALS.find(literal => opened === literal[0])
    cursor.at = word === undefined ? numberBegin(b, at) : wordEnd(b, at, word)
    cursor.next = word === undefined ? 'whole' : 'after'
  }
}

/** Behind what opens an array or object. */
function first(b: Buffer, cursor: Cursor): void {
  const { at, closers } = cursor
  const closer = closers.at(-1)
  if (b[at] === closer) {
    after(b, cursor)
    return
  }
  if (closers.length > MAX_DEPTH) throw new JsonError(`it is nested deeper than ${MAX_DEPTH}`)
  cursor.next = closer === CLOSE_OBJECT ? 'name' : 'value'
}

/** Behind a value within an array or object. */
function after(b: Buffer, cursor: Cursor): void {
  const { at, closers } = cursor
  const closer = closers.at(-1)
  if (b[at] === closer) {
    closers.pop()
    cursor.next = 'after'
  } else if (b[at] === COMMA) cursor.next = closer === CLOSE_OBJECT ? 'name' : 'value'
  else fail(at)
  cursor.at = at + 1
}

function string(b: Buffer, cursor: Cursor): void {
  const end = stringPart(b, cursor.at)
  cursor.at = Math.abs(end)
  if (end > 0) cursor.next = cursor.next === 'in name' ? 'colon' : 'after'
}

/** From within a string to its end; or, negative, to where it goes on after a part. */
function stringPart(b: Buffer, from: number): number {
  const stop = from + PART_BYTES
  for (let at = from; at < b.length; at++) {
    if (at >= stop) return -at
    const byte = b[at]!
    if (byte === QUOTE) return at + 1
    if (byte < 0x20) fail(at)
    if (byte !== BACKSLASH) continue
    at++
    if (b[at] === 0x75 && isHex(b, at + 1, at + 5)) at += 4
    else if (!ESCAPES.has(b[at] ?? 0)) fail(at)
  }
  return fail(b.length)
}

function isHex(b: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = b[at] ?? 0
    const letter = byte | 0x20
    if (!isDigit(byte) && !(letter >= 0x61 && letter <= 0x66)) return false
  }
  return true
}

const wordEnd = (b: Buffer, at: number, word: Buffer): number =>
  word.equals(b.subarray(at, at + word.length)) ? at + word.length : fail(at)

/** To behind the first digit. */
function numberBegin(b: Buffer, at: number): number {
  const digit = b[at] === 0x2d ? at + 1 : at
  if (!isDigit(b[digit]) || (b[digit] === 0x30 && isDigit(b[digit + 1]))) fail(at)
  return digit + 1
}

/** Goes on with the digits of a number, to behind the first one of its next section. */
function digits(b: Buffer, cursor: Cursor): void {
  const end = skipDigits(b, cursor.at)
  const byte = b[end]
  cursor.at = end
  if (isDigit(byte)) return
  if (cursor.next === 'whole' && byte === 0x2e) {
    cursor.at = digitEnd(b, end + 1)
    cursor.next = 'fraction'
  } else if (cursor.next !== 'exponent' && (byte === 0x65 || byte === 0x45)) {
    const signed = b[end + 1] === 0x2b || b[end + 1] === 0x2d
    cursor.at = digitEnd(b, end + (signed ? 2 : 1))
    cursor.next = 'exponent'
  } else cursor.next = 'after'
}

const digitEnd = (b: Buffer, at: number): number => (isDigit(b[at]) ? at + 1 : fail(at))

const isDigit = (byte: number | undefined) => byte! >= 0x30 && byte! <= 0x39
export const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** At most a part. */
function skipDigits(b: Buffer, at: number): number {
  const stop = at + PART_BYTES
  while (at < stop && isDigit(b[at])) at++
  return at
}

/** At most a part. */
function skipSpace(b: Buffer, at: number): number {
  const stop = at + PART_BYTES
  while (at < stop && isSpace(b[at])) at++
  return at
}

/** To behind blanks. */
export function* spaceEnd(b: Buffer, start: number): Scan<number> {
  let at = skipSpace(b, start)
  while (isSpace(b[at])) {
    yield
    at = skipSpace(b, at)
  }
  return at
}

export function fail(at: number): never {
  throw new JsonError(`it is no JSON at byte ${at}`)
}
