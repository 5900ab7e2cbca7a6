/**
 * Where things lie in the memory, which is fixed. Whole blocks of 16 bytes are read and written: behind each area, up to the next, at
 * least 64 bytes are free.
 */
export const ESCAPES_AT: u32 = 0x1000 // 256 × 16, see gather.ts
export const MASK_AT: u32 = 0x2000 // 64, see keys.ts
export const SCRATCH_AT: u32 = 0x2100 // one token
export const INNER_KEYS_AT: u32 = 0x2200 // INNER_KEYS × INNER_KEY_BYTES, see compact.ts
export const TOKENS_AT: u32 = 0x3000 // MEMBERS × TOKEN_BYTES
export const SPECIAL_AT: u32 = 0x6100 // 4 and MEMBERS × 4: how many members are special, and which
export const KEYS_AT: u32 = 0x8000 // MEMBERS × KEY_BYTES
export const LONG_KEYS_AT: u32 = 0x20000 // the keys that are longer than HEAD_BYTES, no more than a line
export const LINE_AT: u32 = 0x62000 // LINE_BYTES
export const OPS_AT: u32 = 0xa4000 // 64 KiB
export const POOL_AT: u32 = 0xb5000 // 256 KiB
export const CONSTANTS_AT: u32 = 0xf6000 // 1 MiB
export const OUT_AT: u32 = 0x1f8000 // OUT_BYTES

export const OUT_BYTES: u32 = 0x200000
export const MEMBERS: u32 = 1024

/** Begin, end, kind. */
export const TOKEN_BYTES: u32 = 12

/** Where a key of an inner object begins, and its length. So many keys of open objects are told apart. */
export const INNER_KEYS: u32 = 64
export const INNER_KEY_BYTES: u32 = 8

/** A key's first bytes, its length, and where all of it lies if it is longer. Quotes and colon belong to it. */
export const HEAD_BYTES: u32 = 32
export const KEY_BYTES: u32 = 40
