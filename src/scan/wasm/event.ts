import { OUT_AT, VALUE_BYTES, VALUES_AT } from './layout'
import { CLOSE, COMMA, OPEN } from './line'
import { areTextsClean, copy, OUT_END, putValue } from './text'
import { keptMembers, wholeLine } from './vendor'

/** Of a leaf: slot, or -1 for a constant; depth, depth in common with the leaf before, length of its opening; where that and the constant lie; places in the opening by common depth. */
const LEAF_BYTES: u32 = 32
const DEPTH: usize = 4
const SHARED: usize = 5
const OPENING_LENGTH: usize = 6
const OPENING: usize = 8
const CONSTANT: usize = 12
const CONSTANT_LENGTH: usize = 16
const PLACES: usize = 20

/** Depth of the leaf before the first. */
const NONE: u32 = 7
/** More than what stands between two values takes. */
const BETWEEN_ROOM: u32 = 1024

/**
 * Joins an event of the leaves that have a value, with the braces and names between them.
 *
 * @param leaves where they lie, in the order of the text
 * @param vendor slot of the object that holds the line's members; it has to have a value, of which nothing is used
 * @param isWhole whether that is the line as it is
 * @param length of the line
 * @param texts how many bytes of them there are
 * @returns how many bytes lie at OUT_AT, -1 if they might not fit or a text has a control character
 */
export function joinEvent(
  leaves: u32,
  count: u32,
  vendor: i32,
  isWhole: u32,
  members: u32,
  targets: u32,
  length: u32,
  texts: u32,
): i32 {
  if (!areTextsClean(texts)) return -1
  let to: u32 = OUT_AT
  let depth: u32 = NONE
  let common: u32 = 0
  const end = leaves + count * LEAF_BYTES
  for (let leaf = leaves; leaf < end; leaf += LEAF_BYTES) {
    common = min(common, <u32>load<u8>(leaf, SHARED))
    const slot = load<i32>(leaf)
    const value: u32 = slot >= 0 ? VALUES_AT + slot * VALUE_BYTES : leaf + CONSTANT
    const size = load<i32>(value, 4)
    if (!size) continue
    if (to > OUT_END - BETWEEN_ROOM) return -1
    const begin = to
    if (depth == NONE) store<u8>(to++, OPEN)
    else {
      to = close(to, depth - common)
      store<u8>(to++, COMMA)
    }
    const place: u32 = load<u8>(leaf + common, PLACES)
    to = copy(to, load<u32>(leaf, OPENING) + place, <u32>load<u16>(leaf, OPENING_LENGTH) - place)
    if (slot != vendor) to = putValue(to, load<u32>(value), size)
    else if (isWhole) to = wholeLine(to, length)
    else {
      const inner = to
      to = keptMembers(to, members, targets)
      if (to == inner) {
        to = begin
        continue
      }
    }
    if (!to) return -1
    depth = load<u8>(leaf, DEPTH)
    common = depth
  }
  if (to > OUT_END - BETWEEN_ROOM) return -1
  return close(to, depth + 1) - OUT_AT
}

/** @param count of objects, no more than 8 */
@inline
function close(to: u32, count: u32): u32 {
  store<u64>(to, CLOSE * 0x0101010101010101)
  return to + count
}
