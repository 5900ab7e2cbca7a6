import { registry } from './datasets/index.ts'
import { createFieldDropper } from './decode/drop-fields.ts'
import { createDetector, type Detector } from './mapper/detect.ts'
import { createMapper as createBatches } from './mapper/mapper.ts'
import type { BatchContext, Json, JsonObject } from './mapper/types.ts'
import { batchContext, type Context, type DatasetName, datasets } from './package/context.ts'
import { decode, isBlank, type LineOrRecord, linesOf } from './package/lines.ts'
import { checkOptions, type MapperOptions } from './package/options.ts'

/**
 * The package `logpush-intake/mapper`: the mapping of the service for code that has its own way in and out. Pure: nothing is read,
 * written or kept but what was compiled, and nothing is needed beyond ES2025, TextEncoder, btoa, and `crypto` for random event ids.
 */

export { type Context, type DatasetName, datasets, type Json, type JsonObject, type LineOrRecord, type MapperOptions }

/**
 * No function throws for what a line holds: a line that is no record becomes an event that says so (`error.code`, `error.message`,
 * the tag `logpush.bad_line`). All throw TypeError for what can be no line or record by its kind (a Promise, bytes, a Map, a Set, an
 * array, a Response), and RangeError for what the context does not take. Events are the caller's own: they share nothing with each
 * other, while within one two names may share a value.
 */
export interface Mapper {
  /**
   * One record alone: a line of NDJSON (a line end behind it is cut), or what JSON.parse made of it. Integers beyond 2^53-1 keep their
   * digits only in a line.
   */
  map(line: LineOrRecord, context?: Context): JsonObject
  /**
   * The lines of one batch (a string is the whole body, split at its line ends), blank ones left out, as events in their order. Up to
   * 1000 lines are held back: a record whose dataset its own fields leave open may be told by those of the first 100, as long as all are
   * of one dataset. Lazy: lines are read as events are asked for.
   */
  mapBatch(lines: Iterable<LineOrRecord>, context?: Context): Generator<JsonObject, void, undefined>
}

export interface Detection {
  /** The one dataset that knows most of the names and at least half of them; undefined on a tie, below half, or without names. */
  readonly dataset: DatasetName | undefined
  /** The highest share of the names that a dataset knows, 0 to 1. */
  readonly score: number
}

/**
 * Make one and keep it: each dataset's table is compiled when its first record comes.
 *
 * @throws TypeError for options that are no object
 * @throws RangeError for an option that there is none of, or a value that it does not take
 */
export function createMapper(options: MapperOptions = {}): Mapper {
  const { dropFields, ...settings } = checkOptions(options)
  const batches = createBatches(registry, settings)
  const dropper = createFieldDropper(dropFields)

  function* eventsOf(lines: Iterable<LineOrRecord>, context: BatchContext): Generator<JsonObject, void, undefined> {
    const ready: JsonObject[] = []
    const batch = batches.batch(context, ({ event }) => ready.push(ownLists(event)))
    let number = 0
    for (const line of lines) {
      if (isBlank(line)) continue
      batch.push(decode(line, number++, dropper))
      yield* ready
      ready.length = 0
    }
    batch.end()
    yield* ready
  }

  return {
    map(line, context = {}) {
      let mapped: JsonObject = {}
      const batch = batches.batch(batchContext(context), ({ event }) => {
        mapped = ownLists(event)
      })
      batch.push(decode(line, 0, dropper))
      batch.end()
      return mapped
    },
    mapBatch: (lines, context = {}) => eventsOf(linesOf(lines), batchContext(context)),
  }
}

let detector: Detector | undefined

/**
 * Which dataset a record is, by the names of its fields: undefined on a tie, where it knows fewer than half of them, and for what is no
 * record.
 *
 * @throws TypeError as `map` does
 */
export function detect(line: LineOrRecord): Detection {
  detector ??= createDetector(registry)
  const decoded = decode(line, 0, undefined)
  const { dataset, score } = detector.ofKeys('bad' in decoded ? [] : Object.keys(decoded.record))
  return { dataset: dataset as DatasetName | undefined, score }
}

/** The lists of event.* are shared by all events of a dataset; here they are the caller's, who may add to them. */
function ownLists(mapped: JsonObject): JsonObject {
  const event = mapped.event as JsonObject
  for (const [name, value] of Object.entries(event)) if (Array.isArray(value)) event[name] = [...value]
  return mapped
}
