import type { Plan } from '../mapper/compile.ts'
import type { Node } from '../mapper/layout.ts'
import type { Json } from '../mapper/types.ts'

/** A value's place in the text of an event. Leaves come in the order of the text. */
export interface Leaf {
  /** Names of the objects around it, and its own. */
  readonly path: readonly string[]
  /** Slot of its value; -1 for a constant. */
  readonly slot: number
  /** The value of a leaf that every event has, as JSON. */
  readonly constant: string | undefined
}

/** Objects of constants that go before the event's own members, those of `event` into it: what a document has besides. */
export type Extra = Readonly<Record<string, Readonly<Record<string, Json>>>>

function leavesBelow(nodes: readonly Node[], path: readonly string[]): Leaf[] {
  return nodes.flatMap(({ key, slot, children }) =>
    slot >= 0 ? [{ path: [...path, key], slot, constant: undefined }] : leavesBelow(children, [...path, key]),
  )
}

/** The leaves of a table's events. With extras their objects come first. */
export function leavesOf({ tree }: Plan, extra: Extra): Leaf[] {
  const names = Object.keys(extra)
  const first = names.flatMap(name => {
    const constants = Object.entries(extra[name]!).map(([key, value]) => ({
      path: [name, key],
      slot: -1,
      constant: JSON.stringify(value),
    }))
    const own = tree.find(({ key }) => key === name)
    return [...constants, ...leavesBelow(own?.children ?? [], [name])]
  })
  return [
    ...first,
    ...leavesBelow(
      tree.filter(({ key }) => !names.includes(key)),
      [],
    ),
  ]
}

/** How many names two paths have in common from the beginning; never all of a leaf's. */
export function commonNames(a: readonly string[], b: readonly string[]): number {
  let count = 0
  while (count < a.length - 1 && count < b.length - 1 && a[count] === b[count]) count++
  return count
}
