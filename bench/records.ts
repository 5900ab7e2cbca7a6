import { gzipSync } from 'node:zlib'
import facts from '../src/datasets/facts.json' with { type: 'json' }

/**
 * Inputs of the benchmarks: http_requests records with nearly all documented fields (the lists, mostly empty, are left out), about 2.5 kB a line, with values that vary as real traffic
 * does (a few hundred hosts, paths, addresses and agents), so that a batch compresses about 10:1.
 */

/** A small fast generator of numbers in 0..1 (mulberry32): the same seed gives the same records on every machine. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const COUNTRIES = ['us', 'de', 'fr', 'gb', 'nl', 'jp', 'br', 'in']
const COLOS = ['FRA', 'CDG', 'EWR', 'LHR', 'AMS', 'NRT', 'GRU', 'DEL']
const METHODS = ['GET', 'GET', 'GET', 'GET', 'POST', 'HEAD']
const STATUSES = [200, 200, 200, 200, 301, 304, 403, 404, 500, 522]
const CONTENT = ['text/html; charset=utf-8', 'application/json', 'image/webp', 'text/css', 'application/javascript']

const BASE_NS = 1_790_000_000_000_000_000n

export interface RecordOptions {
  readonly seed?: number
  /** Every record has an agent never seen before. */
  readonly randomAgents?: boolean
}

/** @returns lines without LF */
export function httpRequestLines(count: number, options: RecordOptions = {}): string[] {
  const random = randomOf(options.seed ?? 1)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const hex = (digits: number) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('')
  const agents = Array.from({ length: 200 }, () => agent(random))
  const addresses = Array.from(
    { length: 500 },
    () => `203.0.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`,
  )
  const paths = Array.from(
    { length: 300 },
    () =>
      `/${pick(['shop', 'api/v2', 'blog', 'assets', 'account'])}/${hex(8)}/${pick(['index.html', 'items', 'app.js', 'style.css', 'login'])}`,
  )
  return Array.from({ length: count }, (_, i) => {
    const start = BASE_NS + BigInt(i) * 1_000_003n + BigInt(Math.floor(random() * 1000))
    return line(start, {
      pick,
      hex,
      random,
      address: pick(addresses),
      path: pick(paths),
      agent: options.randomAgents ? agent(random) : pick(agents),
    })
  })
}

/** A gzipped batch as Logpush sends it. */
export function batchOf(lines: readonly string[]): Buffer {
  return gzipSync(`${lines.join('\n')}\n`)
}

interface Draw {
  readonly pick: <T>(items: readonly T[]) => T
  readonly hex: (digits: number) => string
  readonly random: () => number
  readonly address: string
  readonly path: string
  readonly agent: string
}

function line(start: bigint, draw: Draw): string {
  const end = start + BigInt(Math.floor(draw.random() * 2e9))
  const country = draw.pick(COUNTRIES)
  const host = draw.pick(['www.example.com', 'shop.example.co.uk', 'api.example.org', 'static.example.net'])
  const status = draw.pick(STATUSES)
  const values: Record<string, string> = {
    ClientIP: quoted(draw.address),
    ClientCountry: quoted(country),
    ClientRegionCode: quoted('BE'),
    ClientCity: quoted('Springfield'),
    ClientLatitude: quoted((draw.random() * 90).toFixed(5)),
    ClientLongitude: quoted((draw.random() * 180).toFixed(5)),
    ClientASN: `${Math.floor(draw.random() * 60000) + 1}`,
    ClientSrcPort: `${Math.floor(draw.random() * 64000) + 1024}`,
    ClientRequestHost: quoted(host),
    ClientRequestMethod: quoted(draw.pick(METHODS)),
    ClientRequestPath: quoted(draw.path),
    ClientRequestURI: quoted(`${draw.path}?q=${draw.hex(6)}`),
    ClientRequestProtocol: quoted(draw.pick(['HTTP/1.1', 'HTTP/2', 'HTTP/3'])),
    ClientRequestScheme: quoted('https'),
    ClientRequestReferer: quoted(`https://${host}/`),
    ClientRequestUserAgent: quoted(draw.agent),
    ClientSSLCipher: quoted('AEAD-AES128-GCM-SHA256'),
    ClientSSLProtocol: quoted('TLSv1.3'),
    ClientDeviceType: quoted('desktop'),
    EdgeStartTimestamp: start.toString(),
    EdgeEndTimestamp: end.toString(),
    EdgeColoCode: quoted(draw.pick(COLOS)),
    EdgeResponseStatus: `${status}`,
    EdgeResponseContentType: quoted(draw.pick(CONTENT)),
    EdgeServerIP: quoted('198.51.100.7'),
    EdgeRequestHost: quoted(host),
    OriginIP: quoted('192.0.2.10'),
    OriginResponseStatus: `${status}`,
    CacheCacheStatus: quoted(draw.pick(['hit', 'miss', 'dynamic', 'expired'])),
    RayID: quoted(draw.hex(16)),
    ParentRayID: quoted('00'),
    JA3Hash: quoted(draw.hex(32)),
    JA4: quoted('t13d1516h2_8daaf6152771_02713d6af862'),
    Cookies: '{}',
    RequestHeaders: '{}',
    ResponseHeaders: '{}',
    ZoneName: quoted('example.com'),
  }
  const members = Object.entries(facts.http_requests.fields)
    .filter(([name, type]) => !facts.http_requests.deprecated_fields.includes(name) && !type.startsWith('array'))
    .map(([name, type]) => `"${name}":${values[name] ?? filler(type, draw)}`)
  return `{${members.join(',')}}`
}

function filler(type: string, draw: Draw): string {
  if (type === 'int') return `${Math.floor(draw.random() * 5000)}`
  if (type === 'float') return (draw.random() * 10).toFixed(3)
  if (type === 'bool') return draw.random() < 0.5 ? 'true' : 'false'
  if (type === 'object') return '{}'
  if (type === 'int or string') return '0'
  return '""'
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

function agent(random: () => number): string {
  const n = (most: number) => Math.floor(random() * most)
  const chrome = `${80 + n(60)}.0.${n(6000)}.${n(200)}`
  const kinds = [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${chrome} Safari/537.36`,
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_${10 + n(6)}_${n(9)}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${12 + n(6)}.${n(6)} Safari/605.1.15`,
    `Mozilla/5.0 (X11; Linux x86_64; rv:${90 + n(40)}.0) Gecko/20100101 Firefox/${90 + n(40)}.0`,
    `Mozilla/5.0 (Linux; Android ${8 + n(7)}; SM-G${900 + n(99)}F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${chrome} Mobile Safari/537.36`,
    `Mozilla/5.0 (iPhone; CPU iPhone OS ${12 + n(6)}_${n(7)} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${12 + n(6)}.0 Mobile/15E${100 + n(800)} Safari/604.1`,
    `curl/${7 + n(2)}.${n(90)}.${n(3)}`,
  ]
  return kinds[n(kinds.length)] as string
}
