import { isDeepStrictEqual } from 'node:util'
import type { Json, JsonObject } from '../../src/mapper/types.ts'

/** Where a field's value is: below `cloudflare` as it was, or in ECS fields; `told`: another field of the record has said the same. */
export type Found = 'kept' | 'kept as text' | 'mapped' | 'told' | undefined

const RFC3339 = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** Of a readable time: `@` and its nanoseconds since 1970. */
function instantOf(text: string): string | undefined {
  if (!RFC3339.test(text)) return undefined
  const [, seconds, fraction = '', offset] = /^([^.Z+]{19})(?:\.(\d+))?(.*)$/.exec(text)!
  const ms = Date.parse(`${seconds!.replace(' ', 'T')}${offset}`)
  return Number.isNaN(ms) ? undefined : `@${BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9))}`
}

/** Digits are seconds, milliseconds, microseconds or nanoseconds by their number. */
function instantsOfDigits(digits: string): string[] {
  if (!/^\d{1,19}$/.test(digits)) return []
  const size = digits.length
  const factor = 10n ** BigInt(size <= 11 ? 9 : size <= 14 ? 6 : size <= 17 ? 3 : 0)
  return [`@${BigInt(digits) * factor}`, `@${BigInt(digits) * 1_000_000n}`]
}

/** Two or more parts which together are the text. */
function partsOf(text: string): string[][] {
  const version = /^(http|tls|ssl)(?:\/| ?v)(\d+(?:\.\d+)?)$/.exec(text)
  const address = /^\[?(.*?)\]?:(\d+)$/.exec(text)
  const path = /^(\/[^?#]*)(?:\?([^#]*))?$/.exec(text)
  const hostPath = /^([^/]+)(\/.*)$/.exec(text)
  const [, protocol, number] = version ?? []
  const parts = [
    version?.slice(1),
    version && [protocol, `${number}.0`],
    address?.slice(1),
    path?.slice(1).filter(Boolean),
    hostPath?.slice(1),
  ]
  return parts.filter(part => part !== undefined && part !== null) as string[][]
}

/** Ways to write the value, in lower case: one of them, with all its parts. */
function formsOf(value: Json): string[][] {
  if (typeof value === 'object') {
    if (!Array.isArray(value) || value.length === 0) return []
    return value.every(item => typeof item === 'string') ? [value.flatMap(item => formsOf(item)[0] ?? [])] : []
  }
  const text = String(value).toLowerCase()
  const number = Number(text)
  const numeric = Number.isFinite(number) ? [`${number}`, `${number * 1e6}`] : []
  const cut = [
    text.replace(/\.$/, ''),
    text.replace(/^\?/, ''),
    text.replace(/^::ffff:/, ''),
    text.replace(/^as/, ''),
    text.replace('icmpv6', 'ipv6-icmp'),
  ]
  const instant = instantOf(String(value))
  const single = [text, ...numeric, ...cut, ...(instant ? [instant] : []), ...instantsOfDigits(text), `??-${text}`]
  return [...single.filter(form => form !== '').map(form => [form]), ...partsOf(text)]
}

function addLeaves(value: Json, path: string, leaves: Map<string, string>): void {
  if (typeof value === 'object' && value !== null) {
    const isList = Array.isArray(value)
    for (const [key, item] of Object.entries(value)) addLeaves(item, isList ? path : `${path}.${key}`, leaves)
    return
  }
  leaves.set(`${path}=${value}`, String(value).toLowerCase())
}

/** What an event tells besides the line: the message, and what says only that something is odd, are left out. */
export function evidenceOf(event: JsonObject): JsonObject {
  const { message: _message, tags: _tags, ...rest } = event
  const { original: _original, ...ofEvent } = rest.event as JsonObject
  return { ...rest, event: ofEvent }
}

function leavesOf(event: JsonObject): Map<string, string> {
  const { cloudflare: _cloudflare, ...ofEcs } = evidenceOf(event)
  const leaves = new Map<string, string>()
  addLeaves(ofEcs, '', leaves)
  return leaves
}

function findKept(field: string, value: Json, event: JsonObject, without: JsonObject): Found {
  const kept = (event.cloudflare ?? {}) as JsonObject
  if (isDeepStrictEqual(kept[field], value)) return 'kept'
  if (kept[field] === String(value)) return 'kept as text'
  const before = (without.cloudflare ?? {}) as JsonObject
  // A published name in place of the field's own.
  const more = Object.entries(kept).filter(([key, one]) => !isDeepStrictEqual(before[key], one))
  return more.some(([, one]) => isDeepStrictEqual(one, value)) ? 'kept' : undefined
}

/** The texts of the leaves in all forms that formsOf knows. */
const textsOf = (leaves: Iterable<string>) =>
  new Set([...leaves].flatMap(text => [text, text.replace(/^[a-z]{2}-/, '??-'), instantOf(text.toUpperCase()) ?? text]))

/**
 * Looks for a field's value in an event, with no knowledge of the tables and converters: as it was, or in one of the forms that tell as
 * much. `without` is the event of the same record without the field.
 */
export function find(field: string, value: Json, event: JsonObject, without: JsonObject): Found {
  const kept = findKept(field, value, event, without)
  if (kept !== undefined) return kept
  const leaves = leavesOf(event)
  const before = leavesOf(without)
  const all = textsOf(leaves.values())
  const fresh = textsOf([...leaves].filter(([leaf]) => !before.has(leaf)).map(([, text]) => text))
  const present = formsOf(value).filter(parts => parts.every(part => all.has(part)))
  if (present.some(parts => parts.some(part => fresh.has(part)))) return 'mapped'
  return present.length > 0 ? 'told' : undefined
}
