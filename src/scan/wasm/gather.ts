import { ESCAPES_AT, OPS_AT, OUT_AT, OUT_BYTES } from './layout'
import { BACKSLASH, marks, QUOTE } from './line'

// For each set of eight bytes that are to have a backslash in front: the order of lanes that does it, lane 8 being the backslash.
for (let set: u32 = 0; set < 256; set++) {
  let at: u32 = ESCAPES_AT + set * 16
  for (let lane: u32 = 0; lane < 8; lane++) {
    if ((set >> lane) & 1) store<u8>(at++, 8)
    store<u8>(at++, lane)
  }
}

/** Joins what the first `pairs` ops name. @returns how many bytes lie at OUT_AT, or -1 if they do not fit */
export function gather(pairs: u32): i32 {
  let to: u32 = OUT_AT
  const opsEnd: u32 = OPS_AT + pairs * 8
  for (let op: u32 = OPS_AT; op < opsEnd; op += 8) {
    const from = load<u32>(op)
    const length = load<i32>(op, 4)
    const room: u32 = OUT_AT + OUT_BYTES - to
    if (length >= 0) {
      if (<u32>length > room) return -1
      copy(to, from, length)
      to += length
    } else {
      const plain: u32 = -length
      if (plain + 2 > room / 2 && (plain > room || escapedLength(from, plain) + 2 > room)) return -1
      store<u8>(to, QUOTE)
      to = escape(to + 1, from, plain)
      store<u8>(to++, QUOTE)
    }
  }
  return to - OUT_AT
}

@inline
function copy(to: u32, from: u32, length: u32): void {
  v128.store(to, v128.load(from))
  v128.store(to, v128.load(from, 16), 16)
  for (let k: u32 = 32; k < length; k += 32) {
    v128.store(to + k, v128.load(from + k))
    v128.store(to + k, v128.load(from + k, 16), 16)
  }
}

function escapedLength(from: u32, length: u32): u32 {
  let all = length
  for (const end = from + length; from < end; from++) {
    const letter: u32 = load<u8>(from)
    all += u32(letter == QUOTE) + u32(letter == BACKSLASH)
  }
  return all
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
