import { afterAll, describe, expect, it } from 'vitest'
import { randomOf } from '../../bench/records.ts'
import facts from '../../src/datasets/facts.json' with { type: 'json' }
import spellings from '../../src/datasets/spellings.json' with { type: 'json' }
import { createDetector, type KnownFields } from '../../src/mapper/detect.ts'

/** Spellings that other pages of the vendor give for the same dataset. */
const OTHER: Record<string, readonly string[]> = Object.fromEntries(
  Object.entries(spellings.known).map(([dataset, fields]) => [dataset, Object.keys(fields)]),
)

interface Facts {
  readonly fields: Record<string, string>
  readonly deprecated_fields: readonly string[]
  readonly legacy_fields?: readonly { readonly name: string }[]
}

const DATASETS = Object.entries(facts as Record<string, Facts>)
const KNOWN: readonly KnownFields[] = DATASETS.map(([name, { fields, deprecated_fields, legacy_fields = [] }]) => ({
  name,
  known: [
    ...Object.keys(fields),
    ...deprecated_fields,
    ...legacy_fields.map(field => field.name),
    ...(OTHER[name] ?? []),
  ],
}))
const fieldsOf = (dataset: string) => Object.keys((facts as Record<string, Facts>)[dataset]!.fields)
const detector = createDetector(KNOWN)

/** Right answers in % of random draws of 5, 8, 12 and 20 fields; the datasets not listed are always right but for 0.05 %. */
const RIGHT: Record<string, readonly [number, number, number, number]> = {
  dns_logs: [54.5, 88.4, 100, 100],
  gateway_network: [65.1, 83.4, 94.3, 99.7],
  firewall_events: [88.2, 97.4, 99.8, 100],
  warp_toggle_changes: [94.4, 100, 100, 100],
  gateway_http: [98.8, 99.9, 100, 100],
  websocket_analytics: [99, 100, 100, 100],
  warp_config_changes: [99.3, 100, 100, 100],
  dns_firewall_logs: [99.4, 100, 100, 100],
  account_abuse_protection_events: [99.4, 100, 100, 100],
  audit_logs: [99.5, 100, 100, 100],
  audit_logs_v2: [99.9, 100, 100, 100],
  magic_ids_detections: [99.9, 100, 100, 100],
  zero_trust_network_sessions: [99.9, 100, 100, 100],
}
const SURE = [99.95, 99.95, 99.95, 99.95] as const
const DRAWS = 300

function draw(fields: readonly string[], count: number, random: () => number): string[] {
  const rest = [...fields]
  return Array.from(
    { length: Math.min(count, rest.length) },
    () => rest.splice(Math.floor(random() * rest.length), 1)[0]!,
  )
}

/** Right answers by dataset and number of fields, in %. */
const measured = new Map<string, Map<number, number>>(DATASETS.map(([name]) => [name, new Map()]))

function accuracyTable(): string {
  const cells = (shares: Iterable<number>) => [...shares].map(share => share.toFixed(1).padStart(8)).join('')
  const rows = [...measured].filter(([, shares]) => [...shares.values()].some(share => share < 99.95))
  const listed = rows.map(([name, shares]) => `${name.padEnd(48)}${cells(shares.values())}`)
  const counts = [...measured.values().next().value!.keys()].map(count => `${count}`.padStart(8)).join('')
  return [`Right, in % of ${DRAWS} draws of so many fields:`.padEnd(48) + counts, ...listed, 'All others: 100.'].join(
    '\n',
  )
}

describe('detection by keys', () => {
  afterAll(() => console.log(accuracyTable()))

  it(`finds all ${DATASETS.length} datasets by their full lists of fields`, () => {
    for (const [name] of DATASETS) expect(detector.ofKeys(fieldsOf(name))).toMatchObject({ dataset: name, score: 1 })
  })

  it.each([5, 8, 12, 20].map((count, column) => [count, column] as const))(
    'is never wrong, and right as often as documented, with %i random fields',
    (count, column) => {
      const random = randomOf(count)
      for (const [name] of DATASETS) {
        const answers = Array.from(
          { length: DRAWS },
          () => detector.ofKeys(draw(fieldsOf(name), count, random)).dataset,
        )
        expect(
          answers.filter(answer => answer !== undefined && answer !== name),
          name,
        ).toEqual([])
        const share = (RIGHT[name] ?? SURE)[column]! / 100
        const noise = 3.5 * Math.sqrt((share * (1 - share)) / DRAWS) + 1 / DRAWS
        const right = answers.filter(answer => answer === name).length / DRAWS
        measured.get(name)!.set(count, 100 * right)
        expect(right, name).toBeGreaterThanOrEqual(share - noise)
      }
    },
  )

  it('leaves a tie open', () => {
    expect(detector.ofKeys(fieldsOf('dns_logs').filter(field => field !== 'ResponseCode'))).toMatchObject({
      dataset: undefined,
      score: 1,
    })
    const two = createDetector([
      { name: 'a', known: ['X', 'Y'] },
      { name: 'b', known: ['X', 'Z'] },
    ])
    expect(two.ofKeys(['X'])).toMatchObject({ dataset: undefined, score: 1 })
    expect(two.ofKeys(['X', 'Z'])).toMatchObject({ dataset: 'b', score: 1 })
  })

  it('wants at least half of the keys known', () => {
    const one = createDetector([{ name: 'a', known: ['X', 'Y'] }])
    expect(one.ofKeys(['X', 'p'])).toMatchObject({ dataset: 'a', score: 0.5 })
    expect(one.ofKeys(['X', 'p', 'q'])).toMatchObject({ dataset: undefined, score: 1 / 3 })
    expect(one.ofKeys([])).toEqual({ dataset: undefined, score: 0 })
  })

  it('is not changed by three unknown fields', () => {
    for (const [name] of DATASETS) {
      const fields = draw(fieldsOf(name), 12, randomOf(3))
      expect(detector.ofKeys([...fields, 'foo', 'Bar', 'baz_9']).dataset, name).toBe(detector.ofKeys(fields).dataset)
    }
  })

  it('does not look at case, counts keys that differ in case once, and knows other spellings', () => {
    expect(detector.ofKeys(fieldsOf('http_requests').map(field => field.toLowerCase()))).toMatchObject({
      dataset: 'http_requests',
      score: 1,
    })
    const one = createDetector([{ name: 'a', known: ['X', 'x'] }])
    expect(one.ofKeys(['x', 'X', 'p', 'P'])).toMatchObject({ score: 0.5 })
    expect(detector.ofKeys(OTHER.websocket_analytics!)).toMatchObject({ dataset: 'websocket_analytics', score: 1 })
    expect(detector.knows('ssh_logs', 'PayLoad')).toBe(true)
  })

  it('gives equal answers from the cache, and does not mix up lists whose keys join to the same text', () => {
    const one = createDetector([{ name: 'a', known: ['X', 'Y'] }])
    expect(one.ofKeys(['X', 'Y'])).toMatchObject({ dataset: 'a', score: 1 })
    expect(one.ofKeys(['X\nY'])).toMatchObject({ dataset: undefined, score: 0 })
    expect(one.ofKeys(['p\nX', 'Y'])).toMatchObject({ dataset: 'a', score: 0.5 })
    expect(one.ofKeys(['p', 'X\nY'])).toMatchObject({ dataset: undefined, score: 0 })
    expect(one.ofKeys(['X', 'Y'])).toMatchObject({ dataset: 'a', score: 1 })
  })
})

describe('what a dataset knows', () => {
  it('is told per key, per list and as a share', () => {
    const fields = fieldsOf('gateway_dns')
    expect(detector.knows('gateway_dns', 'rcode')).toBe(true)
    expect(detector.knows('gateway_dns', 'ClientRequestURI')).toBe(false)
    expect(detector.knowsAll('gateway_dns', fields)).toBe(true)
    expect(detector.knowsAll('gateway_dns', fields)).toBe(true)
    expect(detector.knowsAll('gateway_dns', fields.with(7, 'Zzz'))).toBe(false)
    expect(detector.knowsAll('gateway_dns', [...fields, 'Zzz'])).toBe(false)
    expect(detector.knowsAll('gateway_dns', fields.slice(1))).toBe(true)
    expect(detector.knownShare('gateway_dns', ['RCode', 'rcode', 'Zzz'])).toBe(0.5)
    expect(detector.knownShare('gateway_dns', [])).toBe(0)
  })

  it('does not follow later changes of a list that was accepted', () => {
    const keys = fieldsOf('dns_logs')
    expect(detector.knowsAll('dns_logs', keys)).toBe(true)
    keys[0] = 'Zzz'
    expect(detector.knowsAll('dns_logs', keys)).toBe(false)
  })

  it('is nothing for a dataset that does not exist', () => {
    expect(detector.knows('__proto__', 'RayID')).toBe(false)
    expect(detector.knowsAll('nope', ['RayID'])).toBe(false)
    expect(detector.knownShare('constructor', ['RayID'])).toBe(0)
  })
})

describe('hostile keys', () => {
  it.each([
    ['names of the language', ['__proto__', 'constructor', 'toString', 'hasOwnProperty']],
    ['empty and odd names', ['', ' ', '\u0000', '\uD800', '\n']],
    ['ten thousand names', Array.from({ length: 10_000 }, (_, i) => `key${i}`)],
    ['a very long name', ['x'.repeat(1_000_000)]],
  ])('are unknown: %s', (_, keys) => {
    expect(detector.ofKeys(keys)).toMatchObject({ dataset: undefined, score: 0 })
    expect(detector.knowsAll('http_requests', keys)).toBe(false)
    expect(detector.knownShare('http_requests', keys)).toBe(0)
  })

  it('do not fill the memory when every record has others', () => {
    const random = randomOf(9)
    const long = 'x'.repeat(2000)
    const before = process.memoryUsage().heapUsed
    for (let n = 0; n < 20_000; n++) detector.ofKeys([`${long}${random()}`, 'RayID'])
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000)
    expect(detector.ofKeys(fieldsOf('http_requests')).dataset).toBe('http_requests')
  })
})
