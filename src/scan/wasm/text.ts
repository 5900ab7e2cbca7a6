import { ESCAPES_AT, ITEMS, ITEMS_AT, OUT_AT, OUT_BYTES, TEXTS_AT, VALUE_BYTES } from './layout'
import { CLOSE_LIST, COMMA, marks, OPEN_LIST, QUOTE } from './line'

// For each set of eight bytes that are to have a backslash in front: the order of lanes that does it, lane 8 being the backslash.
for (let set: u32 = 0; set < 256; set++) {
  let at: u32 = ESCAPES_AT + set * 16
  for (let lane: u32 = 0; lane < 8; lane++) {
    if ((set >> lane) & 1) store<u8>(at++, 8)
    store<u8>(at++, lane)
  }
}

export const OUT_END: u32 = OUT_AT + OUT_BYTES

/**
 * Writes a text to `to`, which is no further than OUT_END: as it is, or with a negative length as a JSON string, in quotes and with a
 * backslash before each `"` and `\`. @returns the end of it, 0 where it might not fit
 */
export function put(to: u32, from: u32, length: i32): u32 {
  if (length >= 0) {
    if (<u32>length > OUT_END - to) return 0
    return copy(to, from, length)
  }
  const plain: u32 = -length
  if (plain >= (OUT_END - to) / 2) return 0
  store<u8>(to, QUOTE)
  to = escape(to + 1, from, plain)
  store<u8>(to, QUOTE)
  return to + 1
}

/** Writes a value: a text, or a list where it lies among the items, of so many of them. @returns as `put` */
export function putValue(to: u32, from: u32, length: i32): u32 {
  if (from - ITEMS_AT >= ITEMS * VALUE_BYTES) return put(to, from, length)
  const end = from + length * VALUE_BYTES
  let sign: u32 = OPEN_LIST
  for (let item = from; item < end; item += VALUE_BYTES) {
    if (to == OUT_END) return 0
    store<u8>(to, sign)
    sign = COMMA
    to = put(to + 1, load<u32>(item), load<i32>(item, 4))
    if (!to) return 0
  }
  if (to == OUT_END) return 0
  store<u8>(to, CLOSE_LIST)
  return to + 1
}

/** Whether none of the bytes at TEXTS_AT is a control character. */
export function areTextsClean(length: u32): bool {
  let least = i8x16.splat(-1)
  const end = TEXTS_AT + (length & ~15)
  for (let at: u32 = TEXTS_AT; at < end; at += 16) least = i8x16.min_u(least, v128.load(at))
  const behind = i8x16.bitmask(i8x16.lt_u(v128.load(end), i8x16.splat(0x20))) & ((1 << (length & 15)) - 1)
  return !v128.any_true(i8x16.lt_u(least, i8x16.splat(0x20))) && !behind
}

/** Without looking for room. @returns the end of what was written */
@inline
export function copy(to: u32, from: u32, length: u32): u32 {
  v128.store(to, v128.load(from))
  v128.store(to, v128.load(from, 16), 16)
  for (let k: u32 = 32; k < length; k += 32) {
    v128.store(to + k, v128.load(from + k))
    v128.store(to + k, v128.load(from + k, 16), 16)
  }
  return to + length
}

/** Without a branch on what the bytes are, as a line has marks everywhere. @returns the end of what was written */
function escape(to: u32, from: u32, length: u32): u32 {
  const end = from + length
  for (; from + 16 <= end; from += 16) {
    const found = marks(v128.load(from))
    to = spread(to, from, found & 0xff)
    to = spread(to, from + 8, found >> 8)
  }
  const rest = end - from
  const found = marks(v128.load(from)) & ((1 << rest) - 1)
  spread(spread(to, from, found & 0xff), from + 8, found >> 8)
  return to + rest + popcnt(found)
}

/** Writes eight bytes with a backslash before those of `found`. @returns the end of them */
@inline
function spread(to: u32, from: u32, found: u32): u32 {
  const bytes = v128.or(v128.load64_zero(from), i64x2(0, 0x5c))
  v128.store(to, i8x16.swizzle(bytes, v128.load(ESCAPES_AT + found * 16)))
  return to + 8 + popcnt(found)
}
