import { type Converter, type NamesConverter, PLACEHOLDER, type SetConverter } from './converter.ts'
import type { AnyTable } from './dataset.ts'
import { isArrayTarget, type Layout } from './layout.ts'
import type { Fields } from './sources.ts'
import { collect, reject, type Source, type State, type Step } from './state.ts'
import type { Json } from './types.ts'
import { isEmpty, isNothing, isSame } from './value.ts'

type AnyRule = AnyTable['fields'][number]
type AnyConverter = Converter<Json, string>
type AnySplitter = SetConverter<string> | NamesConverter<string>

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T]
}

/** Makes a rule of a table a step. Registers its fields and targets. */
export function compileRule(rule: AnyRule, fields: Fields, layout: Layout): Step {
  const [from, to, by] = rule as readonly [
    string | readonly string[],
    string | readonly string[],
    AnyConverter | AnySplitter,
  ]
  const sources = listOf(from).map(path => fields.source(path))
  const needs = sources.map(({ field }) => field)
  if ('split' in by) {
    const parts = partsOf(by, to, layout)
    return Object.assign(splitStep(sources, parts, by), { needs, sets: parts.map(([, slot]) => slot) })
  }
  const targets = listOf(to)
  const arrays = targets.filter(isArrayTarget).map(layout.slot)
  const singles = targets.filter(target => !isArrayTarget(target)).map(layout.slot)
  const args = (by.args ?? []).map(field => fields.source(field))
  const isPassing = arrays.length === 0 && args.length === 0 && by.keeps === undefined && sources.every(isWhole)
  return Object.assign(valueStep(sources, singles, arrays, by, args), {
    needs,
    sets: [...singles, ...arrays],
    ...(isPassing && by.passes !== undefined && { passes: by.passes }),
  })
}

/** Not a key below a field. */
const isWhole = ({ index }: Source) => index >= 0

/** Keys of a splitter's answer, with the place of each. */
function partsOf(
  by: AnySplitter,
  to: string | readonly string[],
  layout: Layout,
): (readonly [key: string, slot: number])[] {
  if ('names' in by) return listOf(to).map(name => [name, layout.slot(name)] as const)
  const prefix = String(to).slice(0, -1)
  return by.parts.map(part => [part, layout.slot(prefix + part)] as const)
}

/** The value is unusable: unless it is empty, the event says so. */
function refuse(state: State, source: Source, value: Json): void {
  if (!isEmpty(value)) reject(state, source.label)
}

function take(state: State, source: Source): void {
  if (source.index >= 0) state.taken[source.index] = 1
}

function anyFree(values: readonly (Json | undefined)[], slots: readonly number[]): boolean {
  for (const slot of slots) if (values[slot] === undefined) return true
  return false
}

function valueStep(
  sources: readonly Source[],
  singles: readonly number[],
  arrays: readonly number[],
  by: AnyConverter,
  args: readonly Source[],
): Step {
  const [a, b, c] = args
  const isQuiet = by.quiet === true
  return state => {
    const { inputs, values } = state
    if (arrays.length === 0 && !anyFree(values, singles)) return
    for (const source of sources) {
      const value = source.read(inputs)
      if (isNothing(value)) continue
      const out = by.convert(value, a?.read(inputs), b?.read(inputs), c?.read(inputs))
      if (out === PLACEHOLDER) continue
      if (out === undefined) {
        if (!isQuiet) refuse(state, source, value)
        continue
      }
      for (const slot of singles) {
        if (values[slot] !== undefined) continue
        values[slot] = out
        if (isSame(out, value)) state.origins[slot] = source.index
      }
      for (const slot of arrays) collect(state, slot, out)
      if (by.keeps === undefined || !by.keeps(value, out)) take(state, source)
      return
    }
  }
}

function splitStep(sources: readonly Source[], parts: readonly (readonly [string, number])[], by: AnySplitter): Step {
  const slots = parts.map(([, slot]) => slot)
  return state => {
    const { inputs, values } = state
    if (!anyFree(values, slots)) return
    for (const source of sources) {
      const value = source.read(inputs)
      if (isNothing(value)) continue
      const out = by.split(value) as Readonly<Record<string, Json | undefined>> | undefined | typeof PLACEHOLDER
      if (out === PLACEHOLDER) continue
      if (out === undefined) {
        refuse(state, source, value)
        continue
      }
      let isSet = false
      for (const [key, slot] of parts) {
        const part = out[key]
        if (part === undefined || values[slot] !== undefined) continue
        values[slot] = part
        if (isSame(part, value)) state.origins[slot] = source.index
        isSet = true
      }
      if (isSet && !('keeps' in by && by.keeps?.(value, out))) take(state, source)
      return
    }
  }
}
