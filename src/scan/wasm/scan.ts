import { isKey, keysEnd, learn, lengthOf } from './keys'
import { SPECIAL } from './kinds'
import { KEY_BYTES, KEYS_AT, LINE_AT, MEMBERS, SPECIAL_AT, TOKEN_BYTES, TOKENS_AT } from './layout'
import { block, byte, CLOSE, COLON, COMMA, nextMark, OPEN, QUOTE, seal } from './line'
import { valueEnd } from './values'

/** What it answers is told in ../scanner.ts, and so is what is plain. */
const ODD: u32 = 0
const PLAIN: u32 = 1
const NEW_KEYS: u32 = 2
const NOT_ASCII: u32 = 4
const BIT_WIDTH: u32 = 3

/**
 * @param length of the line, which lies at LINE_AT and is no longer than LINE_BYTES
 * @returns the answer, and above it the number of members
 */
export function scan(length: u32): u32 {
  seal(length)
  let answer = byte(0) == OPEN ? look(length) : ODD
  if (answer == ODD) return ODD

  let token: u32 = TOKENS_AT
  let key: u32 = KEYS_AT // the one to expect
  let lastKey = keysEnd
  let special: u32 = SPECIAL_AT + 4
  let at: u32 = 1
  let end: u32
  do {
    let value: u32
    if (key < lastKey && isKey(at, key)) {
      value = at + lengthOf(key)
      key += KEY_BYTES
    } else {
      lastKey = 0
      value = keyEnd(at)
      if (!value || token == TOKENS_AT + MEMBERS * TOKEN_BYTES) return ODD
    }
    end = valueEnd(value, token, length)
    if (!end) return ODD
    store<u32>(token, value)
    store<u32>(token, end, 4)
    if ((SPECIAL >> load<u32>(token, 8)) & 1) {
      store<u32>(special, (token - TOKENS_AT) / TOKEN_BYTES)
      special += 4
    }
    token += TOKEN_BYTES
    at = end + 1
  } while (byte(end) == COMMA)
  if (byte(end) != CLOSE || at != length) return ODD

  store<u32>(SPECIAL_AT, (special - SPECIAL_AT) / 4 - 1)
  if (lastKey != key) {
    answer |= NEW_KEYS
    learn(token)
  }
  return answer | (((token - TOKENS_AT) / TOKEN_BYTES) << BIT_WIDTH)
}

/** Looks at all bytes. A control character is odd: in a string it is wrong, elsewhere it is white space at best. */
@inline
function look(length: u32): u32 {
  let least = i8x16.splat(-1)
  let all = i8x16.splat(0)
  for (let at: u32 = 0; at < length; at += 64) {
    const a = block(at)
    const b = block(at + 16)
    const c = block(at + 32)
    const d = block(at + 48)
    least = i8x16.min_u(least, i8x16.min_u(i8x16.min_u(a, b), i8x16.min_u(c, d)))
    all = v128.or(all, v128.or(v128.or(a, b), v128.or(c, d)))
  }
  if (v128.any_true(i8x16.lt_u(least, i8x16.splat(0x20)))) return ODD
  return i8x16.bitmask(all) ? PLAIN | NOT_ASCII : PLAIN
}

/** @returns where the value of the key at `at` begins, 0 if there is no plain key */
function keyEnd(at: u32): u32 {
  if (byte(at) != QUOTE) return 0
  const close = nextMark(at + 1)
  return close > at + 1 && byte(close) == QUOTE && byte(close + 1) == COLON ? close + 2 : 0
}
