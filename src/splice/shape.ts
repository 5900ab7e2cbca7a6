import type { Plan } from '../mapper/compile.ts'
import type { Step } from '../mapper/state.ts'
import { distinct } from '../mapper/value.ts'
import { type Copy, compileCopies, type Members } from './copies.ts'

/** The keys of a line, which it has in common with most lines of its job, and what follows from them alone. */
export interface Shape {
  readonly keys: readonly string[]
  /** How the table's plan meets these keys; undefined where a key would come twice below `cloudflare`. */
  meet(plan: Plan): Meeting | undefined
}

/** A table's plan on lines of one shape. */
export interface Meeting {
  /** Those of the plan that do something for such lines; what only hands values on is one step. */
  readonly steps: readonly Step[]
  /** By slot, when the steps have run: the member whose bytes are its value, plus one; 0 for none. */
  readonly copied: Uint16Array
  /** Pairs: number of a field that the steps read, and of the member that it is. */
  readonly reads: Int32Array
  /** By number of the table's fields: which member it is, or -1. */
  readonly members: Int32Array
  /** What becomes of each member below `cloudflare`. */
  readonly kept: readonly KeptMember[]
  /** The table's own names below `cloudflare`, as JSON with their colon, and their slots. */
  readonly targets: readonly (readonly [key: string, slot: number])[]
}

export interface KeptMember {
  /** Number of the field whose being taken leaves it out; -1 for none. */
  readonly unlessTaken: number
  /** Another key than its own, as JSON with its colon. */
  readonly key: string | undefined
  readonly isText: boolean
  /** `true`, or the only key that the object may have. */
  readonly drop: true | string | undefined
}

const keyText = (key: string) => `${JSON.stringify(key)}:`

/** @returns undefined where a key comes twice: JSON then has only the last of them */
export function createShape(keys: readonly string[], line: Members): Shape | undefined {
  const numbers = new Map(keys.map((key, number) => [key, number]))
  if (numbers.size < keys.length) return undefined
  const meetings = new Map<Plan, Meeting | undefined>()

  function meet(plan: Plan): Meeting | undefined {
    const { fields, keep, state, uses } = plan
    const members = new Int32Array(fields.size).fill(-1)
    for (const [name, field] of fields) members[field] = numbers.get(name) ?? -1
    const { copies, others } = sortSteps(plan, members)
    const copied = new Uint16Array(state.values.length)
    const unread = new Set(copies.map(({ field }) => field).filter(field => uses[field] === 1))
    const reads = [...members].flatMap((member, field) => (member < 0 || unread.has(field) ? [] : [field, member]))
    const names: string[] = []
    const kept = keys.map((key): KeptMember => {
      const plan = keep.planOf(key)
      const as = plan?.as === undefined || numbers.has(plan.as) ? key : plan.as
      names.push(as)
      return {
        unlessTaken: plan?.unlessTaken ?? -1,
        key: as === key ? undefined : keyText(as),
        isText: plan?.isText ?? false,
        drop: plan?.drop,
      }
    })
    const targets = keep.targets.filter(([key]) => !numbers.has(key))
    names.push(...targets.map(([key]) => key))
    if (distinct(names)!.length < names.length) return undefined
    return {
      steps: copies.length > 0 ? [compileCopies(copies, line, copied), ...others] : others,
      copied,
      reads: Int32Array.from(reads),
      members,
      kept,
      targets: targets.map(([key, slot]) => [keyText(key), slot]),
    }
  }

  return {
    keys,
    meet(plan) {
      if (!meetings.has(plan)) meetings.set(plan, meet(plan))
      return meetings.get(plan)
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
