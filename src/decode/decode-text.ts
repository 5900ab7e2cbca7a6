import type { FieldDropper } from './drop-fields.ts'
import { findJsonFault } from './json-fault.ts'
import { skipString } from './json-text.ts'
import type { BadLine, BadLineCode, Line } from './line.ts'
import { MAX_DEPTH, parseRecord } from './record.ts'

/** What a line has besides its text. */
type Place = Pick<Line, 'number' | 'time'>

const BOM = '\uFEFF'

/**
 * Makes a record of a line's text, or tells why it is none. Never throws for what a line holds. A byte order mark before the object is
 * kept in the text and ignored. A line that is no record keeps its whole text, dropped fields too. Needs nothing of Node.
 */
export function decodeText(text: string, place: Place, dropFields: FieldDropper | undefined): Line {
  const json = text.startsWith(BOM) ? text.slice(1) : text
  try {
    const parsed = parseRecord(json)
    if (parsed === 'not_object') return badLine(place, text, 'not_object', notObject(text, json))
    if (parsed === 'too_deep') return badLine(place, text, 'too_deep', tooDeep(text))
    const left = dropFields?.(json)
    if (left === undefined || left === json) return { ...place, text, record: parsed.record }
    const rest = parseRecord(left)
    if (typeof rest === 'string') throw new Error('Cutting members out of an object left no object.')
    return { ...place, text: left, record: rest.record }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return badLine(place, text, 'not_json', notJson(text, json))
  }
}

export function badLine(place: Place, text: string, code: BadLineCode, message: string): BadLine {
  return { ...place, text, bad: { code, message } }
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
  return new TextEncoder().encode(text.slice(0, index)).length
}
