import type { Assignment } from './assign.ts'
import { badLineEvent } from './bad-line.ts'
import { type Compiled, compile } from './compile.ts'
import type { AnyTable } from './dataset.ts'
import { createDetector } from './detect.ts'
import { setField } from './event-id.ts'
import { UNKNOWN } from './plain.ts'
import { compileRaw } from './raw.ts'
import { createSorter, keysOf, type Sortable } from './sorter.ts'
import type { BatchContext, BatchMapper, Line, Mapped, Mapper, MapperSettings } from './types.ts'

/** A dataset as the mapper takes it. */
export interface DatasetEntry {
  /** The Logpush name. */
  readonly name: string
  /** The fields by which its records are known, in all documented spellings. */
  readonly known: readonly string[]
  /** The name in Elastic's integration; undefined where that has none, and profile `raw` falls back to `ecs`. */
  readonly stream: string | undefined
  readonly table: AnyTable
}

interface Item extends Sortable {
  readonly line: Line
}

export function createMapper(registry: readonly DatasetEntry[], settings: MapperSettings): Mapper {
  const entries = new Map(registry.map(entry => [entry.name, entry]))
  const detector = createDetector(registry)
  const compiled = new Map<string | undefined, Compiled>()

  function compiledOf(dataset: string | undefined): Compiled {
    const known = compiled.get(dataset)
    if (known) return known
    const entry = dataset === undefined ? undefined : entries.get(dataset)
    const made =
      settings.profile === 'raw' && entry?.stream !== undefined
        ? compileRaw(entry.table, entry.stream, settings.namespace)
        : compile(entry?.table ?? UNKNOWN, settings)
    compiled.set(dataset, made)
    return made
  }

  const declaredOf = ({ dataset }: BatchContext) =>
    dataset !== undefined && entries.has(dataset) ? dataset : undefined

  function mapLine(
    line: Line,
    keys: readonly string[] | undefined,
    assignment: Assignment | undefined,
    context: BatchContext,
  ): Mapped {
    const mapped = 'bad' in line ? mapBad(line, context) : mapRecord(line, keys!, assignment!, context)
    if (settings.eventIdField !== undefined) setField(mapped.event, settings.eventIdField, context.id(line.number))
    return mapped
  }

  function mapBad(line: Extract<Line, { bad: object }>, context: BatchContext): Mapped {
    const dataset = declaredOf(context) ?? 'unknown'
    return { line, dataset, event: badLineEvent(line, dataset, line.time ?? context.time), rejected: [] }
  }

  function mapRecord(
    line: Exclude<Line, { bad: object }>,
    keys: readonly string[],
    { dataset, tags }: Assignment,
    context: BatchContext,
  ): Mapped {
    const origin = { text: line.text, time: line.time ?? context.time, tags }
    const { event, rejected } = compiledOf(dataset).map(line.record, keys, origin)
    return { line, dataset: dataset ?? 'unknown', event, rejected }
  }

  function batch(context: BatchContext, emit: (mapped: Mapped) => void): BatchMapper {
    const sorter = createSorter<Item>(detector, declaredOf(context), ({ line, keys }, assignment) =>
      emit(mapLine(line, keys, assignment, context)),
    )
    return {
      push: line => sorter.push({ line, keys: keysOf(line), size: line.text.length }),
      flush: sorter.decide,
      end: sorter.decide,
    }
  }

  return {
    batch,
    mapLine,
    sorter: (context, take) => createSorter(detector, declaredOf(context), take),
    planOf: dataset => (settings.eventIdField === undefined ? compiledOf(dataset).plan : undefined),
    datasets: [...entries.keys()].sort(),
  }
}
