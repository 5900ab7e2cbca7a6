import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import facts from '../../src/datasets/facts.json' with { type: 'json' }
import { registry } from '../../src/datasets/index.ts'
import { compile } from '../../src/mapper/compile.ts'
import { createDetector } from '../../src/mapper/detect.ts'
import type { JsonObject } from '../../src/mapper/types.ts'
import { DOCUMENTED } from './documented.ts'
import { ecsFaults } from './ecs-faults.ts'
import { mapLines, mapRecord, RECEIVED, SETTINGS } from './map-one.ts'

const PUBLISHED = [
  'access_requests',
  'audit_logs',
  'dns_logs',
  'firewall_events',
  'gateway_dns',
  'gateway_http',
  'gateway_network',
  'http_requests',
]

describe('the registry', () => {
  it('has 37 datasets with 1033 documented and 26 legacy fields, and 48 other spellings', () => {
    const fields = Object.values(DOCUMENTED).flat()
    const count = (status: string) => fields.filter(field => field.status === status).length
    expect(registry.map(entry => entry.name)).toEqual(Object.keys(DOCUMENTED))
    expect([registry.length, count('documented'), count('legacy'), count('other spelling')]).toEqual([37, 1033, 26, 48])
  })
  it('recognises each dataset by its own fields', () => {
    const detector = createDetector(registry)
    for (const { name } of registry) {
      const fields = Object.keys((facts as Record<string, { fields: object }>)[name]!.fields)
      expect(detector.ofKeys(fields)).toMatchObject({ dataset: name, score: 1 })
    }
  })
  it('knows documented, legacy and other spellings, but not the names that only published formats take', () => {
    const known = (name: string) => registry.find(entry => entry.name === name)!.known
    expect(known('http_requests')).toEqual(expect.arrayContaining(['ClientIP', 'WAFAction', 'WAFFlags']))
    expect(known('http_requests')).not.toContain('clientIP')
    expect(known('ssh_logs')).toContain('PayLoad')
    expect(known('gateway_http')).toContain('InternalSourceIP')
    expect(known('websocket_analytics')).toContain('clientIP')
  })
  it('has a stream for the 25 datasets that Elastic reads', () => {
    expect(registry.filter(entry => entry.stream !== undefined).length).toBe(25)
  })
  it('has tables for the published formats', () => {
    expect(registry.filter(entry => entry.table.published).map(entry => entry.name)).toEqual(PUBLISHED)
  })
})

/** Every string and number of a value, as text. */
function leaves(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return value === '' || value === null ? [] : [String(value)]
  return Object.values(value).flatMap(leaves)
}

/** Another rule may have taken a value that one rule refused: ClientCountry is a name too. */
function isElsewhere(value: unknown, event: JsonObject): boolean {
  const texts = leaves(event)
  return leaves(value).every(leaf => texts.includes(leaf))
}

describe.each(registry.map(entry => [entry.name, entry] as const))('%s', (name, entry) => {
  it.each(['off', 'auto', 'on'] as const)('maps or keeps every documented field (additions %s)', additions => {
    for (const [i, field] of entry.known.entries()) {
      if (entry.table.drop?.some(drop => (typeof drop === 'string' ? drop : drop.field) === field)) continue
      const value = `value-${i}`
      const { event } = mapRecord({ [field]: value }, name, { additions, keepOriginal: false })
      expect(
        leaves(event).some(leaf => leaf.toLowerCase().includes(value)),
        field,
      ).toBe(true)
    }
  })

  it('becomes a valid event, whatever JSON its fields hold, and keeps what it cannot use', () => {
    const { map } = compile(entry.table, SETTINGS)
    const values = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(
        '0',
        0,
        '',
        '1970-01-01T00:00:00Z',
        '::ffff:192.0.2.1',
        'a.example:1',
        'https://[::1]:1/?#',
        'XX',
        '1e400',
        '\u{d800}',
      ),
      fc.double(),
      fc.string({ unit: 'binary' }),
    )
    const records = fc.dictionary(fc.constantFrom(...entry.known, 'constructor', 'unheard of'), values, { maxKeys: 20 })
    fc.assert(
      fc.property(records, record => {
        const keys = Object.keys(record)
        const before = JSON.stringify(record)
        const { event, rejected } = map(record as JsonObject, keys, { text: 'line', time: RECEIVED, tags: [] })
        expect(JSON.stringify(record)).toBe(before)
        expect(event.message).toBe('line')
        expect(ecsFaults(event)).toEqual([])
        const kept = (event.cloudflare ?? {}) as JsonObject
        for (const label of rejected.filter(label => !label.includes('.'))) {
          expect(Object.hasOwn(kept, label) || isElsewhere(record[label], event), label).toBe(true)
        }
      }),
      { numRuns: 40 },
    )
  })
})

it('a nanosecond time keeps every digit on its way', () => {
  const text =
    '{"ClientRequestURI":"/","EdgeStartTimestamp":1658281671671000001,"EdgeEndTimestamp":1658281702371000002,"EdgeResponseBytes":9007199254740993}'
  const record = {
    ClientRequestURI: '/',
    EdgeStartTimestamp: '1658281671671000001',
    EdgeEndTimestamp: '1658281702371000002',
    EdgeResponseBytes: '9007199254740993',
  }
  const [mapped] = mapLines([{ number: 0, text, record }], 'http_requests')
  expect(mapped!.event).toMatchObject({
    '@timestamp': '2022-07-20T01:47:51.671000001Z',
    event: { start: '2022-07-20T01:47:51.671000001Z', end: '2022-07-20T01:48:22.371000002Z', duration: 30_700_000_001 },
    cloudflare: record,
    tags: ['logpush.bad_value'],
  })
  expect(mapped!.rejected).toEqual(['EdgeResponseBytes'])
})
