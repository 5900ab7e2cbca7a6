/**
 * Where things lie in the memory, which is fixed. Whole blocks of 16 bytes are read and written: behind each area, up to the next, at
 * least 64 bytes are free.
 */
export const ESCAPES_AT: u32 = 0x1000 // 256 × 16, see text.ts
export const MASK_AT: u32 = 0x2000 // 64, see keys.ts
export const SCRATCH_AT: u32 = 0x2100 // one token
export const INNER_KEYS_AT: u32 = 0x2200 // INNER_KEYS × INNER_KEY_BYTES, see compact.ts
export const TOKENS_AT: u32 = 0x3000 // MEMBERS × TOKEN_BYTES
export const SPECIAL_AT: u32 = 0x6100 // 4 and MEMBERS × 4: how many members are special, and which
export const KEYS_AT: u32 = 0x8000 // MEMBERS × KEY_BYTES
export const LONG_KEYS_AT: u32 = 0x20000 // the keys that are longer than HEAD_BYTES, no more than a line
export const LINE_AT: u32 = 0x62000 // LINE_BYTES
export const TEXTS_AT: u32 = 0xa4000 // 256 KiB for texts that are made for one event
export const VALUES_AT: u32 = 0xe5000 // SLOTS × VALUE_BYTES
export const TAKEN_AT: u32 = 0xe8000 // FIELDS
export const TARGETS_AT: u32 = 0xe9000 // TARGETS × MEMBER_BYTES
export const KEPT_AT: u32 = 0xea000 // MEMBERS × MEMBER_BYTES
export const COPIES_AT: u32 = 0xef000 // COPIES × COPY_BYTES
export const ODD_AT: u32 = 0xf4000 // COPIES × 4
export const ITEMS_AT: u32 = 0x21b000 // ITEMS × VALUE_BYTES: what the lists of an event have
export const REPLACED_AT: u32 = 0xf6000 // MEMBERS × VALUE_BYTES
export const MEMO_AT: u32 = 0xf9000 // SLOTS × MEMO_BYTES: texts that stay, one for each slot
export const CONSTANTS_AT: u32 = 0x11a000 // 1 MiB
export const OUT_AT: u32 = 0x22c000 // OUT_BYTES
export const READS_AT: u32 = 0x42d000 // FIELDS × READ_BYTES, see reads.ts
export const NUMBERS_AT: u32 = 0x430000 // FIELDS × 8

export const OUT_BYTES: u32 = 0x200000
export const MEMBERS: u32 = 1024
export const SLOTS: u32 = 1024
export const FIELDS: u32 = 1024
export const COPIES: u32 = 1024
export const TARGETS: u32 = 64
export const ITEMS: u32 = 8192
export const MEMO_BYTES: u32 = 128

/** Begin, end, kind. */
export const TOKEN_BYTES: u32 = 12

/** Where a key of an inner object begins, and its length. So many keys of open objects are told apart. */
export const INNER_KEYS: u32 = 64
export const INNER_KEY_BYTES: u32 = 8

/** A key's first bytes, its length, and where all of it lies if it is longer. Quotes and colon belong to it. */
export const HEAD_BYTES: u32 = 32
export const KEY_BYTES: u32 = 40

/** Address and length of a text; with a negative length it comes as a JSON string. */
export const VALUE_BYTES: u32 = 8

/** Member, set of kinds, slot, field; see copies.ts. */
export const COPY_BYTES: u32 = 16

/** Member; where its text ends among those that were read. */
export const READ_BYTES: u32 = 8

/** Of a member below the vendor's object: the field that leaves it out when it is taken, flags, address and length of its key; of a target there: its slot in place of the field. */
export const MEMBER_BYTES: u32 = 16
