import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/mapper/types.ts'
import { flatten, mapLines, parseRecord } from './map-one.ts'

/** The cases of the published formats, as published. */
interface Case {
  readonly dataset: string
  readonly case: string
  readonly raw: string
  readonly expected: JsonObject
}
const cases = readFileSync(new URL('../golden/published.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line) as Case)

/** Values that differ from the published ones on purpose, with the id of the correction in the mapping. */
const CORRECTED: Readonly<Record<string, JsonObject>> = {
  'access_requests test_access': {
    'url.domain': 'sekoiaio.cloudflareaccess.com', // C2
    'related.hosts': ['sekoiaio.cloudflareaccess.com'], // C2
  },
  'firewall_events block': { 'network.protocol': 'http', 'http.version': '1.1' }, // C6
  'gateway_http test_blocked_file': { 'event.type': ['denied'], 'http.version': '2' }, // C14, C7
  'gateway_http test_http': { 'http.version': '2' }, // C7
}

const USER_AGENT = /^user_agent\./
/** What corrections add to the published shape. */
const ADDED: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  'access_requests test_access': ['url.path', 'client.geo.country_iso_code', 'source.geo.country_iso_code'], // C2, C3
  'firewall_events block': [
    'source.geo.country_iso_code', // C8
    /^source\.as\./, // C11
    'rule.id', // C11
    'cloudflare.MatchIndex', // C11
    'cloudflare.Metadata', // C11
  ],
  'gateway_http test_blocked_file': [USER_AGENT], // C13
  'gateway_http test_http': [USER_AGENT], // C13
  'http_requests http': ['@timestamp'], // C5
}

const COMMON = ['event.kind', 'event.module', 'ecs.version', 'network.type', 'related.user']
const DOMAIN_PARTS = ['registered_domain', 'subdomain', 'top_level_domain']
const destinationParts = DOMAIN_PARTS.map(part => `destination.${part}`)
/** What comes with additions on. */
const ADDITIONS: Readonly<Record<string, readonly string[]>> = {
  'access_requests test_access': ['event.id'],
  'dns_logs dns_type_1': ['network.protocol', 'event.outcome'],
  'firewall_events block': ['http.request.id', 'url.extension'],
  'gateway_dns test_dns_device': ['host.id', 'event.outcome'],
  'gateway_http test_blocked_file': ['event.id', 'http.request.id', 'host.id', 'event.outcome'],
  'gateway_http test_http': ['event.id', 'http.request.id'],
  'gateway_network test_network_device': ['event.id', 'host.id', ...destinationParts],
  'http_requests http': [
    'event.id',
    'http.request.id',
    'event.outcome',
    'event.duration',
    'url.original',
    'url.domain',
    'url.extension',
    'destination.domain',
    'related.hosts',
    ...destinationParts,
    ...DOMAIN_PARTS.map(part => `url.${part}`),
  ],
}

function eventOf({ raw }: Case, additions: 'off' | 'auto'): Record<string, unknown> {
  const [mapped] = mapLines([{ number: 0, text: raw, record: parseRecord(raw) }], undefined, { additions })
  expect(mapped!.rejected).toEqual([])
  return flatten(mapped!.event)
}

const idOf = (one: Case) => `${one.dataset} ${one.case}`
const isNamed = (name: string, by: readonly (string | RegExp)[]) =>
  by.some(known => (typeof known === 'string' ? known === name : known.test(name)))

describe.each(['off', 'auto'] as const)('with additions %s', additions => {
  it.each(cases.map(one => [idOf(one), one] as const))(
    '%s has the published values but for the corrections',
    (id, one) => {
      const event = eventOf(one, additions)
      const expected = { ...flatten(one.expected), ...CORRECTED[id] }
      const actual = Object.fromEntries(Object.keys(expected).map(name => [name, event[name]]))
      expect(actual).toEqual(expected)
    },
  )

  it.each(cases.map(one => [idOf(one), one] as const))(
    '%s has no other values than corrections and additions',
    (id, one) => {
      const published = flatten(one.expected)
      const allowed = [...(ADDED[id] ?? []), ...(additions === 'auto' ? [...COMMON, ...(ADDITIONS[id] ?? [])] : [])]
      const more = Object.keys(eventOf(one, additions)).filter(name => !(name in published) && !isNamed(name, allowed))
      expect(more).toEqual([])
    },
  )

  it('357 of the 364 published values are identical', () => {
    let total = 0
    let same = 0
    for (const one of cases) {
      const event = eventOf(one, additions)
      for (const [name, value] of Object.entries(flatten(one.expected))) {
        total++
        if (isDeepStrictEqual(event[name], value)) same++
      }
    }
    expect({ same, total }).toEqual({ same: 357, total: 364 })
  })
})

describe('audit_logs out of the box', () => {
  it.each(cases.filter(one => one.dataset === 'audit_logs').map(one => [one.case, one] as const))(
    '%s is exactly the published event',
    (_name, one) => {
      const [mapped] = mapLines([{ number: 0, text: one.raw, record: parseRecord(one.raw) }])
      expect(mapped!.event).toEqual(one.expected)
    },
  )
})
