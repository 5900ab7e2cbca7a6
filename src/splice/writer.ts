import type { Plan } from '../mapper/compile.ts'
import type { JoinedLeaf, Joiner, Leaves } from '../scan/joiner.ts'
import { commonNames, type Extra, type Leaf, leavesOf } from './layout.ts'
import type { Meeting } from './shape.ts'
import type { Values } from './values.ts'

/** Writes the event that a plan's state holds, from the line that was scanned. */
export interface EventWriter {
  /** @returns how many bytes of the joiner's `out` it is, -1 where it has to go the long way */
  write(plan: Plan, meeting: Meeting, leaves: Leaves, lineBytes: number): number
}

/** The places of a plan's events. @throws RangeError where the joiner has no room for them */
export function joinedLeaves(plan: Plan, extra: Extra, joiner: Joiner): Leaves {
  const leaves = leavesOf(plan, extra)
  return joiner.leaves(leaves.map((leaf, i) => joinedLeaf(leaf, leaves[i - 1])))
}

function joinedLeaf({ path, slot, constant }: Leaf, before: Leaf | undefined): JoinedLeaf {
  const texts = path.map(name => JSON.stringify(name))
  const names = texts.map((_, depth) => texts.slice(0, depth).join(':{').length + (depth > 0 ? ':{'.length : 0))
  const shared = before === undefined ? 0 : commonNames(before.path, path)
  return { slot, constant, depth: path.length - 1, shared, opening: `${texts.join(':{')}:`, names }
}

export function createEventWriter(
  joiner: Joiner,
  values: Values,
  prepareVendor: (plan: Plan, meeting: Meeting) => void,
): EventWriter {
  return {
    write(plan, meeting, leaves, lineBytes) {
      const { state, line } = plan
      const { made, members, copying, kept, targets } = meeting
      values.begin()
      for (let i = 0; i < made.length; i++) values.place(state, members, made[i]!)
      const odd = copying.odd()
      for (let i = 0; i < odd.length; i++) values.placeAnew(state, members, odd[i]!)
      if (line >= 0) values.placeString(line, 0, lineBytes)
      prepareVendor(plan, meeting)
      const textBytes = values.end()
      if (textBytes < 0) return -1
      return joiner.join(leaves, meeting.layout, kept.length >> 2, targets.length >> 2, lineBytes, textBytes)
    },
  }
}
