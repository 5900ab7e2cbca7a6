import { describe, expect, it } from 'vitest'
import { type CompileSettings, compile } from '../../src/mapper/compile.ts'
import {
  bits,
  country,
  flag,
  int,
  join,
  json,
  latlon,
  list,
  map,
  ms,
  region,
  text,
  time,
} from '../../src/mapper/convert.ts'
import { ipproto, ostype } from '../../src/mapper/convert-names.ts'
import { asn, attachments, endpoint, host, ip, ips, port, url } from '../../src/mapper/convert-net.ts'
import { type AnyTable, defineDataset, type Table } from '../../src/mapper/dataset.ts'
import type { Json, JsonObject } from '../../src/mapper/types.ts'

interface Rec {
  A?: string
  B?: string
  C?: Json
  Ok?: boolean
  N?: number
  Obj?: JsonObject
  Start?: string
  End?: string
}
const SETTINGS: CompileSettings = {
  additions: 'auto',
  message: 'raw',
  keepOriginal: true,
  userAgent: 'parse',
}
const ORIGIN = { text: 'the line', time: '2024-01-01T00:00:00Z', tags: [] }

function tableOf(rows: Partial<Table<Rec>>): AnyTable {
  return defineDataset<Rec>()({ name: 'd', fixed: {}, fields: [], ...rows })
}
function map1(rows: Partial<Table<Rec>>, record: JsonObject, settings: Partial<CompileSettings> = {}) {
  const { event, rejected } = compile(tableOf(rows), { ...SETTINGS, ...settings }).map(
    record,
    Object.keys(record),
    ORIGIN,
  )
  return { ...(event as Record<string, JsonObject>), rejected } as unknown as Record<string, JsonObject> & {
    rejected: string[]
  }
}

describe('a rule', () => {
  it('sets its target and takes the field', () => {
    const { user, cloudflare } = map1({ fields: [['A', 'user.email', text]] }, { A: 'a', B: 'b' })
    expect(user).toEqual({ email: 'a' })
    expect(cloudflare).toEqual({ B: 'b' })
  })
  it('of several fields takes the first that converts', () => {
    const { source, cloudflare, rejected } = map1(
      { fields: [[['A', 'B', 'C'], 'source.ip', ip]] },
      { A: 'x', B: '192.0.2.1', C: '192.0.2.2' },
    )
    expect(source).toEqual({ address: '192.0.2.1', ip: '192.0.2.1' })
    expect(cloudflare).toEqual({ A: 'x', C: '192.0.2.2' })
    expect(rejected).toEqual(['A'])
  })
  it('does not replace a value, and then leaves its field', () => {
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['A', 'user.id', text],
        ['B', 'user.id', text],
      ],
    }
    const { user, cloudflare } = map1(rows, { B: 'b', A: 'a' })
    expect(user).toEqual({ id: 'a' })
    expect(cloudflare).toEqual({ B: 'b' })
  })
  it('sets what is free of several targets', () => {
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['A', 'user.id', text],
        ['B', ['user.id', 'user.name'], text],
      ],
    }
    const { user, cloudflare } = map1(rows, { B: 'b', A: 'a' })
    expect(user).toEqual({ id: 'a', name: 'b' })
    expect(cloudflare).toBeUndefined()
  })
  it('keeps an unusable value and tells about it once', () => {
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['A', 'source.port', int],
        ['A', 'destination.port', int],
        ['B', 'source.ip', ip],
      ],
    }
    const { cloudflare, tags, rejected } = map1(rows, { A: 'x', B: 'y' })
    expect(cloudflare).toEqual({ A: 'x', B: 'y' })
    expect(tags).toEqual(['logpush.bad_value', 'logpush.no_timestamp'])
    expect(rejected).toEqual(['A', 'B'])
  })
  it.each<[string, Partial<Table<Rec>>, JsonObject]>([
    [
      'an empty value',
      {
        fields: [
          ['A', 'source.ip', ip],
          ['Obj', 'user.id', text],
        ],
      },
      { A: '', Obj: { a: [null] } },
    ],
    [
      'a placeholder',
      {
        fields: [
          ['N', 'source.port', port],
          ['A', 'source.geo.country_iso_code', country],
        ],
      },
      { N: 0, A: 'XX' },
    ],
    ['a look-up', { fields: [['N', 'network.transport', ipproto]] }, { N: 254 }],
  ])('says nothing about %s', (_name, rows, record) => {
    const { tags, rejected } = map1(rows, record)
    expect(rejected).toEqual([])
    expect(tags).toEqual(['logpush.no_timestamp'])
  })
  it('of a converter that tells less keeps the field', () => {
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['A', 'destination.domain', host],
        ['N', 'network.bytes', bits],
        ['C', 'event.reason', join],
      ],
    }
    const { destination, network, event, cloudflare } = map1(rows, { A: 'a.example:1', N: 17, C: ['x', 'y'] })
    expect(destination).toMatchObject({ domain: 'a.example' })
    expect(network).toEqual({ bytes: 2 })
    expect(event).toMatchObject({ reason: 'x; y' })
    expect(cloudflare).toEqual({ A: 'a.example:1', N: 17, C: ['x', 'y'] })
  })
  it('is faithful when one of its field’s rules is', () => {
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['A', 'host.os.name', text],
        ['A', 'host.os.type', ostype],
      ],
    }
    const { host, cloudflare } = map1(rows, { A: 'Darwin' })
    expect(host).toEqual({ os: { name: 'Darwin', type: 'macos' } })
    expect(cloudflare).toBeUndefined()
  })
  it('reads below a field without regard to case, and leaves the field', () => {
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['Obj.request.Name', 'user.name', text],
        ['C.1.Code', 'error.code', text],
        ['Obj.constructor', 'user.id', text],
      ],
    }
    const record = { Obj: { Request: { NAME: 'n' } }, C: [{ code: 0 }, { code: 1 }] }
    const { user, error, cloudflare } = map1(rows, record)
    expect(user).toEqual({ name: 'n' })
    expect(error).toEqual({ code: '1' })
    expect(cloudflare).toEqual(record)
  })
  it('collects in arrays without repeats', () => {
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['A', 'host.ip', ip],
        ['C', 'host.ip', ips],
        ['Ok', 'dns.header_flags', flag('RD')],
      ],
    }
    const { host, related, dns } = map1(rows, { A: '192.0.2.1', C: ['192.0.2.2', '192.0.2.1'], Ok: true })
    expect(host).toEqual({ ip: ['192.0.2.1', '192.0.2.2'] })
    expect(related).toEqual({ ip: ['192.0.2.1', '192.0.2.2'] })
    expect(dns).toEqual({ header_flags: ['RD'] })
  })
  it('takes other fields as arguments', () => {
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['A', 'source.geo.location', latlon('B')],
        ['C', 'source.geo.region_iso_code', region('A')],
      ],
    }
    const { source, rejected } = map1(rows, { A: '1', B: '2', C: 'BY' })
    expect(source).toEqual({ geo: { location: { lat: 1, lon: 2 } } })
    expect(rejected).toEqual(['C'])
  })
  it('fills a set', () => {
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['A', 'source.*', endpoint],
        ['B', 'url.*', url],
      ],
    }
    const { source, url: parts, related } = map1(rows, { A: '[2001:db8::1]:22', B: 'https://192.0.2.7/a.txt' })
    expect(source).toEqual({ address: '2001:db8::1', ip: '2001:db8::1', port: 22 })
    expect(parts).toMatchObject({ domain: '192.0.2.7', extension: 'txt', full: 'https://192.0.2.7/a.txt' })
    expect(related).toEqual({ ip: ['2001:db8::1'] })
  })
  it('maps many addresses in time that grows with their number', () => {
    const many = Array.from({ length: 60_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    const started = performance.now()
    const { dns } = map1({ fields: [['C', 'dns.resolved_ip', ips]], related: { ip: ['C'] } }, { C: many })
    expect((dns!.resolved_ip as string[]).length).toBe(60_000)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('row when', () => {
  const outcomeOf = (test: Table<Rec>['when'], record: JsonObject) => map1({ when: test! }, record).event!.outcome
  it.each<[string, string | string[], Json, boolean]>([
    ['a word', 'Allow', 'aLLOW', true],
    ['a beginning', 'block*', 'Blocked', true],
    ['a beginning', 'block*', 'unblock', false],
    ['an end', '*solved', 'ChallengeSolved', true],
    ['a part', '*fail*', 'has_failed', true],
    ['a range', '1..399', 399, true],
    ['a range', '1..399', '200', true],
    ['a range', '1..399', 400, false],
    ['a range', '1..399', 'x', false],
    ['a number as text', '0', 0, true],
    ['a boolean as text', 'true', true, true],
    ['one of several', ['a', 'b'], 'B', true],
    ['any value', 'present', { a: 1 }, true],
    ['any value', 'present', 0, true],
    ['any value', 'present', [''], false],
    ['an object', 'a', { a: 1 }, false],
  ])('compares with %s (%j, %j)', (_name, pattern, value, holds) => {
    expect(outcomeOf({ outcome: [[{ C: pattern }, 'success']] }, { C: value })).toBe(holds ? 'success' : undefined)
  })
  it('takes the first that holds, and wants all fields of a test', () => {
    const when: Table<Rec>['when'] = {
      outcome: [
        [{ A: 'x', B: 'y' }, 'success'],
        [{ A: 'x' }, 'failure'],
        ['else', 'unknown'],
      ],
    }
    expect(outcomeOf(when, { A: 'x', B: 'y' })).toBe('success')
    expect(outcomeOf(when, { A: 'x' })).toBe('failure')
    expect(outcomeOf(when, {})).toBe('unknown')
  })
  it('looks at the first field that is present', () => {
    const when: Table<Rec>['when'] = { outcome: [[{ first: ['A', 'B'], is: 'no' }, 'failure']] }
    expect(outcomeOf(when, { A: '', B: 'no' })).toBe('failure')
    expect(outcomeOf(when, { A: 'yes', B: 'no' })).toBeUndefined()
  })
  it('adds to the constants, or takes their place, and leaves them as they are for the next event', () => {
    const rows: Partial<Table<Rec>> = {
      fixed: { category: ['network'], type: ['info'] },
      when: [
        { type: [[{ A: 'new' }, ['start']]] },
        { type: [[{ B: 'no' }, '+denied']], kind: [[{ B: 'no' }, 'alert']] },
      ],
    }
    const { map } = compile(tableOf(rows), SETTINGS)
    const typeOf = (record: JsonObject) => (map(record, Object.keys(record), ORIGIN).event.event as JsonObject).type
    expect(typeOf({ B: 'no' })).toEqual(['info', 'denied'])
    expect(typeOf({ A: 'new', B: 'no' })).toEqual(['start', 'denied'])
    expect(typeOf({})).toEqual(['info'])
    expect(map1(rows, { B: 'no' }).event!.kind).toBe('alert')
    expect(map1(rows, {}).event!.kind).toBe('event')
  })
  it('takes no field', () => {
    expect(map1({ when: { outcome: [[{ A: 'x' }, 'success']] } }, { A: 'x' }).cloudflare).toEqual({ A: 'x' })
  })
})

describe('row time', () => {
  const rows: Partial<Table<Rec>> = { time: { time: ['A', 'B'], start: ['Start'], end: ['End'] } }
  const start = '2024-05-06T07:08:09Z'
  const end = '2024-05-06T07:08:10.5Z'

  it('takes the first candidate that converts', () => {
    const mapped = map1(rows, { A: '', B: start })
    expect(mapped['@timestamp']).toBe(start)
    expect(mapped.cloudflare).toBeUndefined()
    expect(mapped.tags).toBeUndefined()
  })
  it('keeps an unreadable candidate and takes the next', () => {
    const mapped = map1(rows, { A: 'soon', B: start })
    expect(mapped['@timestamp']).toBe(start)
    expect(mapped.cloudflare).toEqual({ A: 'soon' })
    expect(mapped.rejected).toEqual(['A'])
  })
  it('falls back to the start, then to the end, then to the time of receipt', () => {
    expect(map1(rows, { Start: start, End: end })['@timestamp']).toBe(start)
    expect(map1(rows, { End: end })['@timestamp']).toBe(end)
    const untimed = map1(rows, { A: '0', Start: '1970-01-01T00:00:00Z' })
    expect(untimed['@timestamp']).toBe(ORIGIN.time)
    expect(untimed.tags).toEqual(['logpush.no_timestamp'])
  })
  it('gives the duration between start and end, unless a rule gave one', () => {
    expect(map1(rows, { Start: start, End: end }).event!.duration).toBe(1_500_000_000)
    expect(map1(rows, { Start: end, End: start }).event!.duration).toBeUndefined()
    expect(
      map1({ ...rows, fields: [['N', 'event.duration', ms]] }, { Start: start, End: end, N: 2 }).event!.duration,
    ).toBe(2_000_000)
  })
})

describe('what stays below cloudflare', () => {
  it('is everything that is not empty', () => {
    const record = {
      Zero: 0,
      No: false,
      Null: null,
      Text: '',
      List: [],
      Obj: {},
      Nested: [{ a: '' }, []],
      Kept: { a: '', b: 1 },
    }
    expect(map1({}, record).cloudflare).toEqual({ Zero: 0, No: false, Kept: { a: '', b: 1 } })
    expect(map1({}, { Null: null }).cloudflare).toBeUndefined()
  })
  it('is what is copied, also under another name or as text', () => {
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['A', 'user.id', text],
        ['N', 'source.port', int],
        ['B', 'user.name', text],
      ],
      copy: ['A', { field: 'N', text: true }, { field: 'B', as: 'bee' }],
    }
    expect(map1(rows, { A: 'a', N: 5, B: 'b' }).cloudflare).toEqual({ A: 'a', N: '5', bee: 'b' })
    expect(map1(rows, { A: '', N: { x: 1 } }).cloudflare).toEqual({ N: { x: 1 } })
  })
  it('is the whole record where the table says so', () => {
    const record = { A: 'a', B: '', C: null }
    const mapped = map1({ fields: [['A', 'user.id', text]], copy: '*' }, record)
    expect(mapped.cloudflare).toBe(record)
  })
  it('is not what is dropped, while the raw line is kept', () => {
    const rows: Partial<Table<Rec>> = { drop: ['A', { field: 'Obj', onlyKey: 'files' }] }
    expect(map1(rows, { A: 'a', B: 'b', Obj: { files: [1] } }).cloudflare).toEqual({ B: 'b' })
    expect(map1(rows, { Obj: { files: [1], more: 1 } }).cloudflare).toEqual({ Obj: { files: [1], more: 1 } })
    const unkept = map1(rows, { A: 'a', Obj: { files: [1] } }, { keepOriginal: false })
    expect(unkept.cloudflare).toEqual({ A: 'a', Obj: { files: [1] } })
    expect(unkept.message).toBeUndefined()
  })
  it('has the table’s own targets', () => {
    expect(map1({ fields: [['Obj.a', 'cloudflare.a', json]], drop: ['Obj'] }, { Obj: { a: [1] } }).cloudflare).toEqual({
      a: [1],
    })
  })
  it('has hostile keys as its own, and no prototype is changed', () => {
    const record = JSON.parse('{"__proto__":{"polluted":1},"constructor":"c","toString":"t","A":"a"}') as JsonObject
    const { cloudflare } = map1({ fields: [['A', 'user.id', text]] }, record)
    expect(Object.keys(cloudflare!)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(JSON.stringify(cloudflare)).toBe('{"__proto__":{"polluted":1},"constructor":"c","toString":"t"}')
    expect(Object.getPrototypeOf(cloudflare)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('derived fields', () => {
  it('name the host and the address of each side', () => {
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['A', 'host.hostname', text],
        ['B', 'server.domain', text],
        ['C', 'client.ip', ip],
      ],
    }
    const mapped = map1(rows, { A: 'h', B: 's.example.com', C: '192.0.2.1' })
    expect(mapped.host).toEqual({ hostname: 'h', name: 'h' })
    expect(mapped.server).toMatchObject({
      address: 's.example.com',
      registered_domain: 'example.com',
      subdomain: 's',
      top_level_domain: 'com',
    })
    expect(mapped.client).toEqual({ address: '192.0.2.1', ip: '192.0.2.1' })
    expect(mapped.network).toEqual({ type: 'ipv4' })
    expect(mapped.related).toEqual({ hosts: ['h', 's.example.com'], ip: ['192.0.2.1'] })
  })
  it('relate the fields that the table names, which stay', () => {
    const rows: Partial<Table<Rec>> = { related: { ip: ['A'], hosts: ['C'], user: ['B'], hash: ['N'] } }
    const record = { A: '::ffff:192.0.2.1', C: ['https://a.example/x', '192.0.2.9', 'a.example'], B: 'u', N: 5 }
    const mapped = map1(rows, record)
    expect(mapped.related).toEqual({ ip: ['192.0.2.1'], hosts: ['a.example'], user: ['u'], hash: ['5'] })
    expect(mapped.cloudflare).toEqual(record)
    expect(map1(rows, { A: 'x' }).rejected).toEqual(['A'])
  })
  it('relate the hashes of attachments', () => {
    const { related, email } = map1(
      { fields: [['C', 'email.attachments', attachments]] },
      { C: [{ Md5: 'd4', Sha1: 'da' }, { Md5: 'd4' }] },
    )
    expect(related).toEqual({ hash: ['d4', 'da'] })
    expect(email!.attachments).toEqual([
      { file: { hash: { md5: 'd4', sha1: 'da' } } },
      { file: { hash: { md5: 'd4' } } },
    ])
  })
  it('read the user agent, but do not replace what a rule has set', () => {
    const agent =
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.0.0 Safari/537.36'
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['A', 'user_agent.original', text],
        ['B', 'user_agent.name', text],
      ],
    }
    expect(map1(rows, { A: agent, B: 'Mine' }).user_agent).toMatchObject({
      name: 'Mine',
      os: { name: 'Windows' },
      device: { name: 'Other' },
    })
    expect(map1(rows, { A: agent }, { userAgent: 'original' }).user_agent).toEqual({ original: agent })
  })
  it('give a flow its community id, of ICMP by type and code', () => {
    const rows: Partial<Table<Rec>> = {
      fields: [
        ['Obj.from', 'source.*', endpoint],
        ['Obj.to', 'destination.*', endpoint],
        ['A', 'network.transport', text],
      ],
      community: { icmp: ['N', 'B'] },
    }
    const tcp = { Obj: { from: '128.232.110.120:34855', to: '66.35.250.204:80' }, A: 'tcp' }
    expect(map1(rows, tcp).network).toMatchObject({ community_id: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=' })
    const icmp = { Obj: { from: '192.168.0.89', to: '192.168.0.1' }, A: 'icmp', N: 8, B: '0' }
    expect(map1(rows, icmp).network).toMatchObject({ community_id: '1:X0snYXpgwiv9TZtqg64sgzUn6Dk=' })
    expect(map1({ ...rows, community: true }, icmp).network).not.toHaveProperty('community_id')
    expect(map1(rows, { ...tcp, Obj: { from: '128.232.110.120', to: '66.35.250.204:80' } }).network).not.toHaveProperty(
      'community_id',
    )
  })
})

describe('a published format', () => {
  const rows: Partial<Table<Rec>> = {
    published: { auto: 'on', dataset: 'd-published', parts: ['destination'] },
    fixed: { category: ['network'] },
    fields: [
      ['A', 'user.email', text],
      ['B', 'destination.domain', text],
    ],
    drop: ['Obj'],
    additions: {
      fixed: { 'network.protocol': 'dns' },
      fields: [['A', 'event.id', text]],
      related: { user: ['C'] },
      copy: ['Obj'],
    },
  }
  const record = { A: 'a', B: 'b.example.com', C: 'c', Obj: { x: 1 } }

  it('has nothing but the published shape with additions off', () => {
    expect(map1(rows, record, { additions: 'off' })).toEqual({
      '@timestamp': ORIGIN.time,
      event: { category: ['network'], dataset: 'd-published' },
      observer: { vendor: 'Cloudflare' },
      user: { email: 'a' },
      destination: { address: 'b.example.com', domain: 'b.example.com' },
      related: { hosts: ['b.example.com'] },
      cloudflare: { C: 'c' },
      tags: ['logpush.no_timestamp'],
      message: 'the line',
      rejected: [],
    })
  })
  it('has more with additions on', () => {
    const mapped = map1(rows, record)
    expect(mapped.event).toEqual({
      category: ['network'],
      dataset: 'd-published',
      id: 'a',
      kind: 'event',
      module: 'cloudflare',
    })
    expect(mapped.destination).toHaveProperty('registered_domain', 'example.com')
    expect(mapped.related).toEqual({ hosts: ['b.example.com'], user: ['a', 'c'] })
    expect(mapped.cloudflare).toEqual({ C: 'c', Obj: { x: 1 } })
    expect(mapped.ecs).toEqual({ version: '9.4.0' })
  })
  it('follows the setting where it is not auto', () => {
    const off: Partial<Table<Rec>> = { ...rows, published: { auto: 'off' } }
    expect(map1(off, record).ecs).toBeUndefined()
    expect(map1(off, record, { additions: 'on' }).ecs).toBeDefined()
  })
})

it('an event begins with its time and ends with the line', () => {
  const keys = Object.keys(
    map1(
      {
        fields: [
          ['A', 'user.id', text],
          ['B', 'source.ip', ip],
        ],
      },
      { A: 'a', B: '192.0.2.1', C: 1 },
    ),
  )
  expect(keys.slice(0, 4)).toEqual(['@timestamp', 'ecs', 'event', 'observer'])
  expect(keys.slice(-5)).toEqual(['related', 'tags', 'cloudflare', 'message', 'rejected'])
})

it('a table with a wrong name or type does not compile', () => {
  const define = defineDataset<Rec>()
  // @ts-expect-error the record has no such field
  define({ name: 'd', fixed: {}, fields: [['X', 'user.id', text]] })
  // @ts-expect-error ECS has no such field
  define({ name: 'd', fixed: {}, fields: [['A', 'user.idd', text]] })
  // @ts-expect-error the target is a number
  define({ name: 'd', fixed: {}, fields: [['A', 'source.port', text]] })
  // @ts-expect-error the target is a place
  define({ name: 'd', fixed: {}, fields: [['A', 'source.geo.location', text]] })
  // @ts-expect-error the target holds one value
  define({ name: 'd', fixed: {}, fields: [['A', 'user.id', list]] })
  // @ts-expect-error the target has a closed list of values
  define({ name: 'd', fixed: {}, fields: [['A', 'host.os.type', text]] })
  // @ts-expect-error the argument is no field
  define({ name: 'd', fixed: {}, fields: [['A', 'source.geo.region_iso_code', region('X')]] })
  // @ts-expect-error the set does not take an endpoint
  define({ name: 'd', fixed: {}, fields: [['A', 'url.*', endpoint]] })
  // @ts-expect-error ECS has no such category
  define({ name: 'd', fixed: { category: ['networks'] }, fields: [] })
  // @ts-expect-error ECS has no such outcome
  define({ name: 'd', fixed: {}, fields: [], when: { outcome: [['else', 'failed']] } })
  const fits = define({
    name: 'd',
    fixed: { category: ['network'], 'dns.resolved_ip': [] },
    fields: [
      ['A', 'faas.trigger.type', map({ fetch: 'http' })],
      ['A', 'email.to.address', list],
      ['N', 'source.as.number', asn],
      ['Start', 'email.origination_timestamp', time],
    ],
  })
  expect(fits.name).toBe('d')
})
