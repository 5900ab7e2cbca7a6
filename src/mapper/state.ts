import type { Passed } from './converter.ts'
import type { Time } from './time.ts'
import type { Json } from './types.ts'

/** One event in the making; used again for the next. */
export interface State {
  /** The record's values, by number of the table's fields. */
  readonly inputs: (Json | undefined)[]
  /** By slot of the layout. */
  readonly values: (Json | undefined)[]
  /** By slot: number of the field whose value it may be as it is, or -1. Sure only while both are the same value. */
  readonly origins: Int16Array
  /** By number of the table's fields: whether a faithful rule took the field, so that it leaves `cloudflare`. Who runs the plan may put another in its place. */
  taken: Uint8Array
  rejected: string[]
  start: Time | undefined
  end: Time | undefined
}

export function createState(slots: number, fields: number): State {
  return {
    inputs: Array(fields).fill(undefined),
    values: Array(slots).fill(undefined),
    origins: new Int16Array(slots).fill(-1),
    taken: new Uint8Array(fields),
    rejected: [],
    start: undefined,
    end: undefined,
  }
}

/** Makes it ready for the next event; the inputs are the caller's. */
export function resetState(state: State): void {
  state.values.fill(undefined)
  state.origins.fill(-1)
  state.taken.fill(0)
  if (state.rejected.length > 0) state.rejected = []
}

/** A part of the way from a record to its event, made once per table. */
export interface Step {
  (state: State): void
  /** Numbers of fields: for a record that has none of them the step does nothing. */
  readonly needs?: readonly number[]
  /** Slots that it may set, where `needs` are the only fields that it reads. */
  readonly sets?: readonly number[]
  /** A value of this kind, of the first of its fields that has one, is what each of its slots gets. */
  readonly passes?: Passed
}

/** A field that a rule reads. */
export interface Source {
  /** As the table writes it; the label of a rejected value. */
  readonly label: string
  /** Number of the field among the table's; -1 for a key below a field, which is never taken. */
  readonly index: number
  /** Number of the field, also where this is a key below it. */
  readonly field: number
  read(inputs: readonly (Json | undefined)[]): Json | undefined
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
