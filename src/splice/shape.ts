import type { Plan } from '../mapper/compile.ts'
import type { Step } from '../mapper/state.ts'
import type { Json } from '../mapper/types.ts'
import { distinct } from '../mapper/value.ts'
import { COPIES, FIELDS, type Joiner, type Layout, SLOTS, TARGETS, unlessFull } from '../scan/joiner.ts'
import { type Copy, type Copying, compileCopies } from './copies.ts'

/** The keys of a line, which it has in common with most lines of its job, and what follows from them alone. */
export interface Shape {
  readonly keys: readonly string[]
  /** How the table's plan meets these keys; undefined where a key would come twice below `cloudflare`, or the joiner has no room. */
  meet(plan: Plan): Meeting | undefined
}

/** A table's plan on lines of one shape. */
export interface Meeting {
  /** Those of the plan that do something for such lines; what only hands values on is one step, the first. */
  readonly steps: readonly Step[]
  readonly copying: Copying
  /** Numbers of the fields that the steps read. */
  readonly fields: Int32Array
  /** The member that each is, as `reader.reads` has them. */
  readonly reads: Int32Array
  /** By number of the table's fields: which member it is, or -1. */
  readonly members: Int32Array
  /** Slots that the other steps may set. */
  readonly made: Int32Array
  readonly layout: Layout
  /** What becomes of each member below `cloudflare`, as `joiner.kept` has it. */
  readonly kept: Int32Array
  /** The table's own names there, as `joiner.targets` has them. */
  readonly targets: Int32Array
  /** The members whose value has to be looked at. */
  readonly watched: readonly WatchedMember[]
}

export interface WatchedMember {
  readonly member: number
  /** Numbers and booleans become texts. */
  readonly isText: boolean
  /** The only key that the object may have to be left out. */
  readonly drop: string | undefined
}

/** What a meeting is made with. */
export interface MeetingParts {
  readonly joiner: Joiner
  value(member: number): Json
  /** Where a name stands as JSON with its colon, and its length; few different ones. @throws RangeError when there is no room */
  nameAt(name: string): readonly [address: number, length: number]
}

const NO_KEY = [0, 0] as const

/** @returns undefined where a key comes twice: JSON then has only the last of them */
export function createShape(keys: readonly string[], parts: MeetingParts): Shape | undefined {
  const numbers = new Map(keys.map((key, number) => [key, number]))
  if (numbers.size < keys.length) return undefined
  const meetings = new Map<Plan, Meeting | undefined>()

  function meet(plan: Plan): Meeting | undefined {
    const { fields, state, uses } = plan
    if (fields.size > FIELDS || state.values.length > SLOTS) return undefined
    const members = new Int32Array(fields.size).fill(-1)
    for (const [name, field] of fields) members[field] = numbers.get(name) ?? -1
    const { copies, others } = sortSteps(plan, members)
    const vendor = meetVendor(plan)
    const copying = compileCopies(copies, parts.joiner, parts.value)
    if (vendor === undefined || copying.rows.length > 4 * COPIES) return undefined
    const unread = new Set(copies.map(({ field }) => field).filter(field => uses[field] === 1))
    const read = [...fields.values()].filter(field => members[field]! >= 0 && !unread.has(field))
    return {
      steps: copies.length > 0 ? [copying.step, ...others] : others,
      copying,
      fields: Int32Array.from(read),
      reads: Int32Array.from(read.flatMap(field => [members[field]!, 0])),
      members,
      made: madeSlots(plan, others),
      layout: { vendor: plan.vendor, isWhole: plan.keep.isAll },
      ...vendor,
    }
  }

  function meetVendor({ keep }: Plan): Pick<Meeting, 'kept' | 'targets' | 'watched'> | undefined {
    const names: string[] = []
    const watched: WatchedMember[] = []
    const kept = keys.flatMap((key, member) => {
      const plan = keep.planOf(key)
      const as = plan?.as === undefined || numbers.has(plan.as) ? key : plan.as
      names.push(as)
      const { isText = false, drop, unlessTaken = -1 } = plan ?? {}
      if (isText || typeof drop === 'string') {
        watched.push({ member, isText, drop: drop === true ? undefined : drop })
      }
      return [unlessTaken, Number(drop === true), ...(as === key ? NO_KEY : parts.nameAt(as))]
    })
    const targets = keep.targets.filter(([key]) => !numbers.has(key))
    names.push(...targets.map(([key]) => key))
    if (distinct(names)!.length < names.length || targets.length > TARGETS) return undefined
    return {
      kept: Int32Array.from(kept),
      targets: Int32Array.from(targets.flatMap(([key, slot]) => [slot, 0, ...parts.nameAt(key)])),
      watched,
    }
  }

  return {
    keys,
    meet(plan) {
      let meeting = meetings.get(plan)
      if (meeting === undefined && !meetings.has(plan)) {
        meeting = unlessFull(() => meet(plan))
        meetings.set(plan, meeting)
      }
      return meeting
    },
  }
}

/** The steps that do something for such lines. A copy is the only one that sets its slots, and has one field there. */
function sortSteps({ steps, shared }: Plan, members: Int32Array): { copies: Copy[]; others: Step[] } {
  const isHere = (field: number) => members[field]! >= 0
  const useful = steps.filter(({ needs }) => needs === undefined || needs.some(isHere))
  const setters = new Map<number, number>()
  for (const slot of useful.flatMap(({ sets = [] }) => sets)) setters.set(slot, (setters.get(slot) ?? 0) + 1)
  const copies: Copy[] = []
  const others: Step[] = []
  for (const step of useful) {
    const { passes, sets = [], needs = [] } = step
    const [field, ...more] = needs.filter(isHere)
    if (passes === undefined || field === undefined || more.length > 0) others.push(step)
    else if (sets.some(slot => shared.has(slot) || setters.get(slot) !== 1)) others.push(step)
    else copies.push({ step, field, member: members[field]!, passes, slots: sets })
  }
  return { copies, others }
}

/** Those that the steps name, and the shared ones, which any step may set. The vendor's and the line's have no value of their own. */
function madeSlots({ shared, vendor, line }: Plan, others: readonly Step[]): Int32Array {
  const slots = new Set([...others.flatMap(({ sets = [] }) => sets), ...shared])
  return Int32Array.from([...slots].filter(slot => slot !== vendor && slot !== line))
}
