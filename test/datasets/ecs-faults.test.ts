import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/mapper/types.ts'
import { ecsFaults } from './ecs-faults.ts'

const EVENT: JsonObject = { '@timestamp': '2024-05-06T07:08:09Z', event: { category: ['network'], type: ['info'] } }

describe('the judge of events', () => {
  it('has nothing against a valid event', () => {
    expect(
      ecsFaults({
        ...EVENT,
        event: { ...(EVENT.event as JsonObject), duration: '9007199254740993' },
        destination: { geo: { location: 'u0yjje' } },
        source: { ip: '2001:db8::1', port: 443, geo: { location: { lat: -90, lon: 180 } } },
        email: { attachments: [{ file: { name: 'a.pdf', size: 1, hash: { sha256: 'ab' } } }] },
        cloudflare: { anything: [{ at: null }] },
      }),
    ).toEqual([])
  })

  it.each<[string, JsonObject]>([
    ['a name that ECS does not have', { source: { adress: 'a' } }],
    ['an object in place of a value', { source: { ip: { v4: '192.0.2.1' } } }],
    ['a value in place of an object', { source: '192.0.2.1' }],
    ['an array in place of a value', { source: { ip: ['192.0.2.1'] } }],
    ['a value in place of an array', { related: { ip: '192.0.2.1' } }],
    ['a number as text', { source: { port: '443' } }],
    ['a fraction in an integer', { source: { port: 4.5 } }],
    ['an integer that a double does not hold', { source: { bytes: 2 ** 53 } }],
    ['an integer beyond 64 bits', { source: { bytes: '9223372036854775808' } }],
    ['text that is no geohash', { source: { geo: { location: 'north pole' } } }],
    ['text as an address', { source: { ip: 'localhost' } }],
    ['an address with a zone', { source: { ip: 'fe80::1%eth0' } }],
    ['an empty keyword', { user: { name: '' } }],
    ['a day that there is not', { '@timestamp': '2024-13-01T00:00:00Z' }],
    ['a time without its zone', { '@timestamp': '2024-05-06T07:08:09' }],
    ['a point beyond a pole', { source: { geo: { location: { lat: 91, lon: 0 } } } }],
    ['a word that is not on the list', { event: { outcome: 'failed' } }],
    ['a type that is not expected of the category', { event: { category: ['web'], type: ['denied'] } }],
    ['a type without a category', { event: { type: ['info'] } }],
    ['a wrong value in an item of a nested list', { email: { attachments: [{ file: { size: 'big' } }] } }],
    ['a name that an item of a nested list does not have', { email: { attachments: [{ file: { length: 1 } }] } }],
    ['null', { source: { ip: null } }],
  ])('objects to %s', (_, change) => {
    expect(ecsFaults({ ...EVENT, ...change })).toHaveLength(1)
  })
})
