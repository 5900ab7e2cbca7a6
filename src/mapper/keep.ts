import type { AnyTable } from './dataset.ts'
import { type Layout, VENDOR } from './layout.ts'
import type { Fields } from './sources.ts'
import type { State } from './state.ts'
import type { Json, JsonObject } from './types.ts'
import { isEmpty, isObject, setOwn, textOf } from './value.ts'

/** What the table says about a field below `cloudflare`. */
export interface KeepPlan {
  /** Number of the field whose being taken leaves it out; -1 when it stays whatever the rules do. */
  readonly unlessTaken: number
  /** The name that it has there, unless the record has another field of that name; undefined for its own. */
  readonly as: string | undefined
  /** Numbers and booleans become texts. */
  readonly isText: boolean
  /** `true`, or the only key that the object may have. */
  readonly drop: true | string | undefined
}

/** The object below `cloudflare`: what no rule took, and the table's own targets there. */
export interface Keep {
  /** The whole record, empty values too. */
  readonly isAll: boolean
  /** Of a field that the table names; one that it does not name stays, unless it is empty. */
  planOf(field: string): KeepPlan | undefined
  /** The table's own names there. One that is a field of the record gives way to it. */
  readonly targets: readonly (readonly [key: string, slot: number])[]
  object(state: State, record: JsonObject, keys: readonly string[]): JsonObject | undefined
}

export interface KeepOptions {
  readonly copies: readonly NonNullable<AnyTable['copy']>[]
  readonly drops: NonNullable<AnyTable['drop']>
}

const DEFAULT: KeepPlan = { unlessTaken: -1, as: undefined, isText: false, drop: undefined }

function plansOf({ copies, drops }: KeepOptions, fields: Fields): Map<string, KeepPlan> {
  const plans = new Map<string, KeepPlan>()
  const change = (field: string, change: Partial<KeepPlan>) => {
    const plan = plans.get(field) ?? { ...DEFAULT, unlessTaken: fields.numbers.get(field) ?? -1 }
    plans.set(field, { ...plan, ...change })
  }
  for (const field of fields.numbers.keys()) change(field, {})
  for (const drop of drops) {
    if (typeof drop === 'string') change(drop, { drop: true })
    else change(drop.field, { drop: drop.onlyKey })
  }
  for (const copy of copies.flatMap(copy => (copy === '*' ? [] : copy))) {
    const { field, as, text } = typeof copy === 'string' ? { field: copy, as: undefined, text: undefined } : copy
    change(field, { unlessTaken: -1, as, isText: text === true, drop: undefined })
  }
  return plans
}

export function isDropped(drop: true | string, value: Json): boolean {
  if (drop === true) return true
  if (!isObject(value)) return false
  const keys = Object.keys(value)
  return keys.length === 1 && keys[0]!.toLowerCase() === drop.toLowerCase()
}

/** Call when all rules are compiled. */
export function compileKeep(options: KeepOptions, fields: Fields, layout: Layout): Keep {
  const targets = layout.targetsBelow(VENDOR)
  if (options.copies.includes('*')) {
    if (targets.length > 0) throw new Error('A table that keeps the whole record has no other targets below cloudflare')
    return {
      isAll: true,
      planOf: () => undefined,
      targets,
      object: (_state, record, keys) => (keys.length === 0 ? undefined : record),
    }
  }
  const plans = plansOf(options, fields)

  /** A field's own name goes before a published name that another field has. */
  function nameOf(plan: KeepPlan, key: string, record: JsonObject): string {
    return plan.as === undefined || Object.hasOwn(record, plan.as) ? key : plan.as
  }

  function object({ taken, values }: State, record: JsonObject, keys: readonly string[]): JsonObject | undefined {
    let kept: JsonObject | undefined
    for (const key of keys) {
      const plan = plans.get(key) ?? DEFAULT
      if (plan.unlessTaken >= 0 && taken[plan.unlessTaken] === 1) continue
      const value = record[key]!
      if (isEmpty(value) || (plan.drop !== undefined && isDropped(plan.drop, value))) continue
      kept ??= {}
      setOwn(kept, nameOf(plan, key, record), plan.isText ? (textOf(value) ?? value) : value)
    }
    for (const [key, slot] of targets) {
      const value = values[slot]
      if (value === undefined || Object.hasOwn(record, key)) continue
      kept ??= {}
      setOwn(kept, key, value)
    }
    return kept
  }
  return { isAll: false, planOf: field => plans.get(field), targets, object }
}
