import { BACKSLASH, block, byte, nextMark, OPEN, QUOTE } from './line'

/** The record itself is the first level, as in ../../decode/record.ts. */
export const MAX_DEPTH: u32 = 32

/** @returns the end of the object or array at `at`, 0 if it is not closed, or it may hold nothing but blanks */
export function nestedEnd(at: u32, length: u32): u32 {
  let depth: u32 = 1
  let objects: u32 = 0 // a bit for each level, the innermost last
  if (byte(at + 1) == 0x20) return 0
  while (at < length) {
    let found = signs(block(at))
    let next = at + 16
    for (; found; found &= found - 1) {
      const sign = at + ctz(found)
      const letter = byte(sign)
      if (letter == QUOTE) {
        next = stringEnd(sign + 1)
        break
      }
      const isObject = (letter >> 5) & 1
      if ((letter | 0x20) == OPEN) {
        if (++depth > MAX_DEPTH) return 0
        objects = (objects << 1) | isObject
      } else {
        if ((objects & 1) != isObject) return 0
        objects >>= 1
        if (--depth == 1) return sign + 1
      }
    }
    at = next
  }
  return 0
}

/** Which of 16 bytes are brackets, braces or quotes. Bit 0x20 tells `{` from `[` and `}` from `]`. */
@inline
function signs(bytes: v128): u32 {
  const folded = v128.or(bytes, i8x16.splat(0x20))
  const brackets = v128.or(i8x16.eq(folded, i8x16.splat(0x7b)), i8x16.eq(folded, i8x16.splat(0x7d)))
  return i8x16.bitmask(v128.or(brackets, i8x16.eq(bytes, i8x16.splat(0x22))))
}

/** @returns the end of the string whose inside begins at `at`, whatever its escapes are */
function stringEnd(at: u32): u32 {
  at = nextMark(at)
  while (byte(at) == BACKSLASH) at = nextMark(at + 2)
  return at + 1
}
