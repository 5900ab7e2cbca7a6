import type { Passed } from '../mapper/converter.ts'
import type { State, Step } from '../mapper/state.ts'
import type { Json } from '../mapper/types.ts'
import type { Joiner } from '../scan/joiner.ts'
import { ESCAPED, FALSE, FLOAT, INTEGER, STRING, TRUE } from '../scan/scanner.ts'

/** A step that hands a member's value on as it is, to slots that nobody else looks at. */
export interface Copy {
  readonly step: Step
  readonly field: number
  readonly member: number
  readonly passes: Passed
  readonly slots: readonly number[]
}

/** Many copies as one step: where a value is of a kind that passes, no text or number is made of it. */
export interface Copying {
  /** What it needs in `joiner.copies`. */
  readonly rows: Int32Array
  /** Where a value does not pass, the copy's own step decides. */
  readonly step: Step
  /** Slots that were left to the copies' own steps, for the last event. */
  odd(): readonly number[]
}

const bits = (...kinds: number[]) => kinds.reduce((set, kind) => set | (1 << kind), 0)
const KINDS: Readonly<Record<Passed, number>> = {
  text: bits(STRING, ESCAPED),
  integer: bits(INTEGER),
  number: bits(INTEGER, FLOAT),
  boolean: bits(TRUE, FALSE),
}

export function compileCopies(copies: readonly Copy[], joiner: Joiner, value: (member: number) => Json): Copying {
  const entries = copies.flatMap(({ step, field, member, passes, slots }) =>
    slots.map((slot, i) => ({ field, member, passes, slot, step: i === 0 ? step : undefined })),
  )
  const NONE: readonly number[] = []
  let odd = NONE

  function decide(state: State, count: number): number[] {
    return Array.from(joiner.odd.subarray(0, count), number => {
      const { field, member, slot, step } = entries[number]!
      state.inputs[field] = value(member)
      step?.(state)
      return slot
    })
  }

  return {
    rows: Int32Array.from(entries.flatMap(({ member, passes, slot, field }) => [member, KINDS[passes], slot, field])),
    step: state => {
      const count = joiner.copyMembers(entries.length)
      odd = count === 0 ? NONE : decide(state, count)
    },
    odd: () => odd,
  }
}
