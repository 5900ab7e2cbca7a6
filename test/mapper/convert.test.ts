import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as plain from '../../src/mapper/convert.ts'
import * as names from '../../src/mapper/convert-names.ts'
import * as net from '../../src/mapper/convert-net.ts'
import { type Converter, PLACEHOLDER } from '../../src/mapper/converter.ts'
import { numberOf } from '../../src/mapper/number.ts'
import type { Json } from '../../src/mapper/types.ts'

const { asn, host, ip, ips, name, port, query, attachments } = net
const {
  bits,
  bool,
  country,
  float,
  geohash,
  int,
  join,
  json,
  list,
  lower,
  module,
  ms,
  sha256,
  share,
  split,
  text,
  time,
  word,
} = plain
const { ipproto, ostype, rcode, rr, severity, transport } = names

const NOTHING = undefined
const HASH = 'a'.repeat(63)

describe.each<readonly [string, { convert(value: Json): unknown }, readonly (readonly [Json, unknown])[]]>([
  [
    'text',
    text,
    [
      ['a', 'a'],
      [1.5, '1.5'],
      [false, 'false'],
      ['', NOTHING],
      [['a'], NOTHING],
      [{}, NOTHING],
    ],
  ],
  [
    'lower',
    lower,
    [
      ['AbC', 'abc'],
      ['', NOTHING],
    ],
  ],
  [
    'geohash',
    geohash,
    [
      ['u0yjje', 'u0yjje'],
      ['U0YJJE', 'u0yjje'],
      ['7', '7'],
      ['0123456789bc', '0123456789bc'],
      ['0123456789bcd', NOTHING],
      ['a', NOTHING],
      ['I', NOTHING],
      ['l', NOTHING],
      ['O', NOTHING],
      ['u0yjje\n', NOTHING],
      ['\u212A', NOTHING],
      ['', NOTHING],
      [7, NOTHING],
      [['u0yjje'], NOTHING],
    ],
  ],
  [
    'list',
    list,
    [
      ['a', ['a']],
      [
        ['a', 1, '', 'b'],
        ['a', 'b'],
      ],
      [[1], NOTHING],
      ['', NOTHING],
      [5, NOTHING],
    ],
  ],
  [
    'join',
    join,
    [
      [['a', 'b'], 'a; b'],
      ['a', 'a'],
      [[], NOTHING],
    ],
  ],
  [
    'split',
    split,
    [
      ['r1', 'r1'],
      ['r1,r2', NOTHING],
      ['', NOTHING],
    ],
  ],
  [
    'int',
    int,
    [
      [5, 5],
      ['5', 5],
      ['007', 7],
      [5.5, NOTHING],
      ['x', NOTHING],
      ['9007199254740993', NOTHING],
      [true, NOTHING],
      ['1e3', NOTHING],
    ],
  ],
  [
    'port',
    port,
    [
      [443, 443],
      ['53', 53],
      [0, PLACEHOLDER],
      ['0', PLACEHOLDER],
      [65_536, NOTHING],
      [-1, NOTHING],
    ],
  ],
  [
    'asn',
    asn,
    [
      [13_335, 13_335],
      ['AS13335', 13_335],
      ['13335', 13_335],
      [0, PLACEHOLDER],
      ['AS', NOTHING],
      ['x', NOTHING],
    ],
  ],
  [
    'float',
    float,
    [
      [1.5, 1.5],
      ['-1.5e2', -150],
      ['.5', 0.5],
      ['1,5', NOTHING],
      ['Infinity', NOTHING],
      ['0x10', NOTHING],
      [' 1', NOTHING],
    ],
  ],
  [
    'share',
    share,
    [
      [0.5, 0.5],
      ['1', 1],
      [1.1, NOTHING],
      [-0.1, NOTHING],
    ],
  ],
  [
    'bool',
    bool,
    [
      [true, true],
      ['false', false],
      ['yes', NOTHING],
      [1, NOTHING],
    ],
  ],
  [
    'ms',
    ms,
    [
      [2, 2_000_000],
      ['1.5', 1_500_000],
      [0, 0],
      [-1, NOTHING],
      [1e10, NOTHING],
    ],
  ],
  [
    'bits',
    bits,
    [
      [17, 2],
      ['80', 10],
      [1.5, NOTHING],
    ],
  ],
  [
    'ip',
    ip,
    [
      ['192.0.2.1', '192.0.2.1'],
      ['::ffff:192.0.2.1', '192.0.2.1'],
      ['2001:DB8::1', '2001:DB8::1'],
      ['192.0.2.256', NOTHING],
      ['a.example', NOTHING],
      [1, NOTHING],
    ],
  ],
  [
    'ips',
    ips,
    [
      [['192.0.2.1', 'x'], ['192.0.2.1']],
      ['192.0.2.1', ['192.0.2.1']],
      [['x'], NOTHING],
    ],
  ],
  [
    'time',
    time,
    [
      [1657233726, '2022-07-07T22:42:06Z'],
      [0, PLACEHOLDER],
      ['soon', NOTHING],
    ],
  ],
  [
    'country',
    country,
    [
      ['us', 'US'],
      ['XX', PLACEHOLDER],
      ['T1', PLACEHOLDER],
      ['unknown', PLACEHOLDER],
      ['none', PLACEHOLDER],
      ['USA', NOTHING],
      ['ü1', NOTHING],
    ],
  ],
  [
    'name',
    name,
    [
      ['a.Example.', 'a.Example'],
      ['.', NOTHING],
      ['', NOTHING],
    ],
  ],
  [
    'host',
    host,
    [
      ['a.example:80', 'a.example'],
      ['', NOTHING],
      [1, NOTHING],
    ],
  ],
  [
    'query',
    query,
    [
      ['?a=b', 'a=b'],
      ['a=b', 'a=b'],
      ['??', '?'],
      ['?', NOTHING],
    ],
  ],
  [
    'word',
    word,
    [
      ['AES', 'AES'],
      ['NONE', PLACEHOLDER],
      ['unknown', PLACEHOLDER],
      ['UNK', PLACEHOLDER],
      ['', NOTHING],
    ],
  ],
  [
    'sha256',
    sha256,
    [
      [`${HASH}B`, `${HASH}B`],
      [`${HASH}b.`, `${HASH}b`],
      [HASH, NOTHING],
      [`${HASH}g`, NOTHING],
    ],
  ],
  [
    'rr',
    rr,
    [
      [1, 'A'],
      ['65', 'HTTPS'],
      [257, 'CAA'],
      ['aaaa', 'AAAA'],
      [65_280, NOTHING],
      ['54', NOTHING],
    ],
  ],
  [
    'rcode',
    rcode,
    [
      [0, 'NoError'],
      ['3', 'NXDomain'],
      [11, 'DSOTYPENI'],
      [16, 'BADVERS'],
      [23, 'BADCOOKIE'],
      [12, NOTHING],
      ['NOERROR', NOTHING],
    ],
  ],
  [
    'ipproto',
    ipproto,
    [
      [6, 'tcp'],
      ['17', 'udp'],
      [58, 'ipv6-icmp'],
      [132, 'sctp'],
      [255, NOTHING],
    ],
  ],
  [
    'transport',
    transport,
    [
      ['TCP', 'tcp'],
      ['ICMPv6', 'ipv6-icmp'],
      ['unix', PLACEHOLDER],
      ['Unknown', PLACEHOLDER],
    ],
  ],
  [
    'ostype',
    ostype,
    [
      ['Darwin', 'macos'],
      ['mac', 'macos'],
      ['Windows', 'windows'],
      ['chromeos', NOTHING],
    ],
  ],
  [
    'severity',
    severity,
    [
      ['Low', 21],
      ['MEDIUM', 47],
      ['high', 73],
      ['critical', 99],
      ['info', NOTHING],
    ],
  ],
  [
    'flag',
    plain.flag('RD'),
    [
      [true, 'RD'],
      ['true', 'RD'],
      [false, NOTHING],
    ],
  ],
  [
    'bool2',
    plain.bool2('tcp', 'udp'),
    [
      [true, 'tcp'],
      [false, 'udp'],
      ['maybe', NOTHING],
    ],
  ],
  [
    'map',
    plain.map({ fetch: 'http', alarm: 'timer' }),
    [
      ['fetch', 'http'],
      ['constructor', NOTHING],
      [{}, NOTHING],
    ],
  ],
  [
    'module',
    module,
    [
      ['waf', 'cloudflare.waf'],
      ['', NOTHING],
    ],
  ],
  [
    'json',
    json,
    [
      [{ a: 1 }, { a: 1 }],
      [false, false],
      [[{}], NOTHING],
    ],
  ],
])('%s', (_name, { convert }, rows) => {
  it.each(rows)('of %j is %s', (value, expected) => {
    expect(convert(value)).toEqual(expected)
  })
})

describe.each<readonly [string, { split(value: Json): unknown }, readonly (readonly [Json, unknown])[]]>([
  [
    'hostpath',
    net.hostpath,
    [
      ['a.example/x/y', { domain: 'a.example', path: '/x/y' }],
      ['a.example', { domain: 'a.example', path: undefined }],
      ['/x', NOTHING],
    ],
  ],
  [
    'endpoint',
    net.endpoint,
    [
      ['192.0.2.1:22', { ip: '192.0.2.1', domain: undefined, port: 22 }],
      ['[2001:db8::1]:22', { ip: '2001:db8::1', domain: undefined, port: 22 }],
      ['2001:db8::1', { ip: '2001:db8::1', domain: undefined, port: undefined }],
      ['a.example:22', { ip: undefined, domain: 'a.example', port: 22 }],
      [':22', NOTHING],
    ],
  ],
  [
    'path',
    net.path,
    [
      ['/a?b#c', { path: '/a', query: 'b' }],
      ['/a?', { path: '/a' }],
      ['a', NOTHING],
    ],
  ],
  [
    'url',
    net.url,
    [
      ['/a?b', { original: '/a?b', path: '/a', query: 'b' }],
      ['a', { original: 'a' }],
      ['', NOTHING],
    ],
  ],
  [
    'http',
    net.http,
    [
      ['HTTP/1.1', { 'network.protocol': 'http', 'http.version': '1.1' }],
      ['HTTP/2', { 'network.protocol': 'http', 'http.version': '2' }],
      ['SPDY/3', { 'network.protocol': 'spdy/3' }],
      ['UNKNOWN', PLACEHOLDER],
    ],
  ],
  [
    'tls',
    net.tls,
    [
      ['TLSv1.2', { 'tls.version_protocol': 'tls', 'tls.version': '1.2' }],
      ['TLS 1.3', { 'tls.version_protocol': 'tls', 'tls.version': '1.3' }],
      ['TLSv1', { 'tls.version_protocol': 'tls', 'tls.version': '1.0' }],
      ['SSLv3', { 'tls.version_protocol': 'ssl', 'tls.version': '3.0' }],
      ['none', PLACEHOLDER],
      ['QUIC', NOTHING],
    ],
  ],
  [
    'fingerprint',
    net.fingerprint,
    [
      ['ab'.repeat(16), { md5: 'AB'.repeat(16) }],
      ['ab'.repeat(20), { sha1: 'AB'.repeat(20) }],
      ['ab'.repeat(32), { sha256: 'AB'.repeat(32) }],
      ['ab', NOTHING],
    ],
  ],
])('%s', (_name, { split }, rows) => {
  it.each(rows)('of %j is %j', (value, expected) => {
    expect(split(value)).toEqual(expected)
  })
})

describe('converters with arguments', () => {
  it('make a region of a subdivision and its country', () => {
    const { convert } = plain.region('Country')
    expect(convert('tx', 'us')).toBe('US-TX')
    expect(convert('US-TX', undefined)).toBe('US-TX')
    expect(convert('TX', undefined)).toBeUndefined()
    expect(convert('TX', 'XX')).toBeUndefined()
    expect(convert('TEXAS', 'US')).toBeUndefined()
  })
  it('make a point of two texts', () => {
    const { convert } = plain.latlon('Longitude')
    expect(convert('48.1', '-11.5')).toEqual({ lat: 48.1, lon: -11.5 })
    expect(convert('91', '0')).toBeUndefined()
    expect(convert('48.1', '')).toBeUndefined()
  })
  it('make a referring URL', () => {
    const { convert } = net.referrer('S', 'P', 'Q')
    expect(convert('a.example', 'http', '/p', 'q=1')).toBe('http://a.example/p?q=1')
    expect(convert('a.example', '', '/p', '?q=1')).toBe('https://a.example/p?q=1')
    expect(convert('', 'http', '/p', '')).toBeUndefined()
  })
})

it('attachments take their keys without regard to case', () => {
  const mail = [{ name: 'a.pdf', ContentTypeProvided: 'application/pdf', SIZE: 5, Md5: 'd4' }, 'x', {}]
  expect(attachments.convert(mail)).toEqual([
    { file: { name: 'a.pdf', mime_type: 'application/pdf', size: 5, hash: { md5: 'd4' } } },
  ])
  expect(attachments.convert('x')).toBeUndefined()
})

it('a field stays where its target tells less', () => {
  expect(list.keeps?.(['a', 1], ['a'])).toBe(true)
  expect(list.keeps?.(['a'], ['a'])).toBe(false)
  expect(host.keeps?.('a.example:80', 'a.example')).toBe(true)
  expect(host.keeps?.('a.example', 'a.example')).toBe(false)
  for (const by of [
    join,
    split,
    bits,
    ostype,
    severity,
    module,
    attachments,
    plain.flag('RD'),
    net.referrer('S', 'P', 'Q'),
  ]) {
    expect((by as Converter<Json>).keeps?.('', '')).toBe(true)
  }
})

it('no converter throws, whatever the value', () => {
  const all = [...Object.values(plain), ...Object.values(names), ...Object.values(net)] as unknown[]
  const converts = all.flatMap(by => {
    if (typeof by !== 'object' || by === null) return []
    if ('convert' in by) return [(by as Converter<Json>).convert]
    return 'split' in by ? [(by as { split(value: Json): unknown }).split] : []
  })
  expect(converts.length).toBeGreaterThan(30)
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (value, argument) => {
      for (const convert of converts) (convert as (...values: unknown[]) => unknown)(value, argument)
      plain.region('C').convert(value as Json, argument as Json)
      plain.latlon('C').convert(value as Json, argument as Json)
      net.referrer('S', 'P', 'Q').convert(value as Json, argument as Json)
    }),
  )
})

describe('a number in a text', () => {
  const JSON_NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/
  const near = fc
    .array(fc.constantFrom('0', '1', '9', '25', '407587', '.', '-', '+', 'e', 'E', ' ', '_', 'x'), { maxLength: 9 })
    .map(parts => parts.join(''))
  const decimal = fc
    .tuple(fc.constantFrom('', '-'), fc.bigInt({ min: 0n, max: 10n ** 17n }), fc.nat(17))
    .map(([sign, digits, point]) => {
      const text = digits.toString().padStart(point + 1, '0')
      return `${sign}${text.slice(0, text.length - point)}.${text.slice(text.length - point)}`
    })
  it('is the one that JavaScript has, to the last bit', () => {
    fc.assert(
      fc.property(fc.oneof(near, decimal, fc.double().map(String)), value => {
        const number = JSON_NUMBER.test(value) ? Number(value) : Number.NaN
        expect(numberOf(value)).toBe(Number.isFinite(number) ? number : undefined)
      }),
      { numRuns: 20_000 },
    )
  })
})

describe('a region', () => {
  const { convert } = plain.region('country')
  it.each([
    ['BE', 'CH', 'CH-BE'],
    ['be', 'ch', 'CH-BE'],
    ['1', 'US', 'US-1'],
    ['NY-1', 'US', 'NY-1'],
    ['ABCD', 'US', undefined],
    ['A_', 'US', undefined],
    ['é', 'US', undefined],
    ['BE', 'XX', undefined],
    ['BE', undefined, undefined],
    ['', 'US', undefined],
  ])('of %s in %s is %s', (subdivision, country, region) => {
    expect(convert(subdivision, country)).toBe(region)
  })
})
