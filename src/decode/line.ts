/** A JSON value as decoded: integers outside ±(2^53-1) are decimal strings, numbers too large for a double their own text. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

export type BadLineCode = 'not_json' | 'not_utf8' | 'not_object' | 'too_long' | 'too_deep'

interface LineBase {
  /** Counted from 0 without blank lines. */
  readonly number: number
  /** The line as received, as text; bytes that are no UTF-8 as U+FFFD. */
  readonly text: string
  /** The line's own time (format `timed`), RFC 3339 UTC. */
  readonly time?: string
}

export interface RecordLine extends LineBase {
  readonly record: JsonObject
}

export interface BadLine extends LineBase {
  readonly bad: { readonly code: BadLineCode /** One sentence with the byte offset. */; readonly message: string }
}

/** A decoded line. The mapper takes this shape. */
export type Line = RecordLine | BadLine
