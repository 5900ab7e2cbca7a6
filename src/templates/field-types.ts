import ecsTypes from './ecs-types.json' with { type: 'json' }
import { isAtLeast, type Server } from './server.ts'

/** A field's mapping, as it stands in a template. */
export type FieldMapping = Readonly<Record<string, unknown>>

interface EcsType {
  readonly type: string
  readonly ignoreAbove?: number
  readonly index?: boolean
  readonly text?: boolean
}

/**
 * No value may be a reason to refuse an event: Lucene takes no term above 32,766 bytes, and a UTF-16 unit has at most three bytes of
 * UTF-8, so that 8191 of them always fit. Longer values stay in the source and are not found by this field.
 */
export const MAX_TERM_CHARS = 8191

export const NOT_INDEXED = { type: 'keyword', index: false, doc_values: false } as const

function text(server: Server): FieldMapping {
  const hasIt = server.kind === 'elasticsearch' || isAtLeast(server, 2, 12)
  return hasIt ? { type: 'match_only_text' } : { type: 'text', norms: false }
}

function wildcard(server: Server): FieldMapping {
  if (server.kind === 'elasticsearch') return { type: 'wildcard', ignore_above: MAX_TERM_CHARS }
  if (!isAtLeast(server, 2, 15)) return { type: 'keyword', ignore_above: MAX_TERM_CHARS }
  // Without doc values there would be no aggregation, and OpenSearch has none by default.
  return { type: 'wildcard', ignore_above: MAX_TERM_CHARS, doc_values: true }
}

/** A field with one value in all events of an index. Elasticsearch takes it from the first event; OpenSearch has to be told. */
export function constant(server: Server, value?: string): FieldMapping {
  if (server.kind === 'elasticsearch') return { type: 'constant_keyword' }
  if (value === undefined || !isAtLeast(server, 2, 14)) return { type: 'keyword', ignore_above: 1024 }
  return { type: 'constant_keyword', value }
}

const TYPES: Readonly<Record<string, (server: Server) => FieldMapping>> = {
  keyword: () => ({ type: 'keyword', ignore_above: 1024 }),
  wildcard,
  match_only_text: text,
  long: () => ({ type: 'long', ignore_malformed: true }),
  scaled_float: () => ({ type: 'float', ignore_malformed: true }),
  date: () => ({ type: 'date', ignore_malformed: true }),
  ip: () => ({ type: 'ip', ignore_malformed: true }),
  geo_point: () => ({ type: 'geo_point', ignore_malformed: true }),
  nested: () => ({ type: 'nested' }),
}

function ecsField(server: Server, { type, ignoreAbove, index, text: hasText }: EcsType): FieldMapping {
  if (index === false) return NOT_INDEXED
  const made = TYPES[type]
  if (!made) throw new Error(`No mapping is known for the ECS type ${type}`)
  const mapping = made(server)
  return {
    ...mapping,
    ...(type === 'keyword' && ignoreAbove !== undefined && { ignore_above: ignoreAbove }),
    ...(hasText && { fields: { text: text(server) } }),
  }
}

interface Properties {
  [name: string]: { properties?: Properties; [parameter: string]: unknown }
}

/** Puts fields with dotted names into each other, as mappings are written. */
export function nest(fields: readonly (readonly [name: string, mapping: FieldMapping])[]): Properties {
  const root: Properties = {}
  for (const [name, mapping] of fields) {
    const keys = name.split('.')
    const last = keys.pop()!
    let properties = root
    for (const key of keys) {
      properties[key] ??= {}
      properties = properties[key].properties ??= {}
    }
    properties[last] = { ...mapping, ...properties[last] }
  }
  return root
}

/** The ECS fields of all datasets' events. `@timestamp` keeps its nanoseconds. */
export function ecsFields(server: Server): (readonly [name: string, mapping: FieldMapping])[] {
  const types: Readonly<Record<string, EcsType>> = ecsTypes
  return Object.entries(types).map(([name, type]) => [
    name,
    name === '@timestamp' ? { type: 'date_nanos' } : ecsField(server, type),
  ])
}
