import type { AnyTable } from './dataset.ts'
import { type Layout, VENDOR } from './layout.ts'
import type { Fields } from './sources.ts'
import type { State } from './state.ts'
import type { Json, JsonObject } from './types.ts'
import { isEmpty, isObject, setOwn, textOf } from './value.ts'

/** What the table says about a field below `cloudflare`. */
interface Plan {
  /** Number of the field, by which rules take it; -1 when none reads it. */
  readonly index: number
  readonly copy: { readonly as?: string; readonly text?: true } | undefined
  /** `true`, or the only key that the object may have. */
  readonly drop: true | string | undefined
}

export interface KeepOptions {
  readonly copies: readonly NonNullable<AnyTable['copy']>[]
  readonly drops: NonNullable<AnyTable['drop']>
}

/** The object below `cloudflare`: what no rule took, and the table's own targets there. */
export type Keep = (state: State, keys: readonly string[]) => JsonObject | undefined

function plansOf({ copies, drops }: KeepOptions, fields: Fields): Map<string, Plan> {
  const plans = new Map<string, Plan>()
  const change = (field: string, change: Partial<Plan>) => {
    const plan = plans.get(field) ?? { index: fields.numbers.get(field) ?? -1, copy: undefined, drop: undefined }
    plans.set(field, { ...plan, ...change })
  }
  for (const field of fields.numbers.keys()) change(field, {})
  for (const drop of drops) {
    if (typeof drop === 'string') change(drop, { drop: true })
    else change(drop.field, { drop: drop.onlyKey })
  }
  for (const copy of copies.flatMap(copy => (copy === '*' ? [] : copy))) {
    if (typeof copy === 'string') change(copy, { copy: {}, drop: undefined })
    else change(copy.field, { copy, drop: undefined })
  }
  return plans
}

function isDropped(drop: true | string, value: Json): boolean {
  if (drop === true) return true
  if (!isObject(value)) return false
  const keys = Object.keys(value)
  return keys.length === 1 && keys[0]!.toLowerCase() === drop.toLowerCase()
}

/** A field's own name goes before a published name that another field has. */
function nameOf(plan: Plan | undefined, key: string, record: JsonObject): string {
  const as = plan?.copy?.as
  return as === undefined || Object.hasOwn(record, as) ? key : as
}

/** Call when all rules are compiled. */
export function compileKeep(options: KeepOptions, fields: Fields, layout: Layout): Keep {
  const targets = layout.targetsBelow(VENDOR)
  if (options.copies.includes('*')) {
    if (targets.length > 0) throw new Error('A table that keeps the whole record has no other targets below cloudflare')
    return (state, keys) => (keys.length === 0 ? undefined : state.record)
  }
  const plans = plansOf(options, fields)
  return (state, keys) => {
    const { record, taken, values } = state
    let kept: JsonObject | undefined
    for (const key of keys) {
      const plan = plans.get(key)
      if (plan !== undefined && plan.index >= 0 && taken[plan.index] === 1 && plan.copy === undefined) continue
      const value = record[key]!
      if (isEmpty(value) || (plan?.drop !== undefined && isDropped(plan.drop, value))) continue
      kept ??= {}
      setOwn(kept, nameOf(plan, key, record), plan?.copy?.text ? (textOf(value) ?? value) : value)
    }
    for (const [key, slot] of targets) {
      const value = values[slot]
      if (value === undefined || Object.hasOwn(record, key)) continue
      kept ??= {}
      setOwn(kept, key, value)
    }
    return kept
  }
}
