import { LINE_AT } from './layout'

/** Positions in the line are relative to its begin. */

export const QUOTE: u32 = 0x22
export const BACKSLASH: u32 = 0x5c
export const MINUS: u32 = 0x2d
export const ZERO: u32 = 0x30
export const COMMA: u32 = 0x2c
export const COLON: u32 = 0x3a
export const OPEN: u32 = 0x7b
export const CLOSE: u32 = 0x7d
export const OPEN_LIST: u32 = 0x5b
export const CLOSE_LIST: u32 = 0x5d

@inline
export function byte(at: u32): u32 {
  return load<u8>(at, LINE_AT)
}

/** `true`, `null` and the beginning of `false`, as `word` has them. */
export const TRUE_WORD: u32 = 0x65757274
export const NULL_WORD: u32 = 0x6c6c756e
export const FALS_WORD: u32 = 0x736c6166

/** Four bytes, the first one lowest. */
@inline
export function word(at: u32): u32 {
  return load<u32>(at, LINE_AT)
}

@inline
export function block(at: u32): v128 {
  return v128.load(at, LINE_AT)
}

/**
 * What stands behind the line, so that nothing has to be compared to its length: two quotes end each string, the second one where the
 * first is taken for an escaped one; the blanks are no part of a number and neither colon, comma nor brace, so that what was read
 * beyond the end is odd.
 */
export function seal(length: u32): void {
  const blanks = i8x16.splat(0x20)
  v128.store(length, i8x16.replace_lane(i8x16.replace_lane(blanks, 0, 0x22), 1, 0x22), LINE_AT)
  v128.store(length, blanks, LINE_AT + 16)
  v128.store(length, blanks, LINE_AT + 32)
  v128.store(length, blanks, LINE_AT + 48)
}

/** Which of 16 bytes are `"` or `\`, a bit for each. */
@inline
export function marks(bytes: v128): u32 {
  return i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))))
}

/** The next `"` or `\`, at `at` or behind it. */
export function nextMark(at: u32): u32 {
  let found = marks(block(at))
  while (!found) {
    at += 16
    found = marks(block(at))
  }
  return at + ctz(found)
}
