import { type Assign, assignDeclared, assignDetected } from './assign.ts'
import { badLineEvent } from './bad-line.ts'
import { type Compiled, compile } from './compile.ts'
import type { AnyTable } from './dataset.ts'
import { createDetector } from './detect.ts'
import { setField } from './event-id.ts'
import { UNKNOWN } from './plain.ts'
import { compileRaw } from './raw.ts'
import type { BadLine, BatchContext, BatchMapper, Line, Mapped, Mapper, MapperSettings, RecordLine } from './types.ts'

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

const SAMPLE = 100
/** Bounds what is held back where a batch is not made of usual records: parsed, a line can be twenty times its size. */
const MAX_HELD_LINES = 1000
const MAX_HELD_CHARS = 2 ** 20

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

  function batch(context: BatchContext, emit: (mapped: Mapped) => void): BatchMapper {
    const declared = context.dataset !== undefined && entries.has(context.dataset) ? context.dataset : undefined
    let assign = declared === undefined ? undefined : assignDeclared(detector, declared)
    let held: Line[] = []
    let heldRecords = 0
    let heldChars = 0

    function finish(mapped: Mapped): void {
      if (settings.eventIdField !== undefined)
        setField(mapped.event, settings.eventIdField, context.id(mapped.line.number))
      emit(mapped)
    }

    function mapBad(line: BadLine): void {
      const dataset = declared ?? 'unknown'
      finish({ line, dataset, event: badLineEvent(line, dataset, line.time ?? context.time), rejected: [] })
    }

    function mapRecord(line: RecordLine, assign: Assign): void {
      const keys = Object.keys(line.record)
      const { dataset, tags } = assign(keys)
      const origin = { text: line.text, time: line.time ?? context.time, tags }
      const { event, rejected } = compiledOf(dataset).map(line.record, keys, origin)
      finish({ line, dataset: dataset ?? 'unknown', event, rejected })
    }

    function map(line: Line, assign: Assign): void {
      if ('bad' in line) mapBad(line)
      else mapRecord(line, assign)
    }

    function release(): Assign {
      const lines = held
      const found = assignDetected(
        detector,
        lines.flatMap(line => ('bad' in line ? [] : [Object.keys(line.record)])),
      )
      assign = found
      held = []
      for (const line of lines) map(line, found)
      return found
    }

    function hold(line: Line): void {
      if ('bad' in line && held.length === 0) {
        mapBad(line)
        return
      }
      held.push(line)
      heldChars += line.text.length
      if (!('bad' in line)) heldRecords++
      if (heldRecords >= SAMPLE || held.length >= MAX_HELD_LINES || heldChars >= MAX_HELD_CHARS) release()
    }

    function decide(): void {
      if (!assign) release()
    }

    return {
      push(line) {
        if (assign) map(line, assign)
        else hold(line)
      },
      flush: decide,
      end: decide,
    }
  }

  return { batch, datasets: [...entries.keys()].sort() }
}
