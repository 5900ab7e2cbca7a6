import { createHash } from 'node:crypto'
import ecs from '@elastic/ecs'
import { describe, expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import { eventFields } from '../../src/templates/event-fields.ts'
import type { Naming } from '../../src/templates/naming.ts'
import { LATEST, memberOf, type Server } from '../../src/templates/server.ts'
import { TEMPLATES_VERSION, type TemplatesRequest, templatesFor } from '../../src/templates/templates.ts'
import { DOCUMENTED } from '../datasets/documented.ts'

type Mapping = Readonly<Record<string, unknown>>

const naming: Naming = { kind: 'data-streams', namespace: 'default' }
const kinds = ['elasticsearch', 'opensearch'] as const
const documentsFor = (server: Server, more: Partial<TemplatesRequest> = {}) =>
  templatesFor({ server, naming, ...more }).documents
const bodyOf = (server: Server, name: string, more: Partial<TemplatesRequest> = {}) =>
  documentsFor(server, more).find(document => document.name === name)?.body
const version = (kind: Server['kind'], major: number, minor: number): Server => ({ kind, major, minor })

/** All fields of a mapping by their dotted names, objects and multi-fields among them. */
function fieldsOf(properties: unknown, prefix = ''): [name: string, mapping: Mapping][] {
  return Object.entries((properties ?? {}) as Readonly<Record<string, Mapping>>).flatMap(([key, mapping]) => [
    [prefix + key, mapping] as [string, Mapping],
    ...fieldsOf(mapping.properties, `${prefix}${key}.`),
    ...fieldsOf(mapping.fields, `${prefix}${key}.`),
  ])
}
const shared = (server: Server) =>
  fieldsOf(memberOf(bodyOf(server, 'logs-cloudflare@mappings'), 'template', 'mappings', 'properties'))
const own = (server: Server, dataset: string, more: Partial<TemplatesRequest> = {}) =>
  fieldsOf(memberOf(bodyOf(server, `logs-cloudflare.${dataset}`, more), 'template', 'mappings', 'properties'))
const allFields = (server: Server) => [...shared(server), ...registry.flatMap(({ name }) => own(server, name))]

describe.each(kinds)('the templates for %s', kind => {
  const server = LATEST[kind]

  it('are one for each dataset and one for unknown, above the two components', () => {
    const documents = documentsFor(server)
    const templates = documents.filter(document => document.kind === 'template')
    expect(templates.map(({ name }) => name)).toEqual(
      [...registry.map(({ name }) => name), 'unknown'].map(name => `logs-cloudflare.${name}`),
    )
    for (const { name, body } of templates) {
      expect(body).toMatchObject({ index_patterns: [`${name}-*`], priority: 250, data_stream: {}, version: 1 })
      expect(memberOf(body, 'composed_of', 0)).toBe('logs-cloudflare@settings')
      expect(memberOf(body, '_meta')).toMatchObject({ managed_by: 'logpush-intake', version: 1 })
    }
    expect(documents.filter(document => document.kind === 'component')).toHaveLength(2)
  })

  it('map every ECS field that an event can have, with the type that ECS gives it', () => {
    const fields = new Map(shared(server))
    const flat: Readonly<Record<string, { readonly type: string }>> = ecs.EcsFlat
    const names = eventFields()
    expect(names.length).toBeGreaterThan(150)
    for (const name of names) {
      const type = name === '@timestamp' ? 'date_nanos' : flat[name]!.type.replace('scaled_float', 'float')
      expect([name, fields.get(name)?.type]).toEqual([name, type])
    }
  })

  it('map every documented field of each dataset below cloudflare, and nothing else there', () => {
    for (const { name } of registry) {
      const fields = own(server, name).filter(([field]) => field.startsWith('cloudflare.'))
      const mapped = new Set(fields.map(([field]) => field.slice('cloudflare.'.length)))
      for (const field of DOCUMENTED[name]!) {
        if (field.status !== 'other spelling')
          expect([name, field.name, mapped.has(field.name)]).toEqual([name, field.name, true])
      }
    }
    expect(new Map(own(server, 'unknown')).get('cloudflare')).toEqual({ type: 'object', enabled: false })
  })

  it('leave no type a reason to refuse a value that is too long or malformed', () => {
    const lenient = [
      'long',
      'double',
      'float',
      'date',
      'ip',
      'geo_point',
      ...(kind === 'elasticsearch' ? ['boolean'] : []),
    ]
    for (const [name, mapping] of allFields(server)) {
      const type = String(mapping.type)
      if (lenient.includes(type)) expect([name, mapping.ignore_malformed]).toEqual([name, true])
      else if (mapping.index === false) expect([name, mapping.doc_values]).toEqual([name, false])
      else if (/^(keyword|wildcard|flattened)$/.test(type)) {
        expect([name, Number(mapping.ignore_above) <= 8191]).toEqual([name, true])
      } else {
        expect(['undefined', 'object', 'nested', 'match_only_text', 'constant_keyword', 'date_nanos']).toContain(type)
      }
    }
  })

  it('stay far below the limit of 1000 fields', () => {
    const common = shared(server).length
    for (const { name } of registry) expect(common + own(server, name).length).toBeLessThan(700)
  })

  it('are closed: no event adds a field', () => {
    expect(memberOf(bodyOf(server, 'logs-cloudflare@mappings'), 'template', 'mappings', 'dynamic')).toBe(false)
    for (const { name } of registry) {
      expect(new Map(own(server, name)).get('cloudflare')).toMatchObject({ dynamic: false })
    }
    expect(JSON.stringify(documentsFor(server))).not.toMatch(/dynamic_templates|"dynamic":true/)
  })

  it('map the field that carries the id of the event', () => {
    const body = bodyOf(server, 'logs-cloudflare@mappings', { eventIdField: 'labels.intake_id' })
    const fields = new Map(fieldsOf(memberOf(body, 'template', 'mappings', 'properties')))
    expect(fields.get('labels.intake_id')).toEqual({ type: 'keyword', ignore_above: 1024 })
    const same = bodyOf(server, 'logs-cloudflare@mappings', { eventIdField: 'event.id' })
    expect(same).toEqual(bodyOf(server, 'logs-cloudflare@mappings'))
  })

  it('do not index what people sent', () => {
    const payloads = [
      ['dlp_forensic_copies', 'Payload'],
      ['ssh_logs', 'Payload'],
      ['ssh_logs', 'PayLoad'],
      ['sinkhole_http_logs', 'Body'],
    ]
    for (const [dataset, field] of payloads) {
      const mapping = new Map(own(server, dataset!)).get(`cloudflare.${field}`)!
      expect(mapping.index === false || mapping.enabled === false).toBe(true)
    }
  })

  it('have a new version when they change', () => {
    const documents = documentsFor(server, { eventIdField: 'labels.intake_id', retention: 30 })
    const digest = createHash('sha256').update(JSON.stringify(documents)).digest('hex').slice(0, 16)
    // Another digest: raise TEMPLATES_VERSION if the one here was ever released, then put the new ones here.
    expect({ version: TEMPLATES_VERSION, [kind]: digest }).toEqual({ version: 1, [kind]: DIGESTS[kind] })
  })
})

const DIGESTS = { elasticsearch: '85a23c81aecc6b39', opensearch: 'ee7a2aed764dca72' }

describe('an older server', () => {
  it.each([
    [version('elasticsearch', 8, 2), /"subobjects"|ignore_missing|"lifecycle"|array_objects/],
    [version('elasticsearch', 8, 10), /"lifecycle"|array_objects/],
    [version('elasticsearch', 9, 4), /array_objects/],
    [version('opensearch', 2, 11), /match_only_text|"wildcard"|constant_keyword|flattened|subobjects|@custom/],
    [version('opensearch', 3, 8), /flattened|subobjects|@custom|"type":"boolean"/],
  ])('%j gets nothing that it does not know', (server, unknown) => {
    expect(JSON.stringify(documentsFor(server))).not.toMatch(unknown)
  })

  it('is told of where it lacks a life cycle', () => {
    const warnings = (server: Server, more: Partial<TemplatesRequest> = {}) =>
      templatesFor({ server, naming, ...more }).warnings
    expect(warnings(version('elasticsearch', 8, 10))).toEqual([expect.stringContaining('no data stream lifecycle')])
    expect(warnings(LATEST.elasticsearch)).toEqual([])
    const index: Naming = { kind: 'index', name: 'x' }
    expect(warnings(LATEST.elasticsearch, { naming: index, retention: 3 })).toEqual([
      expect.stringContaining('plain index'),
    ])
  })
})

describe('the life cycle', () => {
  it('rolls over the sooner the shorter the retention is', () => {
    const policy = (retention?: number) => JSON.stringify(bodyOf(LATEST.opensearch, 'logs-cloudflare', { retention }))
    expect(policy(7)).toMatch(/"min_index_age":"1d".*"min_rollover_age":"7d".*"delete":\{\}/)
    expect(policy(30)).toContain('"min_index_age":"7d"')
    expect(policy(91)).toContain('"min_index_age":"30d"')
    expect(policy()).not.toMatch(/min_rollover_age|"delete"/)
  })
})

describe('the templates for a plain index', () => {
  const templates = (name: string) =>
    documentsFor(LATEST.elasticsearch, { naming: { kind: 'index', name }, retention: 30 }).filter(
      document => document.kind === 'template',
    )

  it('are one, without types below cloudflare, where all datasets share it', () => {
    const [one, ...others] = templates('logs')
    expect(others).toEqual([])
    expect(one).toMatchObject({ name: 'logpush-intake.logs', body: { index_patterns: ['logs', 'logs-0*'] } })
    expect(memberOf(one?.body, 'template', 'mappings', 'properties')).toEqual({
      cloudflare: { type: 'object', enabled: false },
    })
  })

  it('are one for each dataset where the name has a place for it, and none is of a data stream', () => {
    const all = templates('cf-{dataset}-x')
    expect(all).toHaveLength(38)
    expect(all[0]).toMatchObject({ body: { index_patterns: ['cf-access_requests-x', 'cf-access_requests-x-0*'] } })
    expect(JSON.stringify(all)).not.toMatch(/data_stream|lifecycle/)
  })
})
