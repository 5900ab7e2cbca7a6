import type { Json, JsonObject } from '../../src/mapper/types.ts'
import { isObject } from '../../src/mapper/value.ts'
import { vendorTypes } from '../../src/templates/vendor-fields.ts'

/**
 * What of an event a server refuses for its mapping in spite of the templates, as docs/elasticsearch.md lists it. Such an event goes
 * without its `cloudflare`. All of it is below `cloudflare`, and far from what Cloudflare documents.
 */

const MAX_TERM_BYTES = 32_766
const MAX_NAME_CHARS = 50_000
const IS_OBJECT = new Set(['object', 'array[object]'])
const PAYLOADS = new Set(['Payload', 'PayLoad'])

/** Arrays unpacked, as servers do. */
function items(value: Json): Json[] {
  return Array.isArray(value) ? value.flatMap(items) : [value]
}

function hasLongTerm(value: Json, path: string): boolean {
  if (Array.isArray(value)) return value.some(item => hasLongTerm(item, path))
  if (isObject(value)) {
    return Object.entries(value).some(([key, item]) => hasLongTerm(item, path === '' ? key : `${path}.${key}`))
  }
  const text = String(value)
  return value !== null && text.length <= 8191 && Buffer.byteLength(`${path}\0${text}`) > MAX_TERM_BYTES
}

function hasKey(value: Json, test: (key: string) => boolean): boolean {
  if (Array.isArray(value)) return value.some(item => hasKey(item, test))
  return isObject(value) && Object.entries(value).some(([key, item]) => test(key) || hasKey(item, test))
}

/** Why Elasticsearch refuses it, if it does. */
export function elasticsearchRefusal(dataset: string, event: JsonObject): string | undefined {
  if (dataset === 'unknown' || !isObject(event.cloudflare)) return undefined
  const types = vendorTypes(dataset)
  for (const [key, value] of Object.entries(event.cloudflare)) {
    if (key.trim() === '') return 'a field with an empty name'
    if (!IS_OBJECT.has(types.get(key) ?? '')) continue
    if (items(value).some(item => item !== null && !isObject(item))) return 'no object where one is documented'
    if (hasKey(value, name => name.includes('\0'))) return 'a NUL in a key of an object'
    if (hasLongTerm(value, '')) return 'a key of more than 8 KiB in an object'
  }
  return undefined
}

const isOddName = (name: string) => /^\.*$|^\.|\.\./.test(name)

/** Why OpenSearch refuses it, if it does. */
export function openSearchRefusal(dataset: string, event: JsonObject): string | undefined {
  if (hasKey(event, key => key.length > MAX_NAME_CHARS)) return 'a key of more than 50,000 characters'
  if (hasKey(event, key => !key.isWellFormed())) return 'half a surrogate pair in a key'
  if (dataset === 'unknown' || !isObject(event.cloudflare)) return undefined
  const types = vendorTypes(dataset)
  const isKeyword = (type: string | undefined) => /string|bool/.test(type ?? '')
  const isTyped = (name: string) => isKeyword(types.get(name)) || /int|float/.test(types.get(name) ?? '')
  for (const [key, value] of Object.entries(event.cloudflare)) {
    if (isOddName(key)) return 'a field with an empty name or odd dots in it'
    if (key.includes('.') && isTyped(key.slice(0, key.indexOf('.'))))
      return 'a field with an empty name or odd dots in it'
    const isPayload = PAYLOADS.has(key) || (dataset === 'sinkhole_http_logs' && key === 'Body')
    if (isPayload || !isKeyword(types.get(key))) continue
    if (items(value).some(isObject)) return 'an object where text or a boolean is documented'
  }
  return undefined
}
