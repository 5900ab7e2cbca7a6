import { expect, it } from 'vitest'
import { randomOf } from '../../bench/records.ts'
import { createPool } from '../../src/delivery/pool.ts'
import { body, createScene, createTestLog, ODD_WORKER, workerSettings } from '../delivery/harness.ts'
import { createFakeBulk, sinkOn } from '../helpers/fake-bulk.ts'

const EVENTS = 100_000
const BATCH = 1_000
const STATUSES = [201, 200, 400, 403, 404, 409, 413, 429, 500, 503, 'missing'] as const
const BROKEN = ['cut', 'reset', 'html', 'short', 503, 413, 403] as const

it(`${EVENTS} events end each as delivered or dead letter, once, whatever a store answers to each, and the counters add up`, async () => {
  const random = randomOf(20_260_101)
  const oneOf = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!
  const pool = createPool({ workers: 2, settings: workerSettings(), log: createTestLog().log, entry: ODD_WORKER })
  const scene = await createScene(pool, ['elasticsearch'], { deadLettersMaxBytes: 2 ** 30 })
  const store = await createFakeBulk()

  /** What an answer that arrived whole said of an event: told so, it must not come again. */
  const told = new Map<string, 'delivered' | 'refused'>()
  const again: string[] = []
  const counts = new Map<unknown, number>()
  let answering: [string, 'delivered' | 'refused'][] = []
  store.onItem = ({ id }) => {
    if (told.has(id)) again.push(id)
    const status = oneOf(STATUSES)
    counts.set(status, (counts.get(status) ?? 0) + 1)
    if (status === 'missing') return 'omit'
    if (status < 300 || status === 409) answering.push([id, 'delivered'])
    else if (status === 400 || status === 413) answering.push([id, 'refused'])
    return { status, ...(status >= 300 && { error: { type: 'some_exception', reason: `as it likes, ${status}` } }) }
  }
  store.onReply = (reply, { path }) => {
    const items = answering
    answering = []
    if (!path.endsWith('_bulk')) return reply
    const deed = random() < 0.1 ? oneOf(BROKEN) : undefined
    counts.set(deed, (counts.get(deed) ?? 0) + 1)
    switch (deed) {
      case 'cut':
      case 'reset':
        return deed
      case 'html':
        return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Please log in</html>' }
      case 'short':
        return { ...reply, body: String(reply.body).slice(0, -20) }
      case undefined:
        for (const [id, what] of items) told.set(id, what)
        return reply
      default:
        return { ...reply, status: deed, body: '' }
    }
  }

  for (let batch = 0; batch < EVENTS / BATCH; batch++) {
    await scene.store(body(...Array.from({ length: BATCH }, (_, n) => ({ dataset: 'd', batch, n }))))
  }
  scene.drain(sinkOn(store, { setup: 'off' }))
  await scene.idle('elasticsearch')

  const letters = new Set((await scene.deadLetters('elasticsearch')).map(row => String(row.id)))
  const delivered = [...told].filter(([, what]) => what === 'delivered').map(([id]) => id)
  expect(again).toEqual([])
  expect(delivered.filter(id => letters.has(id))).toEqual([])
  expect(delivered.length + letters.size).toBe(EVENTS)
  expect(await scene.books('elasticsearch')).toMatchObject({
    delivered: delivered.length,
    dead: letters.size,
    pending: 0,
  })
  for (const kind of [...STATUSES, ...BROKEN]) expect(counts.get(kind), String(kind)).toBeGreaterThan(0)
  await scene.close()
  await store.stop()
  await pool.close()
})
