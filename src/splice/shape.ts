import type { Plan } from '../mapper/compile.ts'
import type { Step } from '../mapper/state.ts'
import { distinct } from '../mapper/value.ts'

/** The keys of a line, which it has in common with most lines of its job, and what follows from them alone. */
export interface Shape {
  readonly keys: readonly string[]
  /** How the table's plan meets these keys; undefined where a key would come twice below `cloudflare`. */
  meet(plan: Plan): Meeting | undefined
}

/** A table's plan on lines of one shape. */
export interface Meeting {
  /** Those of the plan that do something for such lines. */
  readonly steps: readonly Step[]
  /** Pairs: number of a field that the table reads, and of the member that it is. */
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
export function createShape(keys: readonly string[]): Shape | undefined {
  const numbers = new Map(keys.map((key, number) => [key, number]))
  if (numbers.size < keys.length) return undefined
  const meetings = new Map<Plan, Meeting | undefined>()

  function meet({ fields, keep, steps }: Plan): Meeting | undefined {
    const members = new Int32Array(fields.size).fill(-1)
    const reads: number[] = []
    for (const [name, field] of fields) {
      const member = numbers.get(name)
      if (member === undefined) continue
      members[field] = member
      reads.push(field, member)
    }
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
      steps: steps.filter(({ needs }) => needs === undefined || needs.some(field => members[field]! >= 0)),
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
