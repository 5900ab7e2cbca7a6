import { FLOAT, INTEGER, LARGE, STRING } from './kinds'
import { LINE_AT, NUMBERS_AT, READ_BYTES, READS_AT, TEXTS_AT, TOKEN_BYTES, TOKENS_AT } from './layout'
import { byte, MINUS, ZERO } from './line'
import { copy } from './text'

const TEXTS: u32 = (1 << STRING) | (1 << LARGE) | (1 << FLOAT)

/**
 * Reads the first `count` members of READS_AT: texts, without quotes, and decimals lie one behind the other at TEXTS_AT, integers as doubles
 * at NUMBERS_AT. @returns how many bytes of texts there are, which are fewer than the line's
 */
export function readMembers(count: u32): u32 {
  let to: u32 = TEXTS_AT
  for (let number: u32 = 0; number < count; number++) {
    const read: u32 = READS_AT + number * READ_BYTES
    const token: u32 = TOKENS_AT + load<u32>(read) * TOKEN_BYTES
    const kind = load<u32>(token, 8)
    const start = load<u32>(token)
    const end = load<u32>(token, 4)
    if ((TEXTS >> kind) & 1) {
      const quote = u32(kind == STRING)
      to = copy(to, LINE_AT + start + quote, end - start - 2 * quote)
    } else if (kind == INTEGER) store<f64>(NUMBERS_AT + number * 8, integer(start, end))
    store<u32>(read, to - TEXTS_AT, 4)
  }
  return to - TEXTS_AT
}

/** Exact: no more than 2^53-1 is given here. */
@inline
function integer(start: u32, end: u32): f64 {
  const isNegative = byte(start) == MINUS
  let number: u64 = 0
  for (let at = start + u32(isNegative); at < end; at++) number = number * 10 + (byte(at) - ZERO)
  return isNegative ? -<f64>number : <f64>number
}
