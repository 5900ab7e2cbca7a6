import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COMMA,
  fail,
  isSpace,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  type Scan,
  spaceEnd,
  valueEnd,
} from './json-value.ts'

/** A place in the bytes of a body: a hostile body costs no more memory than itself. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Member extends Span {
  readonly name: Span
}

/** A character takes at most the six bytes of `\u0061`. */
const MAX_ESCAPED = 6

/** The one value that the bytes hold. @throws JsonError */
export function* document(bytes: Buffer): Scan<Span> {
  const start = yield* spaceEnd(bytes, 0)
  const end = yield* valueEnd(bytes, start)
  const rest = yield* spaceEnd(bytes, end)
  if (rest !== bytes.length) fail(rest)
  return { start, end }
}

export function* isBlank(bytes: Buffer): Scan<boolean> {
  return (yield* spaceEnd(bytes, 0)) === bytes.length
}

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
  let at = before + 1
  for (;;) {
    if (isSpace(bytes[at])) at = yield* spaceEnd(bytes, at)
    if (bytes[at] === CLOSE_ARRAY) return
    if (bytes[at] === COMMA) at++
    else {
      const end = yield* valueEnd(bytes, at, before)
      yield { start: at, end }
      before = at = end
    }
  }
}

/** The members of an object that was checked before, repeated names as often as they are there. */
export function* members(bytes: Buffer, object: Span): Generator<Member | undefined> {
  let before = object.start
  let at = before + 1
  for (;;) {
    if (isSpace(bytes[at])) at = yield* spaceEnd(bytes, at)
    if (bytes[at] === CLOSE_OBJECT) return
    if (bytes[at] === COMMA) at++
    else {
      const name = { start: at, end: yield* valueEnd(bytes, at, before) }
      const colon = isSpace(bytes[name.end]) ? yield* spaceEnd(bytes, name.end) : name.end
      const start = isSpace(bytes[colon + 1]) ? yield* spaceEnd(bytes, colon + 1) : colon + 1
      const end = yield* valueEnd(bytes, start, name.end)
      yield { name, start, end }
      before = at = end
    }
  }
}
