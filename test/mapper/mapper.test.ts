import { describe, expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import { createMapper } from '../../src/mapper/mapper.ts'
import type { JsonObject, Line, Mapped } from '../../src/mapper/types.ts'
import { lineOf, mapLines, mapRecord, RECEIVED, SETTINGS } from '../datasets/map-one.ts'

const HTTP = { ClientRequestURI: '/a', EdgeResponseBytes: 1, CacheCacheStatus: 'hit', ClientIP: '192.0.2.1' }
const DNS = { QueryName: 'a.example', ResponseCode: 0, QueryType: 1, Timestamp: 1657233726 }
/** Fields that dns_logs and dns_firewall_logs share. */
const TIE = { QueryName: 'a.example', QueryType: 1, SourceIP: '192.0.2.1', Timestamp: 1657233726 }

const datasets = (records: readonly JsonObject[], declared?: string) =>
  mapLines(records.map(lineOf), declared).map(one => one.dataset)
const bad = (number: number): Line => ({
  number,
  text: 'oops',
  bad: { code: 'not_json', message: 'It is no JSON at byte 0.' },
})
const tagsOf = (mapped: Mapped | undefined) => mapped!.event.tags

describe('the dataset of a record', () => {
  it('is found by its fields, each on its own in a mixed batch', () => {
    expect(datasets([HTTP, DNS, HTTP])).toEqual(['http_requests', 'dns_logs', 'http_requests'])
  })
  it('is unknown when two datasets have all its fields', () => {
    const [mapped] = mapLines([lineOf(TIE)])
    expect(mapped!.dataset).toBe('unknown')
    expect(tagsOf(mapped)).toEqual(['logpush.unknown_dataset'])
  })
  it('is decided by the rest of the batch on a tie', () => {
    expect(datasets([DNS, TIE, { ...TIE, More: 1 }])).toEqual(['dns_logs', 'dns_logs', 'dns_logs'])
  })
  it('is open on a tie when the batch holds another dataset as well, wherever in the first 100 records', () => {
    expect(datasets([TIE, DNS, DNS, HTTP])).toEqual(['unknown', 'dns_logs', 'dns_logs', 'http_requests'])
    const early = [TIE, DNS, ...Array(97).fill(TIE)]
    expect(datasets([...early, HTTP])[0]).toBe('unknown')
    expect(datasets([...early, TIE, HTTP, TIE])).toEqual([...Array(100).fill('dns_logs'), 'http_requests', 'unknown'])
  })
  it('is open on a tie when others of the batch are ties of other datasets', () => {
    const ray = { ClientIP: '192.0.2.1', RayID: 'a' }
    expect(datasets([DNS, TIE, ray])).toEqual(['dns_logs', 'unknown', 'unknown'])
  })
  it('is decided by the batch though it holds strangers, empty records and lines that are none', () => {
    const lines = [lineOf(DNS, 0), bad(1), lineOf({ foo: 1 }, 2), lineOf({}, 3), lineOf(TIE, 4)]
    const found = mapLines(lines).map(one => one.dataset)
    expect(found).toEqual(['dns_logs', 'unknown', 'unknown', 'dns_logs', 'dns_logs'])
  })
  it('is told by what came so far when nothing may be held back any longer', () => {
    const found: string[] = []
    const context = { dataset: undefined, time: RECEIVED, id: String }
    const batch = createMapper(registry, SETTINGS).batch(context, one => found.push(one.dataset))
    for (const record of [DNS, TIE]) batch.push(lineOf(record))
    batch.flush()
    expect(found).toEqual(['dns_logs', 'dns_logs'])
    for (const record of [TIE, HTTP, TIE]) batch.push(lineOf(record))
    batch.flush()
    batch.end()
    expect(found.slice(2)).toEqual(['dns_logs', 'http_requests', 'unknown'])
  })
  it('is not that of its neighbours when it is none itself', () => {
    expect(datasets([HTTP, HTTP, { foo: 1, bar: 2 }])).toEqual(['http_requests', 'http_requests', 'unknown'])
  })
  it('does not depend on the case of the keys', () => {
    expect(datasets([{ clientrequesturi: '/a', EDGERESPONSEBYTES: 1, CacheCacheStatus: 'x' }])).toEqual([
      'http_requests',
    ])
  })
  it('is found for each of the 37', () => {
    const mapped = mapRecord({ SinkholeID: 's', SrcAddr: '192.0.2.1', R2Path: 'p', Timestamp: '2024-05-06T07:00:00Z' })
    expect(mapped.dataset).toBe('sinkhole_http_logs')
    expect(mapped.event).toMatchObject({
      '@timestamp': '2024-05-06T07:00:00Z',
      event: { dataset: 'sinkhole_http_logs', kind: 'event', module: 'cloudflare' },
      observer: { vendor: 'Cloudflare' },
    })
  })
  it('is the declared one, whatever the fields are', () => {
    expect(datasets([TIE, HTTP], 'dns_firewall_logs')).toEqual(['dns_firewall_logs', 'dns_firewall_logs'])
  })
  it('is found when the declared one does not exist', () => {
    expect(datasets([HTTP], 'no_such_logs')).toEqual(['http_requests'])
  })
})

describe('a record that is not of the declared dataset', () => {
  it('is tagged when another dataset is found for it', () => {
    expect(tagsOf(mapRecord(HTTP, 'dns_logs'))).toContain('logpush.dataset_mismatch')
  })
  it('is not tagged when half of its keys are known, or no other is found', () => {
    expect(tagsOf(mapRecord({ QueryName: 'a', Timestamp: 1657233726, x: 1, y: 2 }, 'dns_logs'))).toBeUndefined()
    expect(tagsOf(mapRecord({ x: 1, y: 2, Timestamp: 1657233726 }, 'dns_logs'))).toBeUndefined()
  })
})

describe('a record of no known dataset', () => {
  it('becomes an event with everything below cloudflare', () => {
    const record = { Foo: 1, Empty: '', CreatedAt: '2024-05-06T07:00:00Z', Datetime: '0' }
    expect(mapRecord(record).event).toEqual({
      '@timestamp': '2024-05-06T07:00:00Z',
      ecs: { version: '9.4.0' },
      event: { dataset: 'unknown', kind: 'event', module: 'cloudflare' },
      observer: { vendor: 'Cloudflare' },
      cloudflare: { Foo: 1, CreatedAt: '2024-05-06T07:00:00Z', Datetime: '0' },
      tags: ['logpush.unknown_dataset'],
      message: JSON.stringify(record),
    })
  })
  it('may be empty', () => {
    expect(mapRecord({}).event).toMatchObject({
      '@timestamp': RECEIVED,
      tags: ['logpush.unknown_dataset', 'logpush.no_timestamp'],
    })
  })
})

describe('a line that is no record', () => {
  it('becomes an event that says so', () => {
    expect(mapLines([bad(3)])).toEqual([
      {
        line: bad(3),
        dataset: 'unknown',
        rejected: [],
        event: {
          '@timestamp': RECEIVED,
          ecs: { version: '9.4.0' },
          event: { dataset: 'unknown', kind: 'pipeline_error', original: 'oops' },
          observer: { vendor: 'Cloudflare' },
          error: { code: 'not_json', message: 'It is no JSON at byte 0.' },
          tags: ['logpush.bad_line'],
        },
      },
    ])
  })
  it('has the declared dataset, keeps the line and does so in profile raw', () => {
    const [mapped] = mapLines([bad(0)], 'dns_logs', { profile: 'raw', keepOriginal: false })
    expect(mapped).toMatchObject({ dataset: 'dns_logs', event: { event: { dataset: 'dns_logs', original: 'oops' } } })
  })
})

describe('a batch', () => {
  it('leaves in the order of its lines', () => {
    const lines = Array.from({ length: 250 }, (_, i): Line => (i % 3 === 0 ? bad(i) : lineOf(i % 2 ? HTTP : DNS, i)))
    expect(mapLines(lines).map(one => one.line.number)).toEqual(lines.map(line => line.number))
  })
  it('without a record is not held back', () => {
    const emitted = mapLines(Array.from({ length: 5000 }, (_, i) => bad(i)))
    expect(emitted.length).toBe(5000)
  })
  it('of long lines is held back only up to a million characters, however few they are', () => {
    const emitted: number[] = []
    const mapper = createMapper(registry, SETTINGS)
    const batch = mapper.batch({ dataset: undefined, time: RECEIVED, id: String }, one => emitted.push(one.line.number))
    for (let number = 0; number < 6; number++) batch.push(lineOf({ ...DNS, More: 'x'.repeat(200_000) }, number))
    expect(emitted).toEqual([0, 1, 2, 3, 4, 5])
  })
  it('has its own time for records without one, a line its own before it', () => {
    const [first, second] = mapLines([lineOf(HTTP), { ...lineOf(HTTP, 1), time: '2020-01-01T00:00:00Z' }])
    expect(first!.event['@timestamp']).toBe(RECEIVED)
    expect(second!.event['@timestamp']).toBe('2020-01-01T00:00:00Z')
    expect(tagsOf(second)).toEqual(['logpush.no_timestamp'])
  })
})

describe('the field for the event’s id', () => {
  const settings = { eventIdField: 'labels.intake_id' }
  it('is set in every event, records and bad lines alike', () => {
    const events = mapLines([lineOf(HTTP, 0), bad(1)], undefined, settings).map(one => one.event)
    expect(events.map(event => event.labels)).toEqual([{ intake_id: 'id-0' }, { intake_id: 'id-1' }])
  })
  it('never changes the record that an event shares', () => {
    const record = { ...HTTP }
    const { event } = mapRecord(record, undefined, { eventIdField: 'cloudflare.ID' })
    expect(event.cloudflare).toEqual({ ...HTTP, ID: 'id-0' })
    expect(record).toEqual(HTTP)
  })
})

describe('profile raw', () => {
  const raw = { profile: 'raw', namespace: 'prod' } as const
  it('gives the line to Elastic’s own pipelines', () => {
    expect(mapRecord(DNS, undefined, raw).event).toEqual({
      '@timestamp': '2022-07-07T22:42:06Z',
      event: { dataset: 'cloudflare_logpush.dns', module: 'cloudflare_logpush' },
      data_stream: { dataset: 'cloudflare_logpush.dns', namespace: 'prod', type: 'logs' },
      tags: ['forwarded', 'cloudflare_logpush-dns'],
      message: JSON.stringify(DNS),
    })
  })
  it('falls back to the start, and to the time of receipt', () => {
    expect(mapRecord({ ...HTTP, EdgeEndTimestamp: '1657233726' }, undefined, raw).event['@timestamp']).toBe(
      '2022-07-07T22:42:06Z',
    )
    expect(mapRecord(HTTP, undefined, raw).event['@timestamp']).toBe(RECEIVED)
  })
  it('maps what has no pipeline there as ecs', () => {
    expect(mapRecord({ Sitekey: 's', BrowserName: 'b', OSName: 'o' }, undefined, raw).event).toMatchObject({
      event: { dataset: 'turnstile_events' },
    })
    expect(mapRecord({ foo: 1 }, undefined, raw).event).toMatchObject({ event: { dataset: 'unknown' } })
  })
})

it('hostile keys stay what they are and change no prototype', () => {
  const text =
    '{"__proto__":{"x":1},"constructor":{"prototype":{"y":1}},"hasOwnProperty":1,"ClientRequestURI":"/a","EdgeResponseBytes":1,"CacheCacheStatus":"c"}'
  for (const dataset of [undefined, 'dns_logs', 'audit_logs', 'http_requests']) {
    const { event } = mapLines([{ number: 0, text, record: JSON.parse(text) as JsonObject }], dataset)[0]!
    expect(Object.keys(event.cloudflare as JsonObject)).toEqual(
      expect.arrayContaining(['__proto__', 'constructor', 'hasOwnProperty']),
    )
    expect(JSON.stringify(event)).toContain('"__proto__":{"x":1}')
  }
  expect(({} as { x?: number }).x).toBeUndefined()
})
