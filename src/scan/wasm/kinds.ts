/** Kinds of values, the same as in ../scanner.ts. */
export const STRING: u32 = 0
export const ESCAPED: u32 = 1
export const EMPTY_STRING: u32 = 2
export const NULL: u32 = 3
export const EMPTY_ARRAY: u32 = 4
export const EMPTY_OBJECT: u32 = 5
export const INTEGER: u32 = 6
export const LARGE: u32 = 7
export const FLOAT: u32 = 8
export const TRUE: u32 = 9
export const NESTED: u32 = 11
export const COMPACT: u32 = 12

/** For event.ts, set by the caller in place of the scanner's: another text is written for it; it is left out. */
export const REPLACED: u32 = 13
export const LEFT_OUT: u32 = 14

/** The kinds of special members, see ../scanner.ts. */
export const SPECIAL: u32 = (1 << ESCAPED) | (1 << LARGE) | (1 << NESTED)
