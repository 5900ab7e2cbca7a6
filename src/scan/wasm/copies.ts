import { EMPTY_STRING, NULL } from './kinds'
import { COPIES_AT, COPY_BYTES, LINE_AT, ODD_AT, TAKEN_AT, TOKEN_BYTES, TOKENS_AT, VALUE_BYTES, VALUES_AT } from './layout'

const NOTHING: u32 = (1 << EMPTY_STRING) | (1 << NULL)

/**
 * Does the first `count` copies: where a member is of one of the copy's kinds its bytes become the slot's value, and its field is taken. Else
 * the slot has none, and the copy is odd, unless the member has nothing.
 *
 * @returns how many are odd; their numbers lie at ODD_AT
 */
export function copyMembers(count: u32): u32 {
  let odd: u32 = ODD_AT
  for (let number: u32 = 0; number < count; number++) {
    const entry: u32 = COPIES_AT + number * COPY_BYTES
    const token: u32 = TOKENS_AT + load<u32>(entry) * TOKEN_BYTES
    const value: u32 = VALUES_AT + load<u32>(entry, 8) * VALUE_BYTES
    const kind = load<u32>(token, 8)
    if ((load<u32>(entry, 4) >> kind) & 1) {
      const start = load<u32>(token)
      store<u32>(value, LINE_AT + start)
      store<u32>(value, load<u32>(token, 4) - start, 4)
      store<u8>(TAKEN_AT + load<u32>(entry, 12), 1)
    } else {
      store<u32>(value, 0, 4)
      if ((NOTHING >> kind) & 1) continue
      store<u32>(odd, number)
      odd += 4
    }
  }
  return (odd - ODD_AT) / 4
}
