import type { Passed } from '../mapper/converter.ts'
import type { State, Step } from '../mapper/state.ts'
import type { Json } from '../mapper/types.ts'
import { EMPTY_STRING, ESCAPED, FALSE, FLOAT, INTEGER, NULL, STRING, TRUE } from '../scan/scanner.ts'

/** What is known of the members of the line that was scanned last. */
export interface Members {
  /** As the scanner has them. */
  readonly tokens: Int32Array
  value(member: number): Json
}

/** A step that hands a member's value on as it is, to slots that nobody else looks at. */
export interface Copy {
  readonly step: Step
  readonly field: number
  readonly member: number
  readonly passes: Passed
  readonly slots: readonly number[]
}

const bits = (...kinds: number[]) => kinds.reduce((set, kind) => set | (1 << kind), 0)
const KINDS: Readonly<Record<Passed, number>> = {
  text: bits(STRING, ESCAPED),
  integer: bits(INTEGER),
  number: bits(INTEGER, FLOAT),
  boolean: bits(TRUE, FALSE),
}
const NOTHING = bits(EMPTY_STRING, NULL)
/** Numbers of a copy: member, kinds that pass, slot, field. */
const SIZE = 4

/**
 * One step in place of many. Where a value is of a kind that passes, no text or number is made of it: the member is noted for the writer. Else
 * the copy's own step decides.
 *
 * @param copied by slot: the member whose bytes are its value, plus one; 0 for none
 */
export function compileCopies(copies: readonly Copy[], { tokens, value }: Members, copied: Uint16Array): Step {
  const entries = copies.flatMap(({ step, field, member, passes, slots }) =>
    slots.map((slot, i) => ({ numbers: [member, KINDS[passes], slot, field], step: i === 0 ? step : undefined })),
  )
  const numbers = Int32Array.from(entries.flatMap(entry => entry.numbers))
  const steps = entries.map(({ step }) => step)

  return (state: State) => {
    for (let i = 0; i < numbers.length; i += SIZE) {
      const member = numbers[i]!
      const kind = 1 << tokens[3 * member + 2]!
      const slot = numbers[i + 2]!
      const field = numbers[i + 3]!
      const isCopied = (kind & numbers[i + 1]!) !== 0
      copied[slot] = isCopied ? member + 1 : 0
      if (isCopied) state.taken[field] = 1
      else if ((kind & NOTHING) === 0) {
        state.inputs[field] = value(member)
        steps[i / SIZE]?.(state)
      }
    }
  }
}
