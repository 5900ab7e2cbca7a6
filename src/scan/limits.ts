/** A longer line, or one of more members, is odd. */
export const LINE_BYTES = 262_144
export const MEMBERS = 1024
