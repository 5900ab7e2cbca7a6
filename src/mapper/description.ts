import { type Layout, VENDOR } from './layout.ts'
import type { Json, JsonObject } from './types.ts'
import { textOf } from './value.ts'

/**
 * The one sentence of an event, for `MESSAGE=description`. A template is text with values of the event:
 *
 * - `{user.email}` is a value, `{user.email|source.ip}` the first that there is. Items of an array are joined with `, `; an object, and
 *   what is empty or only blanks, is none.
 * - `[ on {url.domain}]` is left out when one of its values is missing. When another value is missing, the sentence only names the dataset.
 *
 * Control characters and runs of blanks become one blank, then a value is cut at 200 UTF-16 units, never within a character. No more than
 * the first 8192 units of a text are looked at.
 */

/** Text with a list of names in place of each `{a|b}`. */
type Pieces = readonly (string | readonly string[])[]

type FirstOf<Names extends string> = Names extends `${infer First}|${infer Rest}` ? First | FirstOf<Rest> : Names
type NamesIn<Text extends string> = Text extends `${string}{${infer Names}}${infer Rest}`
  ? FirstOf<Names> | NamesIn<Rest>
  : never

/** The template itself if all its names are of these, else a type that tells which are not. */
export type Template<Text extends string, Name extends string> = [NamesIn<Text>] extends [Name]
  ? Text
  : { readonly noSuchName: Exclude<NamesIn<Text>, Name> }

type Values = readonly (Json | undefined)[]
type Write = (values: Values) => string | undefined

const MAX_LENGTH = 200
const MAX_READ = 8192
const BLANKS = /[\s\p{Cc}]+/gu

function piecesOf(text: string): Pieces {
  const pieces = text.split(/\{([^{}]+)\}/).map((piece, i) => (i % 2 === 1 ? piece.split('|') : piece))
  if (pieces.some(piece => typeof piece === 'string' && /[{}[\]]/.test(piece)))
    throw new Error(`A template cannot hold ${JSON.stringify(text)}: a bracket is open, nested or empty`)
  return pieces.filter(piece => piece !== '')
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length)
}

/** The text with one blank for each run of blanks; undefined when there is nothing else. */
function plainText(value: Json | undefined): string | undefined {
  const text = textOf(value)
  if (text === undefined) return undefined
  const plain = cut(text, MAX_READ).replace(BLANKS, ' ')
  return plain === ' ' ? undefined : plain
}

function joined(items: readonly Json[]): string | undefined {
  let text: string | undefined
  for (const item of items) {
    const one = plainText(item)?.trim()
    if (one === undefined) continue
    text = text === undefined ? one : `${text}, ${one}`
    if (text.length > MAX_LENGTH) break
  }
  return text
}

/** How a value reads in a sentence; undefined when there is nothing to read. */
function wordsOf(value: Json | undefined): string | undefined {
  const text = Array.isArray(value) ? joined(value) : plainText(value)
  return text === undefined ? undefined : cut(text, MAX_LENGTH)
}

/** Call when all targets are known: a name that no rule sets is always missing. */
function compileName(name: string, layout: Layout): Write[] {
  const isVendor = name.startsWith(VENDOR)
  const slot = layout.find(isVendor ? 'cloudflare' : name)
  if (slot === undefined) return []
  if (!isVendor) return [values => wordsOf(values[slot])]
  const key = name.slice(VENDOR.length)
  return [values => wordsOf((values[slot] as JsonObject | undefined)?.[key])]
}

function firstOf(names: readonly string[], layout: Layout): Write {
  const choices = names.flatMap(name => compileName(name, layout))
  return values => {
    for (const choice of choices) {
      const words = choice(values)
      if (words !== undefined) return words
    }
    return undefined
  }
}

/** Undefined when a value is missing. */
function compilePart(text: string, layout: Layout): Write {
  const pieces = piecesOf(text).map(piece => (typeof piece === 'string' ? piece : firstOf(piece, layout)))
  return values => {
    let part = ''
    for (const piece of pieces) {
      const words = typeof piece === 'string' ? piece : piece(values)
      if (words === undefined) return undefined
      part += words
    }
    return part
  }
}

/** Makes a template a function from an event's values, `cloudflare` among them, to its sentence. Throws when a bracket is amiss. */
export function compileDescription(
  template: string | undefined,
  dataset: string,
  layout: Layout,
): (values: Values) => string {
  const plain = `Cloudflare ${dataset} event`
  if (template === undefined) return () => plain
  const parts = template
    .split(/\[([^[\]]+)\]/)
    .map((text, i) => ({ isOptional: i % 2 === 1, write: compilePart(text, layout) }))
  return values => {
    let sentence = ''
    for (const { isOptional, write } of parts) {
      const part = write(values)
      if (part !== undefined) sentence += part
      else if (!isOptional) return plain
    }
    return sentence.replace(/ {2,}/g, ' ').trim()
  }
}
