import type { Plan } from '../mapper/compile.ts'
import { isDropped } from '../mapper/keep.ts'
import { isEmpty, textOf } from '../mapper/value.ts'
import type { Joiner } from '../scan/joiner.ts'
import { COMPACT, LEFT_OUT, NESTED, REPLACED, type Scanner } from '../scan/scanner.ts'
import type { ScannedLine } from './line.ts'
import type { Meeting, WatchedMember } from './shape.ts'
import type { Values } from './values.ts'

/**
 * Looks at the members that may come to stand below `cloudflare` in another form than in the line, or not at all, and tells the joiner.
 * It changes the kinds of members, so that nobody can ask for their values afterwards.
 */
export function createVendor({ tokens, special }: Scanner, joiner: Joiner, line: ScannedLine, values: Values) {
  function replace(member: number, json: string): void {
    const [address, length] = values.add(json)
    joiner.replaced[2 * member] = address
    joiner.replaced[2 * member + 1] = length
    tokens[3 * member + 2] = REPLACED
  }

  /** An object or array that is not written as JSON.stringify would. */
  function rewrite(member: number, isWhole: boolean): void {
    const value = line.value(member)
    if (!isWhole && isEmpty(value)) {
      tokens[3 * member + 2] = LEFT_OUT
      return
    }
    const json = JSON.stringify(value)
    if (json !== line.text(tokens[3 * member]!, tokens[3 * member + 1]!)) replace(member, json)
  }

  function watch({ member, isText, drop }: WatchedMember): void {
    const kind = tokens[3 * member + 2]!
    if (kind === COMPACT || kind === NESTED) {
      if (drop !== undefined && isDropped(drop, line.value(member))) tokens[3 * member + 2] = LEFT_OUT
      return
    }
    const value = isText ? line.value(member) : undefined
    const text = typeof value === 'string' ? undefined : textOf(value)
    if (text !== undefined) replace(member, JSON.stringify(text))
  }

  /** Whether it is not written, whatever it holds. */
  function isOut({ kept }: Meeting, member: number): boolean {
    const field = kept[4 * member]!
    return kept[4 * member + 1] === 1 || (field >= 0 && joiner.taken[field] === 1)
  }

  return ({ keep }: Plan, meeting: Meeting): void => {
    const { watched } = meeting
    for (let i = 0; i < watched.length; i++) if (!isOut(meeting, watched[i]!.member)) watch(watched[i]!)
    const count = special[0]!
    for (let i = 1; i <= count; i++) {
      const member = special[i]!
      if (tokens[3 * member + 2] === NESTED && !isOut(meeting, member)) rewrite(member, keep.isAll)
    }
  }
}
