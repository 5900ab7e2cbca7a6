import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pieceOf } from '../../src/delivery/pieces.ts'
import { createPool, type Pool } from '../../src/delivery/pool.ts'
import {
  BATCH,
  body,
  claimOf,
  createScene,
  createScriptedSink,
  createTestLog,
  eventsOf,
  workerSettings,
} from './harness.ts'

let pool: Pool
beforeAll(async () => {
  const settings = workerSettings({
    dropFields: ['Cookies', 'RequestHeaders.authorization'],
    dropDatasets: ['dns_logs'],
  })
  pool = createPool({ workers: 1, settings, log: createTestLog().log })
  await pool.ready()
})
afterAll(() => pool.close())

describe('delivery with the real mapper', () => {
  it('turns lines as received into ECS events, with every digit and without dropped fields', async () => {
    const scene = await createScene(pool, ['a'])
    const line =
      '{"ClientIP":"203.0.113.9","ClientRequestHost":"x.example.com","EdgeStartTimestamp":1506702504433000201,"CacheCacheStatus":"hit","OriginResponseTime":12345678901234567890,"Cookies":{"s":"secret"},"RequestHeaders":{"authorization":"secret","x":"y"}}'
    const { sink, events } = createScriptedSink('a')
    await scene.store(body(line, 'test', { Nothing: 'known' }))
    scene.drain(sink)
    await scene.idle('a')
    expect(events).toHaveLength(3)
    const [request, bad, unknown] = [...events].sort((x, y) => order(x) - order(y))
    expect(request).toMatchObject({
      '@timestamp': '2017-09-29T16:28:24.433000201Z',
      event: { dataset: 'http_requests' },
      source: { ip: '203.0.113.9' },
      cloudflare: { OriginResponseTime: '12345678901234567890', RequestHeaders: { x: 'y' } },
      message: line.replace('"Cookies":{"s":"secret"},', '').replace('"authorization":"secret",', ''),
    })
    expect(JSON.stringify(events)).not.toContain('secret')
    expect(bad).toMatchObject({ event: { kind: 'pipeline_error', original: 'test' }, error: { code: 'not_json' } })
    expect(unknown).toMatchObject({
      cloudflare: { Nothing: 'known' },
      tags: expect.arrayContaining(['logpush.unknown_dataset']),
    })
    await expect.poll(() => scene.counter('intake_bad_lines_total')).toEqual({ '{reason="not_json"}': 1 })
    await scene.close()
  })

  it('filters a dropped dataset that it finds by the fields', async () => {
    const scene = await createScene(pool, ['a'])
    const { sink } = createScriptedSink('a')
    await scene.store(
      body({
        ColoCode: 'FRA',
        EDNSSubnet: '',
        QueryName: 'a.example',
        QueryType: 1,
        ResponseCode: 0,
        SourceIP: '192.0.2.1',
        Timestamp: '2026-01-01T00:00:00Z',
      }),
    )
    scene.drain(sink)
    await scene.idle('a')
    expect(await scene.books('a')).toEqual({ delivered: 0, filtered: 1, dead: 0, pending: 0 })
    await scene.close()
  })
})

it('has the right events in buffers that are used again', async () => {
  const needs = { form: 'event', returnsBytes: true } as const
  const records = Array.from({ length: 3000 }, (_, i) => ({ RayID: `${i}`, Unheard: 'x'.repeat(1000) }))
  const buffers = new Set<ArrayBufferLike>()
  const rays: string[] = []
  for (let batch = 0; batch < 6; batch++) {
    const reading = pool.read(claimOf(body(...records)), needs, false)
    const held: Uint8Array[] = []
    for (let piece = await reading.next(); piece !== undefined; piece = await reading.next()) {
      // Two wait before the first goes back, as in a sink.
      held.push(piece.bytes)
      if (held.length > 2) reading.giveBack(held.shift()!)
      if (piece.bytes.buffer instanceof SharedArrayBuffer) buffers.add(piece.bytes.buffer)
      for (const event of eventsOf(pieceOf(piece, BATCH, String))) {
        rays.push((JSON.parse((event as { message: string }).message) as { RayID: string }).RayID)
      }
    }
    for (const bytes of held) reading.giveBack(bytes)
  }
  expect(buffers.size).toBeGreaterThan(0)
  expect(rays).toEqual(Array.from({ length: 6 }, () => records.map(record => record.RayID)).flat())
})

/** Events of several datasets come in no order that a test should know. */
function order(event: Record<string, unknown>): number {
  if ('source' in event) return 0
  return 'error' in event ? 1 : 2
}
