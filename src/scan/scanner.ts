import { SCAN_WASM } from './scan.wasm.ts'
import { compileWasm } from './web-assembly.ts'

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

/** How many ops one `gather` takes at most. */
export const PAIRS = 8192

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
  /** Address of the line's first byte. */
  readonly lineAt: number
  /** @returns address of the text's bytes, which stay as long as the scanner @throws RangeError when their 1 MiB is used up */
  constant(text: string): number
  /** 256 KiB for bytes that the caller computes for one event and names in ops. */
  readonly pool: Uint8Array
  readonly poolAt: number
  /** Pairs: address, length. With a negative length the bytes come as a JSON string: in quotes, with a backslash before each `"` and `\`. */
  readonly ops: Int32Array
  /** Joins what the first `pairs` ops name. @returns how many bytes of `out` that is, -1 if they do not fit */
  gather(pairs: number): number
  /** 2 MiB; good until the next `gather`. */
  readonly out: Buffer
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly TOKENS_AT: Address
  readonly SPECIAL_AT: Address
  readonly LINE_AT: Address
  readonly OPS_AT: Address
  readonly POOL_AT: Address
  readonly CONSTANTS_AT: Address
  readonly OUT_AT: Address
  scan(length: number): number
  gather(pairs: number): number
}

interface Address {
  readonly value: number
}

const POOL_BYTES = 262_144
const CONSTANTS_BYTES = 1_048_576
const OUT_BYTES = 2_097_152

/** The low bits of what the module's `scan` answers; the rest is the number of members. */
const BITS = 7
const BIT_WIDTH = 3

const instantiate = compileWasm<Exports>(Buffer.from(SCAN_WASM, 'base64'))
const encoder = new TextEncoder()

/** Each scanner has a memory of its own, 4 MiB, of which only what was touched is taken. */
export function createScanner(): Scanner {
  const { memory, scan, gather, ...at } = instantiate()
  const bytes = (address: Address, length: number) => new Uint8Array(memory.buffer, address.value, length)
  const room = bytes(at.LINE_AT, LINE_BYTES)
  const constants = bytes(at.CONSTANTS_AT, CONSTANTS_BYTES)
  let constantsEnd = 0
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
    tokens: new Int32Array(memory.buffer, at.TOKENS_AT.value, MEMBERS * 3),
    special: new Int32Array(memory.buffer, at.SPECIAL_AT.value, 1 + MEMBERS),
    lineAt: at.LINE_AT.value,
    constant(text) {
      const { read, written } = encoder.encodeInto(text, constants.subarray(constantsEnd))
      if (read < text.length) throw new RangeError('The scanner has no room for another constant')
      constantsEnd += written
      return at.CONSTANTS_AT.value + constantsEnd - written
    },
    pool: bytes(at.POOL_AT, POOL_BYTES),
    poolAt: at.POOL_AT.value,
    ops: new Int32Array(memory.buffer, at.OPS_AT.value, PAIRS * 2),
    gather(pairs) {
      if (pairs > PAIRS) throw new RangeError(`More than ${PAIRS} pairs`)
      return gather(pairs)
    },
    out: Buffer.from(memory.buffer, at.OUT_AT.value, OUT_BYTES),
  }
}
