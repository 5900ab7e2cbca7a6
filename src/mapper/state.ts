import type { Time } from './time.ts'
import type { Json, JsonObject } from './types.ts'

/** One event in the making; used again for the next. */
export interface State {
  record: JsonObject
  /** By slot of the layout. */
  values: (Json | undefined)[]
  /** By number of the table's fields: whether a faithful rule took the field, so that it leaves `cloudflare`. */
  readonly taken: Uint8Array
  rejected: string[]
  start: Time | undefined
  end: Time | undefined
}

/** A part of the way from a record to its event, made once per table. */
export type Step = (state: State) => void

/** A field that a rule reads. */
export interface Source {
  /** As the table writes it; the label of a rejected value. */
  readonly label: string
  /** Number of the field among the table's; -1 for a key below a field, which is never taken. */
  readonly index: number
  read(record: JsonObject): Json | undefined
}

export function reject(state: State, label: string): void {
  if (!state.rejected.includes(label)) state.rejected.push(label)
}

/** Adds to an array target. The caller removes repeats when all have come. */
export function collect(state: State, slot: number, value: Json): void {
  const present = state.values[slot]
  const items = Array.isArray(value) ? value : [value]
  if (!Array.isArray(present)) state.values[slot] = items.slice()
  else for (const item of items) present.push(item)
}
