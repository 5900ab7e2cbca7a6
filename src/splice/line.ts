import { isUtf8 } from 'node:buffer'
import { parseRecord } from '../decode/record.ts'
import { copyOf, createBoundedCache } from '../lib/bounded-cache.ts'
import type { Json } from '../mapper/types.ts'
import type { Reader } from '../scan/reader.ts'
import {
  COMPACT,
  EMPTY_ARRAY,
  EMPTY_OBJECT,
  EMPTY_STRING,
  ESCAPED,
  FALSE,
  FLOAT,
  INTEGER,
  LARGE,
  NESTED,
  NEW_KEYS,
  NOT_ASCII,
  NULL,
  ODD,
  type Scanner,
  STRING,
} from '../scan/scanner.ts'
import { createShape, type MeetingParts, type Shape } from './shape.ts'

/** A line that was scanned: its keys, and the values that somebody asks for. One at a time. */
export interface ScannedLine {
  /** @returns undefined where the line has to go the long way; such a line is not always a bad one */
  read(bytes: Buffer): Shape | undefined
  /** A member's value, as decode/record.ts would have it. */
  value(member: number): Json
  /** Puts the values of the reader's first members in `inputs`, each at its place. */
  readInto(inputs: (Json | undefined)[], places: Int32Array): void
  /** A part of its text. */
  text(start: number, end: number): string
}

/** Lists of keys by their text. A sender who makes up new keys for each line only makes it slow. */
const SHAPES = { maxEntries: 500, maxChars: 2 ** 21, maxKeyLength: 2 ** 15 }
/** No key has one. */
const SEPARATOR = '\n'

interface KnownShape {
  readonly shape: Shape | undefined
}

export function createScannedLine(scanner: Scanner, reader: Reader, parts: Omit<MeetingParts, 'value'>): ScannedLine {
  const { tokens } = scanner
  const { reads, numbers } = reader
  const shapes = createBoundedCache<KnownShape>(SHAPES)
  const nested = new Map<number, Json>()
  let bytes: Buffer = Buffer.alloc(0)
  let isAscii = true
  let shape: Shape | undefined
  let isNewShape = true

  const slice = (start: number, end: number) => bytes.toString(isAscii ? 'latin1' : 'utf8', start, end)

  function shapeOf(members: number): Shape | undefined {
    const keys: string[] = []
    let start = 1
    for (let i = 0; i < members; i++) {
      keys.push(copyOf(slice(start + 1, tokens[3 * i]! - 2)))
      start = tokens[3 * i + 1]! + 1
    }
    return shapes.of(keys.join(SEPARATOR), () => ({ shape: createShape(keys, { ...parts, value }) })).shape
  }

  /** Parses what the scanner leaves to others. False where the line is no JSON, or nested too deeply. */
  function parseNested(): boolean {
    const count = scanner.special[0]!
    for (let i = 1; i <= count; i++) {
      const member = scanner.special[i]!
      if (tokens[3 * member + 2] !== NESTED) continue
      const value = nestedValue(slice(tokens[3 * member]!, tokens[3 * member + 1]!))
      if (value === undefined) return false
      nested.set(member, value)
    }
    return true
  }

  function value(member: number): Json {
    const start = tokens[3 * member]!
    const end = tokens[3 * member + 1]!
    switch (tokens[3 * member + 2]) {
      case STRING:
        return slice(start + 1, end - 1)
      case EMPTY_STRING:
        return ''
      case INTEGER:
        return integer(bytes, start, end)
      case FLOAT:
        return Number(slice(start, end))
      case LARGE:
        return slice(start, end)
      case NULL:
        return null
      case EMPTY_ARRAY:
        return []
      case EMPTY_OBJECT:
        return {}
      case NESTED:
        return nested.get(member)!
      case COMPACT:
        return compactValue(member, start, end)
      case ESCAPED:
        return JSON.parse(slice(start, end)) as string
      default:
        return tokens[3 * member + 2] !== FALSE
    }
  }

  /** It is JSON, and not too deep, so it is parsed only where somebody asks for it. */
  function compactValue(member: number, start: number, end: number): Json {
    const known = nested.get(member)
    if (known !== undefined) return known
    const parsed = JSON.parse(slice(start, end)) as Json
    nested.set(member, parsed)
    return parsed
  }

  return {
    value,
    text: slice,
    readInto(inputs, places) {
      const text = reader.read(places.length)
      let start = 0
      for (let i = 0; i < places.length; i++) {
        const member = reads[2 * i]!
        const end = reads[2 * i + 1]!
        const kind = tokens[3 * member + 2]
        const place = places[i]!
        if ((kind === STRING && isAscii) || kind === LARGE) inputs[place] = text.slice(start, end)
        else if (kind === INTEGER) inputs[place] = numbers[i]!
        else if (kind === FLOAT) inputs[place] = Number(text.slice(start, end))
        else inputs[place] = value(member)
        start = end
      }
    },
    read(line) {
      const found = scanner.scan(line)
      if (found === ODD) return undefined
      bytes = line
      isNewShape ||= (found & NEW_KEYS) !== 0
      isAscii = (found & NOT_ASCII) === 0
      if (!isAscii && !isUtf8(line)) return undefined
      if (isNewShape) shape = shapeOf(scanner.count())
      isNewShape = false
      if (nested.size > 0) nested.clear()
      return parseNested() ? shape : undefined
    },
  }
}

const MINUS = 45
const ZERO = 48

/** Exact: no more than 2^53-1 is given here, and no step on the way is larger. */
function integer(bytes: Buffer, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS
  let number = 0
  for (let i = isNegative ? start + 1 : start; i < end; i++) number = number * 10 + (bytes[i]! - ZERO)
  return isNegative ? -number : number
}

/** Undefined for what is no JSON or too deep. It lies in a record, which counts as a level. */
function nestedValue(text: string): Json | undefined {
  try {
    const parsed = parseRecord(`{"":${text}}`)
    return typeof parsed === 'string' ? undefined : parsed.record['']
  } catch {
    return undefined
  }
}
