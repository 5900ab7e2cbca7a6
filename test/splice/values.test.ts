import { describe, expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import { createMapper } from '../../src/mapper/mapper.ts'
import { createJoiner } from '../../src/scan/joiner.ts'
import { createModule } from '../../src/scan/module.ts'
import { createScanner } from '../../src/scan/scanner.ts'
import { createSplicer } from '../../src/splice/splicer.ts'
import { createValues } from '../../src/splice/values.ts'
import { RECEIVED, SETTINGS } from '../datasets/map-one.ts'

const mapper = createMapper(registry, SETTINGS)

/** Events of one splicer, one after the other; undefined where one has to go the long way. */
function createSplicing() {
  const splicer = createSplicer()
  const writers = splicer.writers(() => ({}))
  return (record: object, dataset = 'http_requests') => {
    const plan = mapper.planOf(dataset)!
    const line = Buffer.from(JSON.stringify(record))
    if (splicer.read(line) === undefined || splicer.run(plan, RECEIVED, []) === undefined) return undefined
    const bytes = splicer.write(writers, dataset)
    return bytes && JSON.parse(bytes.toString())
  }
}

const known = new Map<object, object>()

/** The same event of a splicer that knows nothing of others. */
const alone = (record: object, dataset?: string) =>
  known.getOrInsertComputed(record, () => createSplicing()(record, dataset))

describe('an event', () => {
  const bodies = [
    {
      ClientIP: '192.0.2.1',
      EdgeResponseStatus: 200,
      ClientRequestHost: 'www.example.com',
      ClientDeviceType: 'mobile',
    },
    { ClientIP: '192.0.2.1', EdgeResponseStatus: '200', ClientRequestHost: 'a.example.org', ClientDeviceType: 7 },
    { ClientIP: '', EdgeResponseStatus: 404, ClientRequestHost: 'www.example.com', ClientDeviceType: '' },
    { ClientIP: '198.51.100.7', EdgeResponseStatus: 'x', ClientRequestHost: null, ClientDeviceType: true },
    { ClientIP: '2001:db8::1', EdgeResponseStatus: 12.5, ClientRequestHost: 'b.example.net', ClientDeviceType: 'tv' },
    { ClientIP: '2001:db8::1', EdgeResponseStatus: 12.5, ClientRequestHost: 'b.example.net', ClientDeviceType: 7 },
  ]

  it('does not depend on those before it, whichever they are and however often they come', () => {
    const splice = createSplicing()
    let seed = 7
    for (let i = 0; i < 3000; i++) {
      seed = (seed * 48_271) % 2_147_483_647
      const record = bodies[seed % bodies.length]!
      const times = seed % 3 === 0 ? 40 : 1
      const expected = alone(record)
      for (let k = 0; k < times; k++) expect(splice(record)).toEqual(expected)
    }
  })

  it('nor on events of other datasets between', () => {
    const splice = createSplicing()
    const dns = { ClientIP: '192.0.2.9', QueryName: 'example.com', QueryType: 1, Timestamp: '2026-01-01T00:00:00Z' }
    for (let i = 0; i < 60; i++) {
      expect(splice(bodies[0]!)).toEqual(alone(bodies[0]!))
      expect(splice(dns, 'gateway_dns')).toEqual(alone(dns, 'gateway_dns'))
    }
  })

  it('nor on another splicer that runs the same plan', () => {
    const [one, other] = [createSplicing(), createSplicing()]
    const dns = { QueryName: 'example.com', QueryType: 1, SrcIP: '192.0.2.9', Policy: 'p' }
    const record = { QueryName: 7, QueryType: 1, SrcIP: 'none', Policy: 'p' }
    for (const _ of Array(20)) {
      expect(one(dns, 'gateway_dns')).toEqual(alone(dns, 'gateway_dns'))
      expect(other(record, 'gateway_dns')).toEqual(alone(record, 'gateway_dns'))
    }
  })

  it('goes the long way where its lists or texts do not fit, and leaves nothing behind for the next', () => {
    const splice = createSplicing()
    const dns = (names: number) => ({
      QueryName: 'a.example',
      ResolvedIPs: Array.from({ length: names }, (_, i) => `10.0.${i >> 8}.${i & 255}`),
    })
    const few = alone(dns(3), 'gateway_dns')
    expect(few).toMatchObject({ dns: { resolved_ip: dns(3).ResolvedIPs } })
    expect(splice(dns(9000), 'gateway_dns')).toBeUndefined()
    expect(splice(dns(3), 'gateway_dns')).toEqual(few)
  })
})

describe('the texts of an event', () => {
  const module = createModule()
  const joiner = createJoiner(module)
  const values = createValues(createScanner(module), joiner)
  const sizeOf = (text: string) => {
    values.begin()
    values.add(text)
    return values.end()
  }

  it('are refused where they are not ASCII, also such as would fill their room to the byte when cut', () => {
    const room = joiner.texts.length
    expect(sizeOf('x'.repeat(room / 2))).toBe(room / 2)
    expect(sizeOf('é')).toBe(-1)
    for (let length = room - 4; length <= room + 1; length++) expect(sizeOf(`é${'x'.repeat(length - 1)}`)).toBe(-1)
  })
})
