import { badLine, decodeText } from '../decode/decode-text.ts'
import type { FieldDropper } from '../decode/drop-fields.ts'
import type { Line } from '../mapper/types.ts'
import { hollowKindOf, kindOf, shown } from './given.ts'

/** What functions, Promises, bytes, Maps and arrays have, and no record. */
type NoField = { readonly [name in 'then' | 'call' | 'byteLength']?: never } & { readonly [Symbol.iterator]?: never }

/** A line of NDJSON, or what JSON.parse made of it: an object by whatever type, an interface of your own too. */
export type LineOrRecord = string | Readonly<Record<string, unknown>> | (object & NoField)

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/Promise/, ' Await it first.'],
  [/Buffer|View|\dArray|Clamped/, ' Decode bytes first, with TextDecoder.'],
  [/Response|Request|Blob|Stream/, ' Await its text first.'],
  [/AsyncIterable/, ' Read it first.'],
]

function refuse(what: string, takes: string, kind: string): never {
  const hint = HINTS.find(([kinds]) => kinds.test(kind))?.[1] ?? ''
  throw new TypeError(`${what} must be ${takes}, not ${kind}.${hint}`)
}

/**
 * An object goes through its text: so the event shares nothing with it, and what JSON leaves out or cannot hold is dealt with.
 *
 * @throws TypeError for what would lose all it holds on that way: a forgotten await, bytes, lists
 */
export function decode(line: LineOrRecord, number: number, dropper: FieldDropper | undefined): Line {
  if (typeof line === 'string') return decodeText(withoutEnd(line), { number }, dropper)
  const kind = typeof line === 'object' && line !== null ? lostKindOf(line) : undefined
  if (kind !== undefined) refuse('A line', 'a string or an object', kind)
  const text = textOf(line)
  if (text === undefined) return badLine({ number }, '', 'not_json', 'The value cannot be written as JSON.')
  return decodeText(text, { number }, dropper)
}

/** @throws TypeError for what is no lines, before one is asked for */
export function linesOf(lines: Iterable<LineOrRecord>): Iterable<LineOrRecord> {
  if (typeof lines === 'string') return lines.split('\n')
  const takes = 'a string or an iterable of lines'
  if (typeof lines !== 'object' || lines === null) return refuse('The lines', takes, shown(lines))
  const kind = thenable(lines) ?? kindOf(lines)
  if (kind !== undefined && !/^an? (Array|Set)$/.test(kind)) refuse('The lines', takes, kind)
  if (Symbol.asyncIterator in lines) refuse('The lines', takes, 'an AsyncIterable')
  if (typeof (lines as Partial<Iterable<unknown>>)[Symbol.iterator] !== 'function')
    refuse('The lines', takes, shown(lines))
  return lines
}

export const isBlank = (line: LineOrRecord): boolean => typeof line === 'string' && /^[ \t\r\n]*$/.test(line)

/** An object that answers by throwing is one that cannot be written as JSON. */
function lostKindOf(value: object): string | undefined {
  try {
    return thenable(value) ?? hollowKindOf(value)
  } catch {
    return undefined
  }
}

/** Any of them, not only the engine's own: a query of a database often is one. */
function thenable(value: object): string | undefined {
  return 'then' in value && typeof value.then === 'function' ? 'a Promise' : undefined
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
