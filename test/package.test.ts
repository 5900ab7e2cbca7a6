import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../src/config.ts'
import { registry } from '../src/datasets/index.ts'
import { createTransform } from '../src/delivery/transform.ts'
import { createMapper as createServiceMapper } from '../src/mapper/mapper.ts'
import { mapperSettings } from '../src/mapping-settings.ts'
import { createMapper, type DatasetName, datasets, detect, type JsonObject } from '../src/package.ts'
import { type Golden, goldenFiles } from './golden/golden.ts'
import { reachedFrom } from './helpers/imports.ts'

const receivedAt = '2024-05-06T07:08:09Z'
const mapper = createMapper()

/** A record of dns_logs that may be one of dns_firewall_logs as well. */
const tied = JSON.stringify({
  ColoCode: 'FRA',
  EDNSSubnet: '',
  QueryName: 'example.com',
  QueryType: 1,
  SourceIP: '::1',
})
const dnsLog = JSON.stringify({ ColoCode: 'FRA', EDNSSubnet: '', QueryName: 'example.com', ResponseCode: 0 })
/** The golden files as they hold here, where a line end is no part of a line. */
const ofPackage = () =>
  goldenFiles().map(({ dataset, golden }) => {
    const events = JSON.parse(JSON.stringify(golden, (name, v) => (name === 'message' ? v.trimEnd() : v)))
    return { dataset: dataset as DatasetName, golden: events as Golden }
  })
const datasetOf = (event: JsonObject) => (event.event as JsonObject).dataset

/** What the service makes of a body, without any setting. */
async function serve(body: string, dataset?: string): Promise<JsonObject[]> {
  const { config } = loadConfig({}, datasets)
  const events: JsonObject[] = []
  const transform = createTransform({
    mapper: createServiceMapper(registry, mapperSettings(config)),
    maxLineBytes: config.maxLineBytes,
    dropFields: config.dropFields,
    context: { dataset, time: receivedAt, id: String },
    format: 'lines',
    gzip: false,
    onMapped: ({ event }) => void events.push(event),
    onStep: () => {},
  })
  await transform.push(Buffer.from(body))
  await transform.end()
  return events
}

describe('the mapper as a package', () => {
  it('makes of each golden line what its golden file says', () => {
    const files = ofPackage()
    expect(files.length).toBeGreaterThan(2 * 37)
    for (const { dataset, golden } of files) {
      expect(mapper.map(golden.line, { dataset, receivedAt })).toEqual(golden.auto)
      expect(createMapper({ additions: 'off' }).map(golden.line, { dataset, receivedAt })).toEqual(golden.off)
    }
  })

  it('makes of a body what the service makes of the same bytes: blank and bad lines, line ends, ties', async () => {
    const golden = goldenFiles().map(file => file.golden.line)
    const odd = ['', ' \t', 'test', '[1]', '\uFEFF{"a":1}', '{"ü":', tied, `${dnsLog}\r`, '{"a":"\uD800"}', '{}\n\r']
    const body = [...golden, ...odd, ''].join('\n').toWellFormed()
    const events = await serve(body)
    expect(events.length).toBe(golden.length + 8)
    expect([...mapper.mapBatch(body, { receivedAt })]).toEqual(events)
    expect([...mapper.mapBatch(body.split('\n'), { receivedAt })]).toEqual(events)
    const dataset = 'http_requests'
    expect([...mapper.mapBatch(body, { receivedAt, dataset })]).toEqual(await serve(body, dataset))
  })

  it('leaves a tie unknown for a record alone, and lets the batch tell it', () => {
    expect(datasetOf(mapper.map(tied))).toBe('unknown')
    expect([...mapper.mapBatch([tied, dnsLog])].map(datasetOf)).toEqual(['dns_logs', 'dns_logs'])
  })

  it('keeps every digit of an integer given as text', () => {
    const line =
      '{"EdgeStartTimestamp":1506702504433000201,"ClientIP":"192.0.2.1","CacheCacheStatus":"hit","X":12345678901234567890}'
    expect(mapper.map(line)).toMatchObject({
      '@timestamp': '2017-09-29T16:28:24.433000201Z',
      cloudflare: { X: '12345678901234567890' },
      message: line,
    })
  })

  it('takes an object as its JSON text, and shares nothing with it', () => {
    const record = {
      When: new Date('2024-01-02T03:04:05Z'),
      ActorIP: '192.0.2.1',
      Extra: { a: [1n] },
      ID: undefined,
    }
    const event = mapper.map(record, { dataset: 'audit_logs' })
    expect(event).toMatchObject({ '@timestamp': '2024-01-02T03:04:05.000Z', source: { ip: '192.0.2.1' } })
    expect(event.message).toBe('{"When":"2024-01-02T03:04:05.000Z","ActorIP":"192.0.2.1","Extra":{"a":["1"]}}')
    record.Extra.a.push(2n)
    expect(event).toMatchObject({ cloudflare: { Extra: { a: ['1'] } } })
  })

  it('gives events that are the caller’s own: what is done to one is not seen in another', () => {
    for (const { dataset, golden } of ofPackage()) {
      const first = mapper.map(golden.line, { dataset, receivedAt })
      spoil(first)
      expect(mapper.map(golden.line, { dataset, receivedAt })).toEqual(golden.auto)
    }
  })

  it('reads no more lines than it needs for the event that is asked for', () => {
    let read = 0
    function* endless() {
      for (;;) {
        read++
        yield dnsLog
      }
    }
    const events = mapper.mapBatch(endless())
    expect(datasetOf(events.next().value as JsonObject)).toBe('dns_logs')
    expect(read).toBe(100)
    for (let i = 0; i < 100; i++) events.next()
    expect(read).toBe(101)
  })
})

describe('what is no record', () => {
  it.each<[string, unknown, string]>([
    ['an empty line', '', 'not_json'],
    ['text', 'test', 'not_json'],
    ['the text of an array', '[1]', 'not_object'],
    ['null', null, 'not_object'],
    ['undefined', undefined, 'not_json'],
    ['a function', () => 1, 'not_json'],
    ['a circle', circle(), 'not_json'],
    ['depth of an array', `${'['.repeat(5000)}${']'.repeat(5000)}`, 'not_object'],
    ['depth of an object', { a: JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) }, 'too_deep'],
    ['depth in an object', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`, 'too_deep'],
  ])('becomes an event that says so: %s', (_, line, code) => {
    const event = mapper.map(line as string, { receivedAt })
    expect(event).toMatchObject({
      '@timestamp': receivedAt,
      event: { kind: 'pipeline_error', dataset: 'unknown' },
      error: { code },
      tags: ['logpush.bad_line'],
    })
  })

  it('is never a throw, whatever a line or an object holds', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true })
    const value = fc.oneof(fc.string(), fc.json(), fc.dictionary(fc.string(), anything))
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), values => {
        const lines = values as string[]
        for (const line of lines) expect(mapper.map(line)).toHaveProperty('@timestamp')
        for (const line of lines) expect(detect(line).score).toBeGreaterThanOrEqual(0)
        const blank = lines.filter(line => typeof line === 'string' && /^[ \t\r\n]*$/.test(line)).length
        expect([...mapper.mapBatch(lines)]).toHaveLength(lines.length - blank)
      }),
    )
  })
})

describe('the options and the context', () => {
  const line =
    '{"ClientIP":"192.0.2.1","CacheCacheStatus":"hit","ClientRequestUserAgent":"curl/8.1","Cookies":{"s":"secret"}}'
  const mapWith = (options: Parameters<typeof createMapper>[0]) => createMapper(options).map(line, { receivedAt })

  it('are each seen in the event', () => {
    expect(mapWith({ keepOriginal: false })).not.toHaveProperty('message')
    expect(mapWith({}).user_agent).toMatchObject({ name: 'curl' })
    expect(mapWith({ userAgent: 'original' }).user_agent).toEqual({ original: 'curl/8.1' })
    expect(mapWith({ additions: 'off' })).not.toHaveProperty('ecs')
    expect(mapWith({ profile: 'raw', namespace: 'test' }).data_stream).toEqual({
      dataset: 'cloudflare_logpush.http_request',
      namespace: 'test',
      type: 'logs',
    })
  })

  it('take fields out of the event and of the kept line', () => {
    expect(JSON.stringify(mapWith({}))).toContain('secret')
    expect(JSON.stringify(mapWith({ dropFields: ['cookies.s'] }))).not.toContain('secret')
  })

  it('number the lines of a batch for the id, without blank ones', () => {
    const withIds = createMapper({ eventIdField: 'labels.id' })
    const events = withIds.mapBatch([line, '', 'bad', line], { id: number => `n${number}` })
    expect([...events].map(event => (event.labels as JsonObject).id)).toEqual(['n0', 'n1', 'n2'])
    const random = [...withIds.mapBatch([line, line]), withIds.map(line)].map(event => (event.labels as JsonObject).id)
    expect(new Set(random).size).toBe(3)
  })

  it('take the time of receipt as a Date or as text with any offset', () => {
    const timeOf = (time: Date | string) => mapper.map(line, { receivedAt: time })['@timestamp']
    expect(timeOf(new Date('2024-05-06T07:08:09.5Z'))).toBe('2024-05-06T07:08:09.500Z')
    expect(timeOf('2024-05-06T09:08:09.123456+02:00')).toBe('2024-05-06T07:08:09.123456Z')
    expect(Date.parse(mapper.map(line)['@timestamp'] as string)).toBeGreaterThan(Date.now() - 60_000)
  })

  it('refuse a dataset or a time that is none, before a line is read', () => {
    const dataset = 'http' as DatasetName
    expect(() => mapper.map(line, { dataset })).toThrow(/^Unknown dataset http\. Known datasets: access_requests/)
    expect(() => mapper.mapBatch([line], { dataset })).toThrow(RangeError)
    expect(() => mapper.map(line, { receivedAt: 'yesterday' })).toThrow('receivedAt is no time: yesterday.')
  })
})

describe('detect', () => {
  it('tells the dataset of a line and of an object, and how sure that is', () => {
    expect(detect(dnsLog)).toEqual({ dataset: 'dns_logs', score: 1 })
    expect(detect(JSON.parse(dnsLog))).toEqual({ dataset: 'dns_logs', score: 1 })
    expect(detect({ ...JSON.parse(dnsLog), Made: 1 })).toEqual({ dataset: 'dns_logs', score: 0.8 })
  })

  it('says undefined for a tie, a stranger and what is no record', () => {
    expect(detect(tied)).toEqual({ dataset: undefined, score: 1 })
    expect(detect({ foo: 1 })).toEqual({ dataset: undefined, score: 0 })
    expect(detect('test')).toEqual({ dataset: undefined, score: 0 })
  })

  it('knows all 37 datasets', () => {
    expect(datasets).toHaveLength(37)
    expect(datasets).toContain('workers_trace_events')
  })
})

describe('what the package is made of', () => {
  it('is no module of Node and no package but tldts', () => {
    const { files, others } = reachedFrom('src/package.ts')
    expect(files.length).toBeGreaterThan(70)
    expect(files.map(file => file.split('/')[1])).not.toContain('http')
    expect(others).toEqual(['tldts'])
  })
})

/** Changes every object and list in a value. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const item of Object.values(value)) spoil(item)
  if (Array.isArray(value)) value.push('spoiled')
  else Object.assign(value, { spoiled: true })
}

function circle(): object {
  const object: Record<string, unknown> = {}
  object.self = object
  return object
}
