import type { Plan } from '../mapper/compile.ts'
import type { Json } from '../mapper/types.ts'
import { ESCAPED, FLOAT, INTEGER, type Scanner, STRING } from '../scan/scanner.ts'
import { between, commonNames, type Extra, leavesOf } from './layout.ts'
import type { ScannedLine } from './line.ts'
import { type Ops, SIGNS } from './ops.ts'
import type { Meeting } from './shape.ts'
import { createVendorWriter } from './vendor.ts'

/** Writes the event that a plan's state holds, from the line that was scanned. */
export interface EventWriter {
  /** Adds its text to the ops, which the caller ends. `meeting` is the plan's with the line's shape. */
  write(meeting: Meeting, lineBytes: number): void
}

/** Where a constant lies. */
interface Place {
  readonly address: number
  readonly length: number
}

/** No leaf lies deeper. */
const DEPTHS = 8
/** In place of the depth of the leaf before the first. */
const NONE = DEPTHS - 1

/** @throws RangeError when the scanner has no room for more constants */
export function createEventWriter(
  plan: Plan,
  extra: Extra,
  scanner: Scanner,
  line: ScannedLine,
  ops: Ops,
): EventWriter {
  const { state, vendor, line: lineSlot } = plan
  const { tokens } = scanner
  const leaves = leavesOf(plan, extra)
  const slots = Int32Array.from(leaves, ({ slot }) => slot)
  const depths = Int32Array.from(leaves, ({ path }) => path.length - 1)
  const shared = Int32Array.from(leaves, ({ path }, i) => (i === 0 ? 0 : commonNames(leaves[i - 1]!.path, path)))
  if (depths.some(depth => depth >= NONE)) throw new RangeError('A target lies too deep.')
  const place = (text: string): Place => ({ address: scanner.constant(text), length: text.length })
  const constants = leaves.map(({ constant }) => (constant === undefined ? undefined : place(constant)))
  const closings = Array.from({ length: DEPTHS }, (_, depth) => place('}'.repeat(depth + 1)))
  const [yes, no] = [place('true'), place('false')]
  /** By leaf, depth before and common depth; made when they are met. */
  const addresses = new Int32Array(leaves.length * DEPTHS * DEPTHS)
  const lengths = new Int32Array(addresses.length)
  /** For the one leaf that may turn out to have nothing. A function made in the loop would cost memory for each leaf. */
  const before = { leaf: 0, depth: NONE, common: 0 }
  const writeVendor = createVendorWriter(plan, scanner, line, ops, () =>
    writeBetween(before.leaf, before.depth, before.common),
  )
  const usual = leaves.map(({ slot }) => {
    const values = plan.constants.get(slot) ?? []
    return values.map(value => ({ value, ...place(JSON.stringify(value)) }))
  })

  function writeBetween(leaf: number, depth: number, common: number): void {
    const index = (leaf * DEPTHS + depth) * DEPTHS + common
    if (lengths[index] === 0) {
      const text = between(leaves[leaf]!, depth === NONE ? undefined : depth, common)
      addresses[index] = scanner.constant(text)
      lengths[index] = text.length
    }
    ops.constant(addresses[index]!, lengths[index]!)
  }

  function writeList(items: readonly Json[]): void {
    ops.sign(SIGNS.list)
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!
      if (i > 0) ops.sign(SIGNS.comma)
      if (typeof item === 'string') ops.string(item)
      else ops.json(JSON.stringify(item))
    }
    ops.sign(SIGNS.listEnd)
  }

  function writeValue(value: Json): void {
    if (typeof value === 'string') ops.string(value)
    else if (typeof value === 'number') ops.json(String(value))
    else if (value === true) ops.constant(yes.address, yes.length)
    else if (value === false) ops.constant(no.address, no.length)
    else if (Array.isArray(value)) writeList(value)
    else ops.json(JSON.stringify(value))
  }

  function writeUsual(leaf: number, value: Json): boolean {
    const values = usual[leaf]!
    for (let i = 0; i < values.length; i++) {
      const one = values[i]!
      if (one.value !== value) continue
      ops.constant(one.address, one.length)
      return true
    }
    return false
  }

  /** The value's own bytes, if it is one of the record's and reads the same in the event. */
  function writeOwn(slot: number, value: Json, members: Int32Array): boolean {
    const field = state.origins[slot]!
    if (field < 0 || value !== state.inputs[field]) return false
    const member = 3 * members[field]!
    const kind = tokens[member + 2]!
    if (kind !== STRING && kind !== INTEGER && kind !== ESCAPED && kind !== FLOAT) return false
    ops.line(tokens[member]!, tokens[member + 1]!)
    return true
  }

  return {
    write(meeting, lineBytes) {
      const { values } = state
      const { copied } = meeting
      let depth = NONE
      let common = 0
      for (let leaf = 0; leaf < slots.length; leaf++) {
        const slot = slots[leaf]!
        if (shared[leaf]! < common) common = shared[leaf]!
        if (slot < 0) {
          const { address, length } = constants[leaf]!
          writeBetween(leaf, depth, common)
          ops.constant(address, length)
        } else if (slot === vendor) {
          before.leaf = leaf
          before.depth = depth
          before.common = common
          if (!writeVendor(meeting, lineBytes)) continue
        } else if (slot === lineSlot) {
          writeBetween(leaf, depth, common)
          ops.lineString(0, lineBytes)
        } else {
          const member = copied[slot]! - 1
          const value = values[slot]
          if (member < 0 && value === undefined) continue
          writeBetween(leaf, depth, common)
          if (member >= 0) ops.line(tokens[3 * member]!, tokens[3 * member + 1]!)
          else if (!writeUsual(leaf, value!) && !writeOwn(slot, value!, meeting.members)) writeValue(value!)
        }
        depth = depths[leaf]!
        common = depth
      }
      const { address, length } = closings[depth]!
      ops.constant(address, length)
    },
  }
}
