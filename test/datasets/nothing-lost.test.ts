import { describe, expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import type { Json, JsonObject, MapperSettings } from '../../src/mapper/types.ts'
import { goldenFiles } from '../golden/golden.ts'
import { DOCUMENTED } from './documented.ts'
import { evidenceOf, type Found, find } from './found.ts'
import { lineOf, mapLines } from './map-one.ts'
import { samplesOf, samplesOfType } from './samples.ts'

type Settings = Partial<MapperSettings>

/** Fields that become a word of a closed list: the value is not there as it was, but no two values have the same word. */
const LOOK_UPS = [
  'dns_firewall_logs.ClientResponseCode',
  'dns_firewall_logs.QueryTCP',
  'dns_firewall_logs.QueryType',
  'dns_logs.QueryType',
  'dns_logs.ResponseCode',
  'gateway_dns.RCode',
  'magic_bgp_logs.Direction',
  'network_analytics_logs.DNSQueryType',
]
/** Fields whose value another field of the full record tells too: both of one country, name and number of one protocol. */
const TOLD = ['dex_device_state_events.ISPIPv4CountryISO', 'network_analytics_logs.IPProtocolName']
/** Fields that are in the line only, as published; some by their value: the outcome tells `Allowed`, but not a text in its place. */
const LINE_ONLY: Readonly<Record<string, readonly string[]>> = {
  off: [
    'access_requests.ActionResult',
    'access_requests.Allowed',
    'audit_logs.Metadata',
    'audit_logs.NewValue',
    'audit_logs.OldValue',
  ],
  on: ['access_requests.ActionResult', 'access_requests.Allowed'],
}

const DATASETS = registry.map(({ name }) => name)
const FIELDS = DATASETS.flatMap(dataset =>
  DOCUMENTED[dataset]!.map((field, n) => ({ ...field, dataset, n, id: `${dataset}.${field.name}` })),
)
type Field = (typeof FIELDS)[number]

/** A value of a field, and the event of a record with it. */
interface Trial {
  readonly id: string
  readonly value: Json
  readonly found: Found
  readonly evidence: string
  readonly evidenceWithout: string
}

function trialsOf(
  { id, name, dataset }: Field,
  rest: JsonObject,
  values: readonly Json[],
  settings: Settings,
): Trial[] {
  const records = [rest, ...values.map(value => ({ ...rest, [name]: value }))]
  const lines = records.map((record, number) => lineOf(record, number))
  const [without, ...events] = mapLines(lines, dataset, settings).map(mapped => mapped.event) as [JsonObject]
  const evidenceWithout = JSON.stringify(evidenceOf(without))
  return values.map((value, at) => {
    const event = (events as JsonObject[])[at]!
    const found = find(name, value, event, without)
    return { id, value, found, evidence: JSON.stringify(evidenceOf(event)), evidenceWithout }
  })
}

const missing = (trials: readonly Trial[]) => trials.filter(({ found }) => found === undefined)

/** Values that are not in the event, and that it does not tell from another value of the field or from none. */
function lostOf(trials: readonly Trial[]): string[] {
  const values = new Map<string, string>()
  const isLost = ({ id, value, evidence, evidenceWithout }: Trial) => {
    const other = values.getOrInsert(`${id} ${evidence}`, String(value))
    return evidence === evidenceWithout || other !== String(value)
  }
  return missing(trials)
    .filter(isLost)
    .map(({ id, value }) => `${id}: ${JSON.stringify(value)}`)
}

const idsOf = (trials: readonly Trial[]) => [...new Set(trials.map(({ id }) => id))].sort()

/** A record with every field: the golden one with most of them, and a text in those that it lacks. */
function fullRecord(dataset: string): JsonObject {
  const golden = goldenFiles()
    .filter(file => file.dataset === dataset)
    .map(file => JSON.parse(file.golden.line) as JsonObject)
    .sort((a, b) => Object.keys(b).length - Object.keys(a).length)
  const fields = DOCUMENTED[dataset]!.filter(field => field.status !== 'other spelling')
  return { ...Object.fromEntries(fields.map(({ name }) => [name, `${name} text`])), ...golden[0] }
}

const FULL = new Map(DATASETS.map(dataset => [dataset, fullRecord(dataset)]))

const alone = (settings: Settings) => FIELDS.flatMap(field => trialsOf(field, {}, samplesOf(field.n), settings))

const amongAll = (settings: Settings) =>
  FIELDS.flatMap(field => {
    const { [field.name]: _, ...rest } = FULL.get(field.dataset)!
    return trialsOf(field, rest, samplesOfType(field.n, field.type), settings)
  })

const documented = FIELDS.filter(field => field.status === 'documented').length

describe.each(['off', 'on'] as const)(
  `additions %s: no value of any of the ${documented} documented fields, of legacy and other names is lost`,
  additions => {
    const withoutLine = { additions, keepOriginal: false }

    it.each([
      ['alone in a record', alone, []],
      ['among all other fields', amongAll, TOLD],
    ] as const)('%s, though the line is not kept', (_, walk, told) => {
      const trials = walk(withoutLine)
      expect(idsOf(trials)).toHaveLength(FIELDS.length)
      expect(lostOf(trials)).toEqual([])
      expect(LOOK_UPS).toEqual(expect.arrayContaining(idsOf(missing(trials))))
      expect(idsOf(trials.filter(({ found }) => found === 'kept as text'))).toEqual(['gateway_dns.QueryType'])
      expect(idsOf(trials.filter(({ found }) => found === 'told'))).toEqual(told)
    })

    it('by a look-up: each of 300 numbers that has a word has its own', () => {
      const numbers = [...Array(300).keys(), true, false]
      const lookUps = FIELDS.filter(field => LOOK_UPS.includes(field.id))
      const trials = lookUps.flatMap(field => trialsOf(field, {}, numbers, withoutLine))
      expect(lookUps).toHaveLength(LOOK_UPS.length)
      expect(lostOf(trials)).toEqual([])
    })

    it('where the line is kept: what is in no other place is in the line, and its table says so', () => {
      const trials = alone({ additions })
      const lost = new Set(lostOf(trials).map(text => text.slice(0, text.indexOf(':'))))
      expect([...lost].sort()).toEqual(LINE_ONLY[additions])
    })
  },
)

it('a field that no page knows is kept as it is', () => {
  for (const dataset of DATASETS) {
    const unheard = { dataset, name: 'Unheard', n: 7, id: dataset } as Field
    const trials = trialsOf(unheard, FULL.get(dataset)!, samplesOf(7), { keepOriginal: false })
    expect(new Set(trials.map(({ found }) => found)), dataset).toEqual(new Set(['kept']))
  }
})

it.each(['raw', 'description'] as const)('with MESSAGE=%s the line is kept character by character', message => {
  for (const dataset of DATASETS) {
    const line = { ...lineOf(FULL.get(dataset)!), text: ` ${JSON.stringify(FULL.get(dataset))} ` }
    const [mapped] = mapLines([line], dataset, { message })
    const event = mapped!.event.event as JsonObject
    expect(message === 'raw' ? mapped!.event.message : event.original, dataset).toBe(line.text)
  }
})

it('profile raw has the line of every record that it leaves to the pipelines', () => {
  for (const { name, stream } of registry) {
    const line = lineOf(FULL.get(name)!)
    if (stream !== undefined) expect(mapLines([line], name, { profile: 'raw' })[0]!.event.message, name).toBe(line.text)
  }
})
