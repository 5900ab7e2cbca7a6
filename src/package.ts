import { registry } from './datasets/index.ts'
import { badLine, decodeText } from './decode/decode-text.ts'
import { createFieldDropper, type FieldDropper } from './decode/drop-fields.ts'
import { uuidsOf } from './lib/uuid.ts'
import { createDetector, type Detection, type Detector } from './mapper/detect.ts'
import { createMapper as createBatches } from './mapper/mapper.ts'
import { NO_TIME, timeOf } from './mapper/time.ts'
import type { BatchContext, Json, JsonObject, Line, MapperSettings } from './mapper/types.ts'

/**
 * The package `logpush-intake/mapper`: the mapping of the service for code that has its own way in and out. Pure: nothing is read,
 * written or kept but what was compiled, and nothing is needed beyond ES2025, TextEncoder, and `crypto` for random event ids.
 */

export type { Detection, Json, JsonObject }

/** The options of the mapping; what is left out is as in the service without settings. */
export interface MapperOptions extends Partial<MapperSettings> {
  /** Fields taken out of a record before mapping and out of the kept line, as the setting DROP_FIELDS: `Cookies`, `RequestHeaders.authorization`. */
  readonly dropFields?: readonly string[]
}

export interface Context {
  /** The dataset, where it is known; else it is found by the names of the fields. */
  readonly dataset?: string | undefined
  /** `@timestamp` of a record without a time: a Date, or RFC 3339. The present unless given. */
  readonly receivedAt?: Date | string | undefined
  /** The id of an event by the number of its line in the batch, for `eventIdField`. Random UUIDs unless given. */
  readonly id?: ((line: number) => string) | undefined
}

/**
 * No function throws for what a line holds: a line that is no record becomes an event that says so (`error.code`, `error.message`,
 * the tag `logpush.bad_line`). All throw RangeError for a dataset or a time of the context that is none. Events are the caller's own.
 */
export interface Mapper {
  /** One record alone: a line of NDJSON, or what JSON.parse made of it. Integers beyond 2^53-1 keep their digits only in a line. */
  map(line: string | object, context?: Context): JsonObject
  /**
   * The lines of one batch (a string is the whole body, split at its line ends), blank ones left out, as events in their order. Up to
   * 1000 lines are held back: a record whose dataset its own fields leave open may be told by those of the first 100. Lazy: lines are
   * read as events are asked for.
   */
  mapBatch(lines: Iterable<string | object>, context?: Context): Generator<JsonObject, void, undefined>
}

const DEFAULTS: MapperSettings = {
  profile: 'ecs',
  additions: 'auto',
  message: 'raw',
  keepOriginal: true,
  userAgent: 'parse',
  namespace: 'default',
  eventIdField: undefined,
}

/** The names of all datasets of Logpush. */
export const datasets: readonly string[] = Object.freeze(registry.map(({ name }) => name))

/**
 * Make one and keep it: each dataset's table is compiled when its first record comes.
 *
 * @throws RangeError for an option that there is none of: a misspelled dropFields would let pass what it was to take out
 */
export function createMapper(options: MapperOptions = {}): Mapper {
  const { dropFields = [], ...settings } = options
  const unknown = Object.keys(settings).filter(name => !Object.hasOwn(DEFAULTS, name))
  if (unknown.length > 0) throw new RangeError(`Unknown option ${unknown.join(', ')}.`)
  const given = Object.entries(settings).filter(([, value]) => value !== undefined)
  const batches = createBatches(registry, { ...DEFAULTS, ...Object.fromEntries(given) })
  const dropper = createFieldDropper(dropFields)

  function* eventsOf(lines: Iterable<string | object>, context: BatchContext): Generator<JsonObject, void, undefined> {
    const ready: JsonObject[] = []
    const batch = batches.batch(context, ({ event }) => ready.push(ownLists(event)))
    let number = 0
    for (const line of lines) {
      const text = typeof line === 'string' ? withoutEnd(line) : line
      if (typeof text === 'string' && isBlank(text)) continue
      batch.push(decode(text, number++, dropper))
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
    mapBatch: (lines, context = {}) =>
      eventsOf(typeof lines === 'string' ? lines.split('\n') : lines, batchContext(context)),
  }
}

let detector: Detector | undefined

/** Which dataset a record is, by the names of its fields: undefined on a tie, where it knows fewer than half of them, and for what is no record. */
export function detect(line: string | object): Detection {
  detector ??= createDetector(registry)
  const decoded = decode(line, 0, undefined)
  const { dataset, score } = detector.ofKeys('bad' in decoded ? [] : Object.keys(decoded.record))
  return { dataset, score }
}

/** An object goes through its text: so the event shares nothing with it, and what JSON leaves out or cannot hold is dealt with. */
function decode(line: string | object, number: number, dropper: FieldDropper | undefined): Line {
  const text = typeof line === 'string' ? line : textOf(line)
  if (text === undefined) return badLine({ number }, '', 'not_json', 'The value cannot be written as JSON.')
  return decodeText(text, { number }, dropper)
}

/** undefined for what is no JSON value: objects in a circle, a function, undefined itself. */
function textOf(value: unknown): string | undefined {
  for (const replacer of [undefined, bigintAsDigits]) {
    try {
      return JSON.stringify(value, replacer)
    } catch {
      // A bigint perhaps: the second way is the slower one.
    }
  }
  return undefined
}

const bigintAsDigits = (_: string, member: unknown) => (typeof member === 'bigint' ? String(member) : member)

function withoutEnd(line: string): string {
  let end = line.length
  if (line[end - 1] === '\n') end--
  if (line[end - 1] === '\r') end--
  return line.slice(0, end)
}

const isBlank = (line: string): boolean => /^[ \t\r\n]*$/.test(line)

function batchContext({ dataset, receivedAt = new Date(), id }: Context): BatchContext {
  if (dataset !== undefined && !datasets.includes(dataset))
    throw new RangeError(`Unknown dataset ${dataset}. Known datasets: ${datasets.join(', ')}.`)
  let random: ((line: number) => string) | undefined
  return {
    dataset,
    time: rfc3339(receivedAt),
    id(line) {
      if (id !== undefined) return id(line)
      random ??= uuidsOf(crypto.getRandomValues(new Uint8Array(12)))
      return random(line)
    },
  }
}

function rfc3339(receivedAt: Date | string): string {
  const time = timeOf(typeof receivedAt === 'string' ? receivedAt : receivedAt.toISOString())
  if (time === undefined || time === NO_TIME) throw new RangeError(`receivedAt is no time: ${String(receivedAt)}.`)
  return time.text
}

/** The lists of event.* are shared by all events of a dataset; here they are the caller's, who may add to them. */
function ownLists(mapped: JsonObject): JsonObject {
  const event = mapped.event as JsonObject
  for (const [name, value] of Object.entries(event)) if (Array.isArray(value)) event[name] = [...value]
  return mapped
}
