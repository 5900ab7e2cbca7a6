import { createModule, type ScanModule } from './module.ts'

/** What `scan` answers: ODD, or PLAIN with the bits that apply. */
export const ODD = 0
export const PLAIN = 1
/** The keys (names, order or number) are not those of the last line that was plain. */
export const NEW_KEYS = 2
/** Some byte is above 0x7f: whether the line is UTF-8 was not looked at. */
export const NOT_ASCII = 4

/** Kinds of values. A string without backslash, not empty. */
export const STRING = 0
/** A string with at least one backslash; each escape is one that JSON has. */
export const ESCAPED = 1
export const EMPTY_STRING = 2
export const NULL = 3
/** `[]` and `{}`, written without white space. */
export const EMPTY_ARRAY = 4
export const EMPTY_OBJECT = 5
/** A safe integer, |n| <= 2^53-1, as JSON.stringify would write it. */
export const INTEGER = 6
/** An integer outside of that: digits, perhaps behind a minus, the first no zero. */
export const LARGE = 7
/** Digits, a point, digits; no exponent, at most 17 digits in all, no negative zero. Perhaps with zeros at its end. */
export const FLOAT = 8
export const TRUE = 9
export const FALSE = 10
/** An object or array that is not COMPACT, with something in it: only strings and brackets were looked at, so that its extent is right if it parses. */
export const NESTED = 11
/**
 * An object or array that JSON.parse takes and whose bytes may be written as they are: no white space, no escapes, numbers that are INTEGER or
 * FLOAT, no key twice in an object; and some value in it is not empty. No more than 64 keys of objects that lie in each other.
 */
export const COMPACT = 12

/** A longer line, or one of more members, is odd. */
export const LINE_BYTES = 262_144
export const MEMBERS = 1024

/** Not the scanner's: what the caller may make of a member's kind before its event is joined. Another text is written; it is left out. */
export const REPLACED = 13
export const LEFT_OUT = 14

export interface Scanner {
  /**
   * Takes the bytes of a line, without its LF. Plain is a record `{"key":value,…}` of at least one member and no white space outside
   * strings, with keys that are not empty and have no escapes (but may come twice), values of the kinds above, and nothing behind the
   * closing brace. All else is odd: broken text, but also sound text that is unusual. Never throws; tokens of an odd line mean nothing.
   * An odd line does not change the keys that the next one is compared to.
   */
  scan(line: Uint8Array): number
  /** Members of the line scanned last, if it was plain. */
  count(): number
  /**
   * Three numbers a member: index in the line of the value's first byte, index behind its last (strings with their quotes), kind.
   * The key of a member begins, with its quote, one byte behind the end of the value before, the first at index 1, and ends with its
   * quote and a colon where its value begins.
   */
  readonly tokens: Int32Array
  /** How many members of the line scanned last are ESCAPED, LARGE or NESTED, and their numbers. */
  readonly special: Int32Array
}

/** The low bits of what the module's `scan` answers; the rest is the number of members. */
const BITS = 7
const BIT_WIDTH = 3

export function createScanner({ at, scan, bytes, numbers }: ScanModule = createModule()): Scanner {
  const room = bytes(at.LINE_AT, LINE_BYTES)
  let members = 0
  return {
    scan(line) {
      if (line.length > LINE_BYTES) return ODD
      room.set(line)
      const answer = scan(line.length)
      members = answer >> BIT_WIDTH
      return answer & BITS
    },
    count: () => members,
    tokens: numbers(at.TOKENS_AT, MEMBERS * 3),
    special: numbers(at.SPECIAL_AT, 1 + MEMBERS),
  }
}
