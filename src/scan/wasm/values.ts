import { compactEnd } from './compact'
import { COMPACT, EMPTY_ARRAY, EMPTY_OBJECT, EMPTY_STRING, ESCAPED, NESTED, NULL, STRING, TRUE } from './kinds'
import { BACKSLASH, block, byte, FALS_WORD, marks, NULL_WORD, nextMark, OPEN, OPEN_LIST, QUOTE, TRUE_WORD, word, ZERO, MINUS } from './line'
import { nestedEnd } from './nested'
import { numberEnd } from './numbers'

/** Puts the value's kind into its token. @returns its end, 0 if it is odd */
@inline
export function valueEnd(at: u32, token: u32, length: u32): u32 {
  const first = byte(at)
  if (first == QUOTE) return stringEnd(at, token)
  if (first - ZERO < 10 || first == MINUS) return numberEnd(at, token)
  return otherEnd(at, token, length)
}

@inline
function stringEnd(at: u32, token: u32): u32 {
  const found = marks(block(at)) & 0xfffe
  const mark = found ? at + ctz(found) : nextMark(at + 16)
  if (byte(mark) == BACKSLASH) {
    store<u32>(token, ESCAPED, 8)
    return escapedEnd(mark)
  }
  store<u32>(token, mark - at == 1 ? EMPTY_STRING : STRING, 8)
  return mark + 1
}

/** Letters behind a backslash: \ b f n r t, counted from 0x40. */
const LETTERS: u64 = (1 << 28) | (1 << 34) | (1 << 38) | (1 << 46) | (1 << 50) | (1 << 52)

/** @returns the end of a string with a backslash at `at`, 0 if an escape is none of JSON's */
function escapedEnd(at: u32): u32 {
  while (byte(at) == BACKSLASH) {
    const letter = byte(at + 1)
    if (letter == 0x75) {
      if (!(isHex(at + 2) && isHex(at + 3) && isHex(at + 4) && isHex(at + 5))) return 0
      at = nextMark(at + 6)
    } else {
      const index = letter - 0x40
      if (letter != QUOTE && letter != 0x2f && (index >= 0x40 || !((LETTERS >> index) & 1))) return 0
      at = nextMark(at + 2)
    }
  }
  return at + 1
}

function isHex(at: u32): bool {
  const letter = byte(at)
  return letter - ZERO < 10 || (letter | 0x20) - 0x61 < 6
}

/** Both booleans without a branch, as they come in any order. */
@inline
function otherEnd(at: u32, token: u32, length: u32): u32 {
  const letters = word(at)
  const isFalse = u32(letters == FALS_WORD) & u32(byte(at + 4) == 0x65)
  if (u32(letters == TRUE_WORD) | isFalse) {
    store<u32>(token, TRUE + isFalse, 8)
    return at + 4 + isFalse
  }
  if (letters == NULL_WORD) {
    store<u32>(token, NULL, 8)
    return at + 4
  }
  const pair = letters & 0xffff
  if (pair == 0x7d7b || pair == 0x5d5b) {
    store<u32>(token, pair == 0x7d7b ? EMPTY_OBJECT : EMPTY_ARRAY, 8)
    return at + 2
  }
  if (byte(at) != OPEN && byte(at) != OPEN_LIST) return 0
  const end = compactEnd(at)
  if (end) {
    store<u32>(token, COMPACT, 8)
    return end
  }
  store<u32>(token, NESTED, 8)
  return nestedEnd(at, length)
}
