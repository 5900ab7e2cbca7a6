import type { Plan } from '../mapper/compile.ts'
import { isDropped } from '../mapper/keep.ts'
import type { Json } from '../mapper/types.ts'
import { isEmpty, textOf } from '../mapper/value.ts'
import { COMPACT, EMPTY_ARRAY, EMPTY_OBJECT, EMPTY_STRING, LARGE, NESTED, NULL, type Scanner } from '../scan/scanner.ts'
import type { ScannedLine } from './line.ts'
import { type Ops, SIGNS } from './ops.ts'
import type { KeptMember, Meeting } from './shape.ts'

/**
 * Writes the object below `cloudflare`: members of the line as they are, one run of bytes where they follow each other.
 *
 * @param before called when there is something to write, before the first of it
 * @returns a function that tells whether there was
 */
export function createVendorWriter(
  { state, keep }: Plan,
  { tokens, count }: Scanner,
  line: ScannedLine,
  ops: Ops,
  before: () => void,
): (meeting: Meeting, lineBytes: number) => boolean {
  const startOf = (member: number) => (member === 0 ? 1 : tokens[3 * member - 2]! + 1)

  /** An object or array as JSON has it, where that is not how it is written. */
  function changed(member: number): string | undefined {
    const value = line.value(member)
    const text = JSON.stringify(value)
    const [start, end] = [tokens[3 * member]!, tokens[3 * member + 1]!]
    return text === line.text(start, end) ? undefined : text
  }

  function writeAll(_meeting: Meeting, lineBytes: number): boolean {
    before()
    let copied = 0
    for (const member of line.special) {
      const [start, end] = [tokens[3 * member]!, tokens[3 * member + 1]!]
      const isLarge = tokens[3 * member + 2] === LARGE
      const text = isLarge ? undefined : changed(member)
      if (!isLarge && text === undefined) continue
      ops.line(copied, start)
      if (text === undefined) ops.lineString(start, end)
      else ops.json(text)
      copied = end
    }
    ops.line(copied, lineBytes)
    return true
  }

  function isEmptyKind(kind: number): boolean {
    return kind === EMPTY_STRING || kind === NULL || kind === EMPTY_ARRAY || kind === EMPTY_OBJECT
  }

  function isLeftOut({ unlessTaken, drop }: KeptMember, member: number, kind: number): boolean {
    if (unlessTaken >= 0 && state.taken[unlessTaken] === 1) return true
    if (isEmptyKind(kind) || drop === true) return true
    if (kind === COMPACT) return drop !== undefined && isDropped(drop, line.value(member))
    if (kind !== NESTED) return false
    const value = line.value(member)
    return isEmpty(value) || (drop !== undefined && isDropped(drop, value))
  }

  /** The text in place of the member's own value; undefined where that stays. */
  function otherText({ isText }: KeptMember, member: number, kind: number): string | undefined {
    if (kind === NESTED) return changed(member)
    if (!isText || kind === COMPACT) return undefined
    const value = line.value(member)
    const text = typeof value === 'string' ? undefined : textOf(value)
    return text === undefined ? undefined : JSON.stringify(text)
  }

  // Of the object that is being written. Functions and variables of each call would be made anew for each line.
  let isOpen = false
  /** First byte of a run of members that stay as they are; -1 when there is none. */
  let run = -1
  let runEnd = 0

  function open(): void {
    if (!isOpen) before()
    ops.sign(isOpen ? SIGNS.comma : SIGNS.open)
    isOpen = true
  }

  function endRun(): void {
    if (run >= 0) ops.line(run, runEnd)
    run = -1
  }

  function writeChanged(key: string | undefined, member: number, kind: number, text: string | undefined): void {
    endRun()
    open()
    const [start, end] = [tokens[3 * member]!, tokens[3 * member + 1]!]
    if (key === undefined) ops.line(startOf(member), start)
    else ops.json(key)
    if (text !== undefined) ops.json(text)
    else if (kind === LARGE) ops.lineString(start, end)
    else ops.line(start, end)
  }

  function writeTarget([key, slot]: Meeting['targets'][number]): void {
    const value: Json | undefined = state.values[slot]
    if (value === undefined) return
    open()
    ops.json(key)
    ops.json(JSON.stringify(value))
  }

  function writeSome({ kept, targets }: Meeting, _lineBytes: number): boolean {
    const members = count()
    isOpen = false
    run = -1
    for (let member = 0; member < members; member++) {
      const plan = kept[member]!
      const kind = tokens[3 * member + 2]!
      if (isLeftOut(plan, member, kind)) {
        endRun()
        continue
      }
      const text = kind === NESTED || plan.isText ? otherText(plan, member, kind) : undefined
      if (text !== undefined || plan.key !== undefined || kind === LARGE) writeChanged(plan.key, member, kind, text)
      else {
        if (run < 0) {
          open()
          run = startOf(member)
        }
        runEnd = tokens[3 * member + 1]!
      }
    }
    endRun()
    for (let i = 0; i < targets.length; i++) writeTarget(targets[i]!)
    if (isOpen) ops.sign(SIGNS.close)
    return isOpen
  }

  return keep.isAll ? writeAll : writeSome
}
