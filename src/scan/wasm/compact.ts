import { FLOAT, INTEGER } from './kinds'
import { INNER_KEY_BYTES, INNER_KEYS, INNER_KEYS_AT, SCRATCH_AT } from './layout'
import { block, byte, CLOSE, CLOSE_LIST, COLON, COMMA, FALS_WORD, NULL_WORD, nextMark, OPEN, OPEN_LIST, QUOTE, TRUE_WORD, word, ZERO, MINUS } from './line'
import { MAX_DEPTH } from './nested'
import { numberEnd } from './numbers'

/** Whether some value was found that is not empty: a number, a boolean, a text of at least one character. */
let isFilled: bool = false
/** Behind the keys of the objects that are open. */
let keysEnd: u32 = INNER_KEYS_AT

/**
 * @returns the end of the object or array at `at` if it is compact, see ../scanner.ts; else 0. Nothing is read beyond what `seal` wrote: no
 * byte there goes on with an object or array.
 */
export function compactEnd(at: u32): u32 {
  isFilled = false
  keysEnd = INNER_KEYS_AT
  const end = insideEnd(at, 2)
  return isFilled ? end : 0
}

function insideEnd(at: u32, depth: u32): u32 {
  if (depth > MAX_DEPTH) return 0
  const isObject = byte(at) == OPEN
  const close = isObject ? CLOSE : CLOSE_LIST
  if (byte(at + 1) == close) return at + 2
  const keys = keysEnd
  do {
    at++
    if (isObject) {
      at = keyEnd(at, keys)
      if (!at) return 0
    }
    at = valueEnd(at, depth)
    if (!at) return 0
  } while (byte(at) == COMMA)
  keysEnd = keys
  return byte(at) == close ? at + 1 : 0
}

/** @param keys where the keys of this object begin @returns where its value begins, 0 if the key is unusual or comes twice */
function keyEnd(at: u32, keys: u32): u32 {
  if (byte(at) != QUOTE) return 0
  const close = nextMark(at + 1)
  if (byte(close) != QUOTE || byte(close + 1) != COLON || keysEnd == INNER_KEYS_AT + INNER_KEYS * INNER_KEY_BYTES) return 0
  const length = close - at
  for (let key = keys; key < keysEnd; key += INNER_KEY_BYTES) {
    if (load<u32>(key, 4) == length && isSame(load<u32>(key), at, length)) return 0
  }
  store<u32>(keysEnd, at)
  store<u32>(keysEnd, length, 4)
  keysEnd += INNER_KEY_BYTES
  return close + 2
}

function isSame(a: u32, b: u32, length: u32): bool {
  for (let k: u32 = 0; k < length; k += 16) {
    const others = i8x16.bitmask(i8x16.ne(block(a + k), block(b + k)))
    const rest = length - k
    if (rest >= 16 ? others != 0 : (others & ((1 << rest) - 1)) != 0) return false
  }
  return true
}

function valueEnd(at: u32, depth: u32): u32 {
  const first = byte(at)
  if (first == QUOTE) {
    const close = nextMark(at + 1)
    if (byte(close) != QUOTE) return 0
    if (close > at + 1) isFilled = true
    return close + 1
  }
  if (first == OPEN || first == OPEN_LIST) return insideEnd(at, depth + 1)
  if (first - ZERO < 10 || first == MINUS) {
    const end = numberEnd(at, SCRATCH_AT)
    const kind = load<u32>(SCRATCH_AT, 8)
    if (kind != INTEGER && kind != FLOAT) return 0
    isFilled = true
    return end
  }
  const letters = word(at)
  if (letters == NULL_WORD) return at + 4
  const isFalse = letters == FALS_WORD && byte(at + 4) == 0x65
  if (letters != TRUE_WORD && !isFalse) return 0
  isFilled = true
  return at + 4 + u32(isFalse)
}
