import { isIP } from 'node:net'
import ecs from '@elastic/ecs'
import type { JsonObject } from '../../src/mapper/types.ts'

interface Field {
  readonly type: string
  readonly normalize: readonly string[]
  readonly allowed_values?: readonly { readonly name: string; readonly expected_event_types?: readonly string[] }[]
  readonly expected_values?: readonly string[]
}
const FIELDS = ecs.EcsFlat as unknown as Readonly<Record<string, Field>>
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/

/** Integers beyond 2^53-1 are decimal strings. */
function isLargeLong(value: unknown): boolean {
  if (typeof value !== 'string' || !/^-?\d{16,19}$/.test(value) || Number.isSafeInteger(Number(value))) return false
  return BigInt.asIntN(64, BigInt(value)) === BigInt(value)
}

const GEOHASH = /^[0-9b-hjkmnp-z]{1,12}$/

function isPoint(value: unknown): boolean {
  if (typeof value === 'string') return GEOHASH.test(value)
  if (typeof value !== 'object' || value === null) return false
  const { lat, lon, ...rest } = value as Record<string, number>
  return Math.abs(lat!) <= 90 && Math.abs(lon!) <= 180 && Object.keys(rest).length === 0
}

const HOLDS: Readonly<Record<string, (value: unknown) => boolean>> = {
  boolean: value => typeof value === 'boolean',
  constant_keyword: value => typeof value === 'string',
  date: value => typeof value === 'string' && DATE.test(value) && !Number.isNaN(Date.parse(value)),
  float: value => Number.isFinite(value),
  geo_point: isPoint,
  // An index takes no zone of an address.
  ip: value => typeof value === 'string' && isIP(value) > 0 && !value.includes('%'),
  keyword: value => typeof value === 'string' && value !== '',
  long: value => Number.isSafeInteger(value) || isLargeLong(value),
  match_only_text: value => typeof value === 'string',
  nested: value => typeof value === 'object' && value !== null,
  scaled_float: value => Number.isFinite(value),
  wildcard: value => typeof value === 'string' && value !== '',
}

function faultsOfValue(name: string, field: Field, value: unknown): string[] {
  const isArray = field.normalize.includes('array')
  if (Array.isArray(value) !== isArray) return [`${name} is ${isArray ? 'no' : 'an'} array`]
  const values = isArray ? (value as unknown[]) : [value]
  const words = field.allowed_values?.map(word => word.name) ?? field.expected_values
  return values.flatMap(one => {
    if (!HOLDS[field.type]?.(one)) return [`${name} is no ${field.type}: ${JSON.stringify(one)}`]
    if (field.type === 'nested') return faultsBelow(one as JsonObject, `${name}.`)
    return words && !words.includes(String(one)) ? [`${name} has no value ${one}`] : []
  })
}

function faultsBelow(object: JsonObject, prefix: string): string[] {
  return Object.entries(object).flatMap(([key, value]) => {
    const name = prefix + key
    if (name === 'cloudflare') return []
    const field = FIELDS[name]
    if (field && field.type !== 'object') return faultsOfValue(name, field, value)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${name} is not in ECS`]
    return faultsBelow(value, `${name}.`)
  })
}

/** ECS expects certain event.type values for each event.category. */
function typeFaults(event: JsonObject): string[] {
  const { category, type } = event.event as { category?: string[]; type?: string[] }
  const categories = FIELDS['event.category']!.allowed_values!.filter(allowed => category?.includes(allowed.name))
  const expected = categories.flatMap(allowed => allowed.expected_event_types ?? [])
  return (type ?? [])
    .filter(one => !expected.includes(one))
    .map(one => `event.type ${one} is not expected of ${category}`)
}

/** What is wrong with an event by the field list of ECS: names, types, arrays, closed lists of values. */
export function ecsFaults(event: JsonObject): string[] {
  return [...faultsBelow(event, ''), ...typeFaults(event)]
}
