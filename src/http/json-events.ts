import { isUtf8 } from 'node:buffer'
import { httpErrors } from '../errors.ts'
import type { Span } from './json-scan.ts'
import * as json from './json-scan.ts'
import { JsonError, type Scan } from './json-value.ts'
import { type ParsedTime, parseTime } from './time.ts'

/** One event of a JSON body, as a place in the body's bytes. */
export interface JsonEvent {
  readonly value: Span
  /** The event's own time, RFC 3339 UTC, or `-`. */
  readonly time: string
  /** The intake key beside the event, where each has its own. */
  readonly key?: string | undefined
}

export interface JsonBody {
  /** The intake key of the whole body, where it has one. */
  readonly key?: string | undefined
  /** In order, undefined where others may have a turn; throws at the first that is not as it must be. May be iterated again. */
  events(): Iterable<JsonEvent | undefined>
}

/** Finds the events of a body. Throws JsonError or an error of the table. */
export type JsonShape = (body: Buffer) => Scan<JsonBody>

const NO_TIME = '-'
const MAX_STEPS = 8
/** Of an object around events. Such a body is looked at before its key is known. */
const MAX_MEMBERS = 64
/** What a key of 1024 characters takes when each is escaped, with its quotes. */
const MAX_KEY_BYTES = 6 * 1024 + 2
const MAX_TIME_BYTES = 1024

/** `[event, …]` */
export const arrayOfEvents: JsonShape = function* (body) {
  return { events: eventsOf(body, yield* root(body), 'it is no array') }
}

/** `{"intake_key", "json", "@timestamp"?}` */
export const oneEvent: JsonShape = function* (body) {
  const event = yield* wrapped(body, yield* root(body), 'it')
  return { key: event.key, events: () => [event] }
}

/** `{"intake_key", "jsons": [event, …]}` */
export const keyWithEvents: JsonShape = function* (body) {
  const { intake_key, jsons } = yield* pick(body, yield* root(body), ['intake_key', 'jsons'], 'it', MAX_MEMBERS)
  if (jsons === undefined) throw new JsonError('jsons is missing')
  return { key: keyOf(body, intake_key), events: eventsOf(body, jsons, 'jsons is no array') }
}

/** `[{"intake_key", "json", "timestamp"?}, …]` */
export const arrayOfWrapped: JsonShape = function* (body) {
  const array = checkArray(body, yield* root(body), 'it is no array')
  return {
    *events() {
      let number = 0
      for (const element of json.elements(body, array)) {
        yield element && (yield* wrapped(body, element, `element ${++number}`))
      }
    },
  }
}

/**
 * An object in which `path` leads to the array of events.
 *
 * @throws 400 when the path is none
 */
export function eventsAt(path: string | undefined): JsonShape {
  const steps = stepsOf(path)
  return function* (body) {
    let at = yield* root(body)
    for (const step of steps) {
      const next = json.isObject(body, at) ? (yield* pick(body, at, [step], 'it'))[step] : undefined
      if (next === undefined) throw new httpErrors.badPath(`the body has no ${JSON.stringify(step.slice(0, 64))} there`)
      at = next
    }
    if (!json.isArray(body, at)) throw new httpErrors.badPath('what it leads to is no array')
    return { events: eventsOf(body, at, '') }
  }
}

/**
 * The event as a line: a string's text, else the element as it was written, so that no digit is lost; CR and LF become blanks.
 * A blank text stays in its quotes, since a blank line would have no id and every element has one.
 */
export function lineOf(body: Buffer, value: Span): Buffer {
  const text = json.stringOf(body, value)
  if (text !== undefined && text.trim() !== '') return Buffer.from(text.replace(/[\r\n]/g, ' '))
  const bytes = Buffer.from(body.subarray(value.start, value.end))
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0x0a || bytes[at] === 0x0d) bytes[at] = 0x20
  return bytes
}

function* root(body: Buffer): Scan<Span> {
  if (!isUtf8(body)) throw new JsonError('it is no UTF-8')
  yield
  return yield* json.document(body)
}

function checkArray(body: Buffer, value: Span, problem: string): Span {
  if (!json.isArray(body, value)) throw new JsonError(problem)
  return value
}

function eventsOf(body: Buffer, value: Span, problem: string): () => Iterable<JsonEvent | undefined> {
  const array = checkArray(body, value, problem)
  return function* () {
    for (const element of json.elements(body, array)) yield element && { value: element, time: NO_TIME }
  }
}

/** The named members of an object; of a repeated name the last, as JSON.parse does. */
function* pick<N extends string>(
  body: Buffer,
  object: Span,
  names: readonly N[],
  what: string,
  maxMembers = Number.POSITIVE_INFINITY,
): Scan<Partial<Record<N, Span>>> {
  if (!json.isObject(body, object)) throw new JsonError(`${what} is no object`)
  const found: Partial<Record<N, Span>> = Object.create(null)
  const longest = Math.max(...names.map(name => name.length))
  let count = 0
  for (const member of json.members(body, object)) {
    if (member === undefined) {
      yield
      continue
    }
    if (++count > maxMembers) throw new JsonError(`${what} has more than ${maxMembers} members`)
    const text = json.shortTextOf(body, member.name, longest)
    const name = names.find(candidate => candidate === text)
    if (name !== undefined) found[name] = member
  }
  return found
}

function* wrapped(body: Buffer, object: Span, what: string): Scan<JsonEvent> {
  const found = yield* pick(body, object, ['intake_key', 'json', '@timestamp', 'timestamp'], what, MAX_MEMBERS)
  if (found.json === undefined) throw new JsonError(`${what} has no member json`)
  const time = timeOf(body, found['@timestamp'] ?? found.timestamp)
  if (time === 'unreadable') {
    throw new JsonError(`the timestamp of ${what} must be RFC 3339 or a Unix time in s, ms, µs or ns`)
  }
  return { value: found.json, time: time === 'absent' ? NO_TIME : time, key: keyOf(body, found.intake_key) }
}

/** What is longer than any key can be stays as it is written, which is none. */
function keyOf(body: Buffer, value: Span | undefined): string | undefined {
  if (value === undefined) return undefined
  const { start, end } = value
  return end - start > MAX_KEY_BYTES
    ? json.source(body, { start, end: start + MAX_KEY_BYTES })
    : json.stringOf(body, value)
}

function timeOf(body: Buffer, value: Span | undefined): ParsedTime {
  if (value === undefined) return 'absent'
  if (value.end - value.start > MAX_TIME_BYTES) return 'unreadable'
  const text = json.stringOf(body, value) ?? json.source(body, value)
  return text === 'null' ? 'absent' : parseTime(text)
}

/** `$`, then `.name` or `['name']` each. */
function stepsOf(path: string | undefined): string[] {
  if (path === undefined) throw new httpErrors.badPath('it is missing')
  const steps: string[] = []
  const step = /\.([^.[\]'"\s]+)|\[(?:'([^']*)'|"([^"]*)")\]/y
  step.lastIndex = 1
  while (path.startsWith('$') && step.lastIndex < path.length && step.lastIndex > 0) {
    const found = step.exec(path)
    if (found !== null) steps.push(found[1] ?? found[2] ?? found[3] ?? '')
  }
  if (step.lastIndex !== path.length) throw new httpErrors.badPath('it cannot be read')
  if (steps.length > MAX_STEPS) throw new httpErrors.badPath(`it has more than ${MAX_STEPS} steps`)
  return steps
}
