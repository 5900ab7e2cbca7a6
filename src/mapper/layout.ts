import { ECS_ARRAYS } from './ecs.ts'
import type { Json, JsonObject } from './types.ts'

/**
 * The targets of one table. While an event is made its values lie in an array, each target at its own place; a rule's "is it set already?"
 * is then one look. `build` makes the nested event of them.
 */
export interface Layout {
  /** The place of a target; given when it is asked for the first time. */
  slot(name: string): number
  /** The place of a target that some rule may set, else undefined. */
  find(name: string): number | undefined
  /** Places of the targets whose names the test takes, in the order in which they were given. */
  filter(test: (name: string) => boolean): number[]
  /** The targets whose names begin so, without that beginning. */
  targetsBelow(prefix: string): (readonly [key: string, slot: number])[]
  /** How many there are. */
  size(): number
  /** The targets as they nest, without those below `cloudflare` (keep.ts). Called when all targets are known. */
  tree(): readonly Node[]
}

export function isArrayTarget(name: string): boolean {
  return ECS_ARRAYS.has(name)
}

export const VENDOR = 'cloudflare.'

// What a reader looks for first, and what is long last.
const FIRST = ['@timestamp', 'ecs', 'event', 'observer']
const LAST = ['related', 'tags', 'cloudflare', 'message']

function rank(key: string): number {
  const first = FIRST.indexOf(key)
  return first >= 0 ? first - FIRST.length : LAST.indexOf(key) + 1
}

function byReading(a: string, b: string): number {
  return rank(a) - rank(b) || (a < b ? -1 : 1)
}

/** A key of the event: the place of its value, or -1 and the keys below it. */
export interface Node {
  readonly key: string
  readonly slot: number
  readonly children: readonly Node[]
}

function treeOf(names: readonly (readonly [path: readonly string[], slot: number])[], depth: number): Node[] {
  const groups = Map.groupBy(names, ([path]) => path[depth]!)
  const compare = depth === 0 ? byReading : (a: string, b: string) => (a < b ? -1 : 1)
  return [...groups.keys()].sort(compare).map(key => {
    const group = groups.get(key)!
    const leaf = group.find(([path]) => path.length === depth + 1)
    const below = group.filter(([path]) => path.length > depth + 1)
    if (leaf && below.length > 0) throw new Error(`The target ${leaf[0].join('.')} is a field and an object`)
    return { key, slot: leaf ? leaf[1] : -1, children: treeOf(below, depth + 1) }
  })
}

/** The event of its values; undefined when there are none. */
export function nest(nodes: readonly Node[], values: readonly (Json | undefined)[]): JsonObject | undefined {
  let object: JsonObject | undefined
  for (const { key, slot, children } of nodes) {
    const value = slot >= 0 ? values[slot] : nest(children, values)
    if (value === undefined) continue
    object ??= {}
    object[key] = value
  }
  return object
}

/** The same layout for those who look at other targets than a rule's own: notes their places. */
export function noting(layout: Layout, places: Set<number>): Layout {
  const note = (slot: number) => {
    places.add(slot)
    return slot
  }
  return {
    ...layout,
    slot: name => note(layout.slot(name)),
    find(name) {
      const slot = layout.find(name)
      return slot === undefined ? undefined : note(slot)
    },
    filter: test => layout.filter(test).map(note),
    targetsBelow: prefix => layout.targetsBelow(prefix).map(([key, slot]) => [key, note(slot)] as const),
  }
}

export function createLayout(): Layout {
  const slots = new Map<string, number>()
  return {
    slot(name) {
      const known = slots.get(name)
      if (known !== undefined) return known
      const slot = slots.size
      slots.set(name, slot)
      return slot
    },
    find: name => slots.get(name),
    filter: test => [...slots].filter(([name]) => test(name)).map(([, slot]) => slot),
    targetsBelow: prefix =>
      [...slots]
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, slot]) => [name.slice(prefix.length), slot] as const),
    size: () => slots.size,
    tree() {
      const names = [...slots].filter(([name]) => !name.startsWith(VENDOR))
      return treeOf(
        names.map(([name, slot]) => [name.split('.'), slot] as const),
        0,
      )
    },
  }
}
