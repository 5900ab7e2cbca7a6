import { isAscii, isUtf8 } from 'node:buffer'
import type { FieldDropper } from './drop-fields.ts'
import { findJsonFault } from './json-fault.ts'
import { skipString } from './json-text.ts'
import type { BadLine, BadLineCode, Line } from './line.ts'
import type { RawLine } from './lines.ts'
import { MAX_DEPTH, parseRecord } from './record.ts'

const BOM = '\uFEFF'
const REPLACEMENT = '\uFFFD'
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT)

export interface DecodeOptions {
  /** The limit that cut RawLine.bytes; named in the message of a line that is too long. */
  readonly maxLineBytes: number
  readonly dropFields: FieldDropper | undefined
}

/**
 * Makes a record of a line, or tells why it is none. Never throws for what a line holds. A byte order mark before the object is
 * kept in the text and ignored. A line that is no record keeps its whole text, dropped fields too.
 */
export function decodeLine(raw: RawLine, options: DecodeOptions): Line {
  const { bytes, number, time } = raw
  const base = { number, ...(time === undefined ? {} : { time }) }
  const bad = (code: BadLineCode, text: string, message: string): BadLine => ({ ...base, text, bad: { code, message } })

  if (raw.lost > 0) return bad('too_long', textOfCut(bytes), tooLong(raw, options.maxLineBytes))
  const ascii = isAscii(bytes)
  if (!ascii && !isUtf8(bytes)) {
    const text = bytes.toString('utf8')
    return bad('not_utf8', text, `The line is not UTF-8 at byte ${utf8Fault(bytes, text)}.`)
  }
  const text = bytes.toString(ascii ? 'latin1' : 'utf8')
  const json = text.startsWith(BOM) ? text.slice(1) : text
  try {
    const parsed = parseRecord(json)
    if (parsed === 'not_object') return bad('not_object', text, notObject(text, json))
    if (parsed === 'too_deep') return bad('too_deep', text, tooDeep(text))
    const left = options.dropFields?.(json)
    if (left === undefined || left === json) return { ...base, text, record: parsed.record }
    const rest = parseRecord(left)
    if (typeof rest === 'string') throw new Error('Cutting members out of an object left no object.')
    return { ...base, text: left, record: rest.record }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return bad('not_json', text, notJson(text, json))
  }
}

/** How many of the bytes of a cut line are kept: a character that the cut went through is left out. */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) break
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0
    if (length > 0) return length > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

function textOfCut(bytes: Buffer): string {
  return bytes.toString('utf8', 0, wholeCharacters(bytes))
}

function tooLong(raw: RawLine, maxLineBytes: number): string {
  const size = raw.bytes.length + raw.lost
  return `The line has ${size} bytes, more than ${maxLineBytes} (MAX_LINE_BYTES); it is cut at byte ${wholeCharacters(raw.bytes)}.`
}

function notJson(text: string, json: string): string {
  const fault = findJsonFault(json) ?? json.length
  const offset = byteOffset(text, fault + text.length - json.length)
  if (fault === json.length) return `The line is not JSON: it ends at byte ${offset} before the value is complete.`
  return `The line is not JSON: what stands at byte ${offset} is not allowed there.`
}

function notObject(text: string, json: string): string {
  const at = json.search(/[^ \t\r\n]/)
  const first = json[at]
  const kind =
    first === '['
      ? 'an array'
      : first === '"'
        ? 'a string'
        : first === 't' || first === 'f'
          ? 'a boolean'
          : first === 'n'
            ? 'null'
            : 'a number'
  return `The line is JSON, but ${kind} at byte ${byteOffset(text, at + text.length - json.length)}, not an object.`
}

function tooDeep(text: string): string {
  let depth = 0
  let i = 0
  while (depth <= MAX_DEPTH && i < text.length) {
    const char = text[i]
    if (char === '{' || char === '[') depth++
    else if (char === '}' || char === ']') depth--
    if (depth <= MAX_DEPTH) i = char === '"' ? skipString(text, i) : i + 1
  }
  return `The record is nested deeper than ${MAX_DEPTH} levels at byte ${byteOffset(text, i)}.`
}

function byteOffset(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index))
}

/** The first byte that decoding had to replace. U+FFFD may also stand in the bytes themselves. */
function utf8Fault(bytes: Buffer, text: string): number {
  let offset = 0
  let decoded = 0
  for (;;) {
    const next = text.indexOf(REPLACEMENT, decoded)
    if (next < 0) return bytes.length
    offset += Buffer.byteLength(text.slice(decoded, next))
    if (!bytes.subarray(offset, offset + 3).equals(REPLACEMENT_BYTES)) return offset
    offset += 3
    decoded = next + 1
  }
}
