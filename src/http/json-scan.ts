/**
 * JSON in bytes, checked to the letter of RFC 8259 without building values: a hostile body costs no more memory than itself.
 * What goes over whole values yields undefined about every PART_BYTES, so that others can have a turn.
 */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Member extends Span {
  readonly name: Span
}

/** Goes over bytes in parts, then returns. */
export type Scan<T> = Generator<undefined, T>

/** The body is no JSON, or none of the expected shape. The message goes to the sender. */
export class JsonError extends Error {
  override readonly name = 'JsonError'
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const ESCAPES = new Set(Buffer.from('"\\/bfnrt'))
const LITERALS = ['true', 'false', 'null'].map(word => Buffer.from(word))
const MAX_DEPTH = 100_000
const PART_BYTES = 256 * 1024
/** A character takes at most the six bytes of `\u0061`. */
const MAX_ESCAPED = 6

/** The one value that the bytes hold. @throws JsonError */
export function* document(bytes: Buffer): Scan<Span> {
  const start = skipSpace(bytes, 0)
  const end = yield* valueEnd(bytes, start)
  if (skipSpace(bytes, end) !== bytes.length) fail(end)
  return { start, end }
}

export const isBlank = (bytes: Buffer) => skipSpace(bytes, 0) === bytes.length
export const isArray = (bytes: Buffer, { start }: Span) => bytes[start] === OPEN_ARRAY
export const isObject = (bytes: Buffer, { start }: Span) => bytes[start] === OPEN_OBJECT
export const isString = (bytes: Buffer, { start }: Span) => bytes[start] === QUOTE
export const source = (bytes: Buffer, { start, end }: Span) => bytes.toString('utf8', start, end)

/** The text of a string; undefined for another value. */
export const stringOf = (bytes: Buffer, span: Span): string | undefined =>
  isString(bytes, span) ? JSON.parse(source(bytes, span)) : undefined

/** The text of a string; undefined when it is longer than a text of so many characters can be, however it is escaped. */
export function shortTextOf(bytes: Buffer, { start, end }: Span, maxLength: number): string | undefined {
  if (end - start - 2 > maxLength * MAX_ESCAPED) return undefined
  const inside = bytes.toString('utf8', start + 1, end - 1)
  return inside.includes('\\') ? JSON.parse(`"${inside}"`) : inside
}

/** The elements of an array that was checked before. */
export function* elements(bytes: Buffer, array: Span): Generator<Span | undefined> {
  let before = array.start
  let at = skipSpace(bytes, before + 1)
  while (bytes[at] !== CLOSE_ARRAY) {
    const end = yield* valueEnd(bytes, at, before)
    yield { start: at, end }
    before = end
    at = skipSpace(bytes, end)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
}

/** The members of an object that was checked before, repeated names as often as they are there. */
export function* members(bytes: Buffer, object: Span): Generator<Member | undefined> {
  let before = object.start
  let at = skipSpace(bytes, before + 1)
  while (bytes[at] !== CLOSE_OBJECT) {
    const name = { start: at, end: stringEnd(bytes, at) }
    const start = valueStart(bytes, name.end)
    const end = yield* valueEnd(bytes, start, before)
    yield { name, start, end }
    before = end
    at = skipSpace(bytes, end)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
}

const partOf = (at: number) => Math.floor(at / PART_BYTES)

/**
 * Iterative, so that depth costs no stack.
 *
 * @param before up to where others have had their turn
 */
function* valueEnd(b: Buffer, start: number, before = start): Scan<number> {
  const closers: number[] = []
  let at = start
  let part = partOf(before)
  for (;;) {
    if (partOf(at) !== part) {
      part = partOf(at)
      yield
    }
    const opened = b[at]
    const closer = opened === OPEN_OBJECT ? CLOSE_OBJECT : opened === OPEN_ARRAY ? CLOSE_ARRAY : 0
    const inside = closer === 0 ? at : skipSpace(b, at + 1)
    if (closer !== 0 && b[inside] !== closer) {
      if (closers.push(closer) > MAX_DEPTH) throw new JsonError(`it is nested deeper than ${MAX_DEPTH}`)
      at = closer === CLOSE_OBJECT ? memberStart(b, inside) : inside
      continue
    }
    if (closer !== 0) at = inside + 1
    else if (opened !== QUOTE) at = scalarEnd(b, at)
    else for (at = stringPart(b, at + 1); at < 0; at = stringPart(b, -at)) yield

    for (;;) {
      const around = closers.at(-1)
      if (around === undefined) {
        if (partOf(at) !== part) yield
        return at
      }
      at = skipSpace(b, at)
      if (b[at] === COMMA) {
        at = skipSpace(b, at + 1)
        if (around === CLOSE_OBJECT) at = memberStart(b, at)
        break
      }
      if (b[at] !== around) fail(at)
      closers.pop()
      at++
    }
  }
}

/** From a member's name to where its value begins. */
function memberStart(b: Buffer, at: number): number {
  if (b[at] !== QUOTE) fail(at)
  return valueStart(b, stringEnd(b, at))
}

function valueStart(b: Buffer, nameEnd: number): number {
  const colon = skipSpace(b, nameEnd)
  if (b[colon] !== COLON) fail(colon)
  return skipSpace(b, colon + 1)
}

function stringEnd(b: Buffer, start: number): number {
  let at = stringPart(b, start + 1)
  while (at < 0) at = stringPart(b, -at)
  return at
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
    if (!(byte >= 0x30 && byte <= 0x39) && !(letter >= 0x61 && letter <= 0x66)) return false
  }
  return true
}

function scalarEnd(b: Buffer, at: number): number {
  const word = LITERALS.find(literal => b[at] === literal[0])
  if (word !== undefined) return word.equals(b.subarray(at, at + word.length)) ? at + word.length : fail(at)
  let end = b[at] === 0x2d ? at + 1 : at
  const whole = skipDigits(b, end)
  if (whole === end || (b[end] === 0x30 && whole > end + 1)) fail(at)
  end = whole
  if (b[end] === 0x2e) end = someDigits(b, end + 1)
  if (b[end] === 0x65 || b[end] === 0x45) {
    const signed = b[end + 1] === 0x2b || b[end + 1] === 0x2d
    end = someDigits(b, end + (signed ? 2 : 1))
  }
  return end
}

function someDigits(b: Buffer, at: number): number {
  const end = skipDigits(b, at)
  return end > at ? end : fail(at)
}

function skipDigits(b: Buffer, at: number): number {
  while (b[at]! >= 0x30 && b[at]! <= 0x39) at++
  return at
}

function skipSpace(b: Buffer, at: number): number {
  while (b[at] === 0x20 || b[at] === 0x0a || b[at] === 0x0d || b[at] === 0x09) at++
  return at
}

function fail(at: number): never {
  throw new JsonError(`it is no JSON at byte ${at}`)
}
