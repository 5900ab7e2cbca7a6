import type { AnyTable, Fixed } from './dataset.ts'
import { addresses, community, domains, duration, hostName, networkType, urlExtension, userAgent } from './derive.ts'
import { compileDescription } from './description.ts'
import { ECS_VERSION } from './ecs.ts'
import { compileKeep, type Keep } from './keep.ts'
import { createLayout, isArrayTarget, type Layout, type Node, nest, noting } from './layout.ts'
import { compileRelated } from './related.ts'
import { compileRule } from './rules.ts'
import { createFields, type Fields } from './sources.ts'
import { createState, resetState, type State, type Step } from './state.ts'
import { compileTimes } from './times.ts'
import type { Json, JsonObject, MapperSettings } from './types.ts'
import { distinct } from './value.ts'
import { compileWhen } from './when.ts'

export type Tag = 'logpush.bad_value' | 'logpush.no_timestamp' | 'logpush.unknown_dataset' | 'logpush.dataset_mismatch'

/** What an event needs besides its record. */
export interface Origin {
  /** The line as received; only `map` needs it. */
  readonly text: string
  /** Fallback for a record without a time. */
  readonly time: string
  /** What is known to be odd before the record is mapped. */
  readonly tags: readonly Tag[]
}

export interface Compiled {
  /** Undefined where an event has a sentence, which needs all that is below `cloudflare`, and in profile `raw`. */
  readonly plan: Plan | undefined
  /** `keys` are the record's own. Not reentrant: one event at a time. The event shares values with the record. Never throws. */
  map(
    record: JsonObject,
    keys: readonly string[],
    origin: Origin,
  ): { readonly event: JsonObject; readonly rejected: readonly string[] }
}

/** A table made a function, in parts, for who writes an event without making an object of it (splice/). */
export interface Plan {
  /** Numbers of the fields that the table reads, by name: where their values go in `state.inputs`. */
  readonly fields: ReadonlyMap<string, number>
  /** By field: in how many places the table reads it. */
  readonly uses: readonly number[]
  /** Slots that others than the rows' own steps set or look at. */
  readonly shared: ReadonlySet<number>
  /** Holds the event's values after `run`, until the next. */
  readonly state: State
  readonly steps: readonly Step[]
  /**
   * Sets all values but the line's, the sentence's and those below `cloudflare`. Returns the names of rejected values. Never throws.
   *
   * @param steps those of the plan, without such as need fields that the record has not
   */
  run(origin: Origin, steps: readonly Step[]): readonly string[]
  readonly tree: readonly Node[]
  readonly keep: Keep
  /** Slot of `cloudflare`. */
  readonly vendor: number
  /** Slot of the line as received; -1 when events do not keep it. */
  readonly line: number
  /** Slot of the tags. */
  readonly tags: number
}

export interface CompiledTable extends Compiled {
  /** Every field that an event may have: ECS names, and `cloudflare.<name>` where that is no field of the record. */
  readonly targets: readonly string[]
}

export type CompileSettings = Pick<MapperSettings, 'additions' | 'message' | 'keepOriginal' | 'userAgent'>

const NONE: readonly string[] = []

export function hasAdditions(table: AnyTable, additions: MapperSettings['additions']): boolean {
  if (table.published === undefined) return true
  return (additions === 'auto' ? table.published.auto : additions) === 'on'
}

const FIXED_NAMES: Readonly<Record<string, string>> = {
  category: 'event.category',
  type: 'event.type',
  kind: 'event.kind',
  observer: 'observer.type',
}

/** Sets constants. Lists that rules add to are given afresh to each event; those of event.* are shared and never changed. */
function constants(fixed: Readonly<Record<string, unknown>>, layout: Layout): Step[] {
  const entries = Object.entries(fixed).map(([key, value]) => {
    const name = FIXED_NAMES[key] ?? key
    return { slot: layout.slot(name), value: value as Json, isOwn: isArrayTarget(name) && !name.startsWith('event.') }
  })
  return [
    ({ values }) => {
      for (const { slot, value, isOwn } of entries) {
        if (values[slot] === undefined) values[slot] = isOwn ? [...(value as Json[])] : value
      }
    },
  ]
}

/**
 * The rows of the table, from top to bottom.
 *
 * @param rules the layout for single rules, which know of no others
 */
function rowSteps(table: AnyTable, isFull: boolean, fields: Fields, rules: Layout, layout: Layout): Step[] {
  const always: Fixed & Record<string, string> = {
    'event.dataset': table.published?.dataset ?? table.name,
    'observer.vendor': 'Cloudflare',
  }
  const steps = constants(
    { ...always, ...table.fixed, ...(isFull && { kind: table.fixed.kind ?? 'event', 'ecs.version': ECS_VERSION }) },
    layout,
  )
  for (const rows of isFull && table.additions ? [table, table.additions] : [table]) {
    if (rows !== table && rows.fixed) steps.push(...constants(rows.fixed, layout))
    if (rows.when) steps.push(...compileWhen(rows.when, fields, layout))
    if (rows === table && table.time) steps.push(compileTimes(table.time, fields, layout))
    for (const rule of rows.fields ?? []) steps.push(compileRule(rule, fields, rules))
  }
  // A default: firewall_events names its own module.
  if (isFull) steps.push(...constants({ 'event.module': 'cloudflare' }, layout))
  return steps
}

/** Array targets without repeats. An empty one that the table keeps stays. */
function distinctSteps(layout: Layout): Step[] {
  const slots = layout.filter(name => isArrayTarget(name) && !name.startsWith('event.'))
  if (slots.length === 0) return []
  return [
    ({ values }) => {
      for (const slot of slots) {
        const items = values[slot]
        if (Array.isArray(items)) values[slot] = distinct(items as string[]) ?? items
      }
    },
  ]
}

function derivedSteps(
  table: AnyTable,
  isFull: boolean,
  settings: CompileSettings,
  fields: Fields,
  layout: Layout,
): Step[] {
  const tables = isFull ? [table.related, table.additions?.related] : [table.related]
  const related = (kind: 'ip' | 'hosts' | 'hash' | 'user') => compileRelated(kind, tables, fields, layout) ?? []
  return [
    ...(isFull ? urlExtension(layout) : []),
    ...hostName(layout),
    ...addresses(layout),
    ...domains(layout, isFull ? NONE : (table.published?.parts ?? NONE)),
    related('ip'),
    related('hosts'),
    related('hash'),
    isFull ? related('user') : [],
    ...(settings.userAgent === 'parse' ? userAgent(layout) : []),
    ...(isFull ? [...networkType(layout), ...duration(layout)] : []),
    isFull && table.community ? community(table.community, fields, layout) : [],
  ].flat()
}

/** Makes a table a function from a record to its event. */
export function compile(table: AnyTable, settings: CompileSettings): CompiledTable {
  const isFull = hasAdditions(table, settings.additions)
  const rules = createLayout()
  const shared = new Set<number>()
  const layout = noting(rules, shared)
  const fields = createFields()
  const timestamp = layout.slot('@timestamp')
  const tagSlot = layout.slot('tags')
  const cloudflare = layout.slot('cloudflare')
  const message = layout.slot('message')
  const isDescribed = settings.message === 'description'
  const line = isDescribed && settings.keepOriginal ? layout.slot('event.original') : message

  const rows = rowSteps(table, isFull, fields, rules, layout)
  const steps = [...rows, ...distinctSteps(layout), ...derivedSteps(table, isFull, settings, fields, layout)]
  const copies = [table.copy, isFull ? table.additions?.copy : undefined].filter(copy => copy !== undefined)
  // Without the raw line nothing may be dropped, or it would be lost.
  const keep = compileKeep({ copies, drops: settings.keepOriginal ? (table.drop ?? []) : [] }, fields, layout)
  const describe = isDescribed ? compileDescription(table.description, table.name, layout) : undefined
  const tree = layout.tree()
  const names = [...fields.numbers.keys()]
  const state = createState(layout.size(), names.length)

  function tagsOf(isTimed: boolean, origin: Origin): string[] | undefined {
    if (isTimed && state.rejected.length === 0 && origin.tags.length === 0) return undefined
    const tags: string[] = [...origin.tags]
    if (state.rejected.length > 0) tags.push('logpush.bad_value' satisfies Tag)
    if (!isTimed) tags.push('logpush.no_timestamp' satisfies Tag)
    return tags
  }

  function run(origin: Origin, steps: readonly Step[]): readonly string[] {
    const { values } = state
    resetState(state)
    for (let i = 0; i < steps.length; i++) steps[i]!(state)
    const isTimed = values[timestamp] !== undefined
    if (!isTimed) values[timestamp] = origin.time
    values[tagSlot] = tagsOf(isTimed, origin)
    return state.rejected
  }

  function map(record: JsonObject, keys: readonly string[], origin: Origin) {
    const { inputs, values } = state
    for (let i = 0; i < names.length; i++) inputs[i] = record[names[i]!]
    const rejected = run(origin, steps)
    values[cloudflare] = keep.object(state, record, keys)
    if (settings.keepOriginal) values[line] = origin.text
    if (describe !== undefined) values[message] = describe(values)
    return { event: nest(tree, values) ?? {}, rejected }
  }

  const plan = {
    fields: fields.numbers,
    uses: fields.uses,
    shared,
    state,
    steps,
    run,
    tree,
    keep,
    vendor: cloudflare,
    tags: tagSlot,
  }
  return {
    map,
    plan: isDescribed ? undefined : { ...plan, line: settings.keepOriginal ? line : -1 },
    targets: rules.targetsBelow('').map(([name]) => name),
  }
}
