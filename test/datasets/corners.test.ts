import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../src/mapper/types.ts'
import { mapRecord } from './map-one.ts'

const LOSSLESS = { keepOriginal: false }

describe('values at the corners of a rule', () => {
  it.each([
    ['example.com..', { registered_domain: 'example.com', top_level_domain: 'com' }],
    ['a.b.co.uk:8443', { registered_domain: 'b.co.uk', top_level_domain: 'co.uk', subdomain: 'a' }],
  ])('domain parts of %s are cut behind its port and dots', (domain, parts) => {
    expect(mapRecord({ AppDomain: domain }, 'access_requests').event.url).toMatchObject(parts)
  })

  it('an address with a port is neither a host nor has domain parts', () => {
    const { event } = mapRecord({ ClientRequestHost: '1.2.3.4:80' }, 'firewall_events')
    expect(event.url).toEqual({ domain: '1.2.3.4:80' })
    expect(event.related).toBeUndefined()
  })

  it.each([
    ['https://h.com/x', 443],
    ['https://h.com:/x', 443],
    ['https://h.com:99999/x', undefined],
    ['https://h.com:ab/x', undefined],
  ])('the port of %s', (url, port) => {
    expect((mapRecord({ URL: url }, 'gateway_http').event.url as JsonObject).port).toBe(port)
  })

  it('a status with a fraction has no outcome', () => {
    const { event, rejected } = mapRecord({ HTTPStatusCode: 200.5 }, 'gateway_http')
    expect((event.event as JsonObject).outcome).toBeUndefined()
    expect(rejected).toEqual(['HTTPStatusCode'])
  })

  it('a region that has its country is kept as it is', () => {
    const { event } = mapRecord({ ClientRegionCode: 'a-b c' }, 'http_requests')
    expect(event.source).toMatchObject({ geo: { region_iso_code: 'a-b c' } })
  })
})

describe('a geohash', () => {
  it.each(['SourceGeoHash', 'DestinationGeoHash', 'ColoGeoHash'])('in %s is a location in lower case', field => {
    const { event } = mapRecord({ [field]: 'U0YJJE' }, 'network_analytics_logs', LOSSLESS)
    const side = { SourceGeoHash: 'source', DestinationGeoHash: 'destination', ColoGeoHash: 'observer' }[field]!
    expect(event[side]).toMatchObject({ geo: { location: 'u0yjje' } })
    expect(event.cloudflare).toBeUndefined()
  })

  it.each<Json>(['north pole', '50.1,8.7', 'POINT (8.7 50.1)', 'Frankfurt', 12345, { lat: 1, lon: 2 }, [8.7, 50.1]])(
    'that is none is no location, stays, and the event says so: %j',
    SourceGeoHash => {
      const { event, rejected } = mapRecord({ SourceGeoHash }, 'network_analytics_logs', LOSSLESS)
      expect(event.source).toBeUndefined()
      expect(event.cloudflare).toEqual({ SourceGeoHash })
      expect(event.tags).toContain('logpush.bad_value')
      expect(rejected).toEqual(['SourceGeoHash'])
    },
  )
})

describe('a field whose own name is that of a published one', () => {
  it.each([
    ['gateway_http', { FileInfo: { files: [1] }, file_list: 'own' }],
    ['audit_logs', { Metadata: { zone_name: 'theirs' }, zone_name: 'own' }],
    ['firewall_events', { Source: 'waf', source: { k: 1 } }],
    ['firewall_events', { source: { k: 1 }, Source: 'waf' }],
  ])('is kept in %s, and so is the other', (dataset, record) => {
    expect(mapRecord(record as JsonObject, dataset, LOSSLESS).event.cloudflare).toEqual(record)
  })
})
