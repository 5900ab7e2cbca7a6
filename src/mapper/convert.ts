import { always, type Converter, PLACEHOLDER } from './converter.ts'
import type { Geohash, GeoPoint } from './ecs.ts'
import { booleanOf, integerOf, numberOf } from './number.ts'
import { NO_TIME, timeOf } from './time.ts'
import type { Json } from './types.ts'
import { isEmpty, textOf } from './value.ts'

/** Converters of plain values. Network values: convert-net.ts; look-ups: convert-names.ts. */

/** String as it is; number or boolean as text. */
export const text: Converter<string> = { name: 'text', convert: textOf, passes: 'text' }

export const lower: Converter<string> = { name: 'text in lower case', convert: value => textOf(value)?.toLowerCase() }

function stringsOf(value: Json): string[] | undefined {
  if (typeof value === 'string') return value === '' ? undefined : [value]
  if (!Array.isArray(value)) return undefined
  const strings = value.filter(item => typeof item === 'string' && item !== '') as string[]
  return strings.length === 0 ? undefined : strings
}

/** Whether items of an array were left out. */
export function leavesOut(value: Json, out: Json): boolean {
  return Array.isArray(value) && Array.isArray(out) && value.length !== out.length
}

/** Array of non-empty strings; a string becomes an array of one. */
export const list: Converter<string[]> = { name: 'list of texts', convert: stringsOf, keeps: leavesOut }

export const join: Converter<string> = {
  name: 'list joined with semicolons',
  convert: value => stringsOf(value)?.join('; '),
  keeps: always,
}

/** The only item of a comma-separated text. */
export const split: Converter<string> = {
  name: 'only item of a comma-separated text',
  convert: value => {
    const items = textOf(value)
      ?.split(',', 3)
      .map(item => item.trim())
    return items?.length === 1 && items[0] !== '' ? items[0] : undefined
  },
  quiet: true,
  keeps: always,
}

export const int: Converter<number> = { name: 'integer', convert: integerOf, passes: 'integer' }

export const float: Converter<number> = { name: 'number', convert: numberOf, passes: 'number' }

export const share: Converter<number> = {
  name: 'number from 0 to 1',
  convert: value => {
    const number = numberOf(value)
    return number !== undefined && number >= 0 && number <= 1 ? number : undefined
  },
  quiet: true,
}

export const bool: Converter<boolean> = { name: 'boolean', convert: booleanOf, passes: 'boolean' }

/** Milliseconds as nanoseconds, for event.duration. */
export const ms: Converter<number> = {
  name: 'milliseconds as nanoseconds',
  convert: value => {
    const milliseconds = numberOf(value)
    if (milliseconds === undefined || milliseconds < 0) return undefined
    const nanoseconds = Math.round(milliseconds * 1e6)
    return Number.isSafeInteger(nanoseconds) ? nanoseconds : undefined
  },
}

/** Bits as whole bytes. */
export const bits: Converter<number> = {
  name: 'bits as bytes',
  convert: value => {
    const number = integerOf(value)
    return number === undefined ? undefined : Math.floor(number / 8)
  },
  keeps: always,
}

export const time: Converter<string> = {
  name: 'time',
  convert: value => {
    const found = timeOf(value)
    return found === NO_TIME ? PLACEHOLDER : found?.text
  },
}

const NO_COUNTRY: ReadonlySet<string> = new Set(['XX', 'T1', 'UNKNOWN', 'NONE'])
const A = 65
/** Country codes by their letters, so that no text is made for one. */
const CODES = Array.from({ length: 26 * 26 }, (_, i) => String.fromCharCode(A + Math.floor(i / 26), A + (i % 26)))

/** 0 to 25; -1 for what is no letter. */
function letterOf(code: number): number {
  const letter = (code & ~32) - A
  return letter >= 0 && letter < 26 ? letter : -1
}

function countryOf(value: Json | undefined): string | undefined | typeof PLACEHOLDER {
  if (typeof value !== 'string' || value.length > 7) return undefined
  if (value.length !== 2) return NO_COUNTRY.has(value.toUpperCase()) ? PLACEHOLDER : undefined
  const first = letterOf(value.charCodeAt(0))
  const second = letterOf(value.charCodeAt(1))
  if (first < 0 || second < 0) return NO_COUNTRY.has(value.toUpperCase()) ? PLACEHOLDER : undefined
  const code = CODES[first * 26 + second]!
  return code === 'XX' ? PLACEHOLDER : code
}

export const country: Converter<string> = { name: 'country code', convert: countryOf }

const REGION = /^[A-Za-z0-9]{1,3}$/

/** One to three capital letters or digits: as REGION, with nothing to change. */
function isPlainRegion(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < 48 || code > 57) && (code < A || code >= A + 26)) return false
  }
  return text.length <= 3
}

/** ISO 3166-2 from a subdivision and the field that holds its country. */
export function region<Arg extends string>(countryField: Arg): Converter<string, Arg> {
  return {
    name: `region of the country in \`${countryField}\``,
    args: [countryField],
    convert: (value, country) => {
      const subdivision = textOf(value)
      if (subdivision === undefined) return undefined
      const isPlain = isPlainRegion(subdivision)
      if (!isPlain && subdivision.includes('-')) return subdivision
      const code = countryOf(country)
      if (typeof code !== 'string') return undefined
      if (isPlain) return `${code}-${subdivision}`
      return REGION.test(subdivision) ? `${code}-${subdivision.toUpperCase()}` : undefined
    },
  }
}

/** A point from a latitude and the field that holds its longitude. */
export function latlon<Arg extends string>(longitudeField: Arg): Converter<GeoPoint, Arg> {
  return {
    name: `latitude, with the longitude in \`${longitudeField}\``,
    args: [longitudeField],
    convert: (latitude, longitude) => {
      const lat = numberOf(latitude)
      const lon = numberOf(longitude)
      if (lat === undefined || lon === undefined || Math.abs(lat) > 90 || Math.abs(lon) > 180) return undefined
      return { lat, lon }
    },
  }
}

const GEOHASH = /^[0-9b-hjkmnp-z]{1,12}$/i

/** A point as a geohash, in lower case: an index refuses the event for any other letter. */
export const geohash: Converter<GeoPoint> = {
  name: 'geohash',
  convert: value => (typeof value === 'string' && GEOHASH.test(value) ? (value.toLowerCase() as Geohash) : undefined),
}

const NO_WORD: ReadonlySet<string> = new Set(['none', 'unknown', 'unk'])

export function isNoWord(text: string): boolean {
  return text.length <= 7 && NO_WORD.has(text.toLowerCase())
}

export const word: Converter<string> = {
  name: 'word',
  convert: value => {
    const found = textOf(value)
    return found !== undefined && isNoWord(found) ? PLACEHOLDER : found
  },
}

const SHA256 = /^[0-9A-Fa-f]{64}\.?$/

export const sha256: Converter<string> = {
  name: 'SHA-256',
  convert: value => (typeof value === 'string' && SHA256.test(value) ? value.slice(0, 64) : undefined),
}

/** The given word when the value is true. */
export function flag<Word extends string>(name: Word): Converter<Word> {
  return {
    name: `\`${name}\` if true`,
    convert: value => (booleanOf(value) === true ? name : undefined),
    quiet: true,
    keeps: always,
  }
}

/** One text for true, another for false. */
export function bool2<A extends string, B extends string>(yes: A, no: B): Converter<A | B> {
  return {
    name: `\`${yes}\` if true, \`${no}\` if false`,
    convert: value => {
      const found = booleanOf(value)
      return found === undefined ? undefined : found ? yes : no
    },
  }
}

/** A text for each of the named values. */
export function map<const Out extends string>(words: Readonly<Record<string, Out>>): Converter<Out> {
  const outs = new Map(Object.entries(words))
  const pairs = [...outs].map(([word, out]) => `\`${out}\` for \`${word}\``)
  return { name: pairs.join(', '), convert: value => outs.get(textOf(value) ?? ''), quiet: true }
}

export const module: Converter<string> = {
  name: 'text behind `cloudflare.`',
  convert: value => {
    const found = textOf(value)
    return found === undefined ? undefined : `cloudflare.${found}`
  },
  keeps: always,
}

/** The value unchanged, for targets below `cloudflare`. */
export const json: Converter<Json> = { name: 'unchanged', convert: value => (isEmpty(value) ? undefined : value) }
