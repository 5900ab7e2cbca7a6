import facts from '../datasets/facts.json' with { type: 'json' }
import { registry } from '../datasets/index.ts'
import spellings from '../datasets/spellings.json' with { type: 'json' }
import { vendorTargets } from './event-fields.ts'
import { type FieldMapping, MAX_TERM_CHARS, NOT_INDEXED } from './field-types.ts'
import { isAtLeast, type Server } from './server.ts'

/**
 * The mapping of `cloudflare`, by the documented types of a dataset's fields. Nothing is ever added to it by an event: fields that are
 * not documented stay in the source, not indexed.
 */

interface Facts {
  readonly fields: Readonly<Record<string, string>>
  readonly legacy_fields?: readonly { readonly name: string; readonly type: string }[]
}

/** What people sent: it may be anything, and nobody is to find it by a search. */
const PAYLOADS: Readonly<Record<string, readonly string[]>> = {
  dlp_forensic_copies: ['Payload'],
  ssh_logs: ['Payload', 'PayLoad'],
  sinkhole_http_logs: ['Body'],
}

const KEYWORD: FieldMapping = { type: 'keyword', ignore_above: MAX_TERM_CHARS }
const LONG: FieldMapping = { type: 'long', ignore_malformed: true }
const OPAQUE: FieldMapping = { type: 'object', enabled: false }

const SCALARS: Readonly<Record<string, FieldMapping>> = {
  string: KEYWORD,
  'array[string]': KEYWORD,
  // A time, as a number or as text.
  'int or string': KEYWORD,
  int: LONG,
  'array[int]': LONG,
  float: { type: 'double', ignore_malformed: true },
}

function mappingOf(type: string, server: Server): FieldMapping {
  const scalar = SCALARS[type]
  if (scalar) return scalar
  if (server.kind === 'opensearch') {
    // Its boolean refuses an event for any other value. As keywords true and false are found just so.
    return type === 'bool' ? KEYWORD : OPAQUE
  }
  if (type === 'bool') return { type: 'boolean', ignore_malformed: true }
  // A field of no known type may hold text, for which `flattened` would refuse each event; a keyword takes objects as well (below).
  if (type === 'unknown') return KEYWORD
  return { type: 'flattened', depth_limit: 40, ignore_above: MAX_TERM_CHARS }
}

/** A dataset's fields below `cloudflare` with their documented types. */
export function vendorTypes(dataset: string): ReadonlyMap<string, string> {
  const { fields, legacy_fields = [] } = (facts as Readonly<Record<string, Facts>>)[dataset]!
  const others = (spellings.known as Readonly<Record<string, Readonly<Record<string, string>>>>)[dataset] ?? {}
  const { table } = registry.find(({ name }) => name === dataset)!
  const types = new Map([
    ...vendorTargets(table).map(name => [name, 'unknown'] as const),
    ...Object.entries(others),
    ...legacy_fields.map(({ name, type }) => [name, type] as const),
    ...Object.entries(fields),
  ])
  for (const copy of [table.copy ?? [], table.additions?.copy ?? []].flat()) {
    if (typeof copy === 'string') continue
    const type = types.get(copy.field)!
    types.set(copy.as ?? copy.field, copy.text ? 'string' : type)
  }
  return types
}

/**
 * `undefined` for events of several or of no dataset: the same name has different types in different datasets, so nothing is indexed.
 *
 * Elasticsearch: with `subobjects: false` names with odd dots are just names, and an object in place of a documented scalar is passed over.
 * OpenSearch has `disable_objects` for that, but then refuses arrays of keywords.
 */
export function vendorMapping(dataset: string | undefined, server: Server): FieldMapping {
  if (dataset === undefined) return OPAQUE
  const payloads = PAYLOADS[dataset] ?? []
  const payload = server.kind === 'opensearch' ? OPAQUE : NOT_INDEXED
  const properties = Object.fromEntries(
    [...vendorTypes(dataset)].map(([name, type]) => [
      name,
      payloads.includes(name) ? payload : mappingOf(type, server),
    ]),
  )
  const hasSubobjects = server.kind === 'elasticsearch' && isAtLeast(server, 8, 3)
  return { type: 'object', dynamic: false, ...(hasSubobjects && { subobjects: false }), properties }
}
