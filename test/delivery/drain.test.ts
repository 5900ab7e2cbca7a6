import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPool, type Pool } from '../../src/delivery/pool.ts'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import { uuidsOf } from '../../src/lib/uuid.ts'
import { deliver, lineOf, numbers, records, refuse } from './deliver.ts'
import {
  body,
  createScene,
  createScriptedSink,
  createTestLog,
  eventsOf,
  ODD_WORKER,
  workerSettings,
} from './harness.ts'

let pool: Pool
beforeAll(async () => {
  const settings = workerSettings({ pieceBytes: 200, dropDatasets: ['dropped'] })
  pool = createPool({ workers: 2, settings, log: createTestLog().log, entry: ODD_WORKER })
  await pool.ready()
})
afterAll(() => pool.close())

let scene: Awaited<ReturnType<typeof createScene>>
beforeEach(async () => {
  scene = await createScene(pool, ['a', 'b'], { deadLettersMaxBytes: 2000 })
})
afterEach(() => scene.close())

describe('a drain', () => {
  it('delivers batches in order, each event once, and acknowledges them', async () => {
    const { events, settled, state } = await deliver(scene, [
      body(...records(10)),
      body(...records(3)),
      body({ dataset: 'z' }),
    ])
    expect(events.map(lineOf)).toEqual([...numbers(10), ...numbers(3), 0])
    expect(state.opens).toBe(1)
    expect(await scene.books('a')).toEqual({ delivered: 14, filtered: 0, dead: 0, pending: 0 })
    expect(await scene.books('b')).toEqual({ delivered: 0, filtered: 0, dead: 0, pending: 14 })
    await expect.poll(() => settled.length).toBe(3)
    expect(scene.spool.oldestAgeMs('a')).toBe(0)
    expect(scene.spool.usage.batches).toBe(3)
  })

  it('keeps no more writes unsettled than the sink takes', async () => {
    const { state, events } = await deliver(
      scene,
      [body(...records(40)), body(...records(40))],
      async () => {
        await new Promise(resolve => setTimeout(resolve, 1))
        return undefined
      },
      3,
    )
    expect(state.mostInFlight).toBe(3)
    expect(events.length).toBe(80)
  })

  it('counts the lines of dropped datasets as filtered', async () => {
    await deliver(scene, [body({ dataset: 'dropped' }, {}, { dataset: 'dropped' }), body({ dataset: 'dropped' })])
    expect(await scene.books('a')).toEqual({ delivered: 1, filtered: 3, dead: 0, pending: 0 })
  })

  it('reports what the lines were, once a batch', async () => {
    await deliver(scene, [body({ tag: 'logpush.bad_value', dataset: 'd', reject: 'F' }, 'x', 'y')])
    await expect.poll(() => scene.counter('intake_bad_lines_total')).toEqual({ '{reason="not_json"}': 2 })
    expect(await scene.counter('intake_tagged_events_total')).toEqual({ '{tag="logpush.bad_value"}': 1 })
    expect(await scene.counter('intake_rejected_values_total')).toEqual({ '{dataset="d",field="F"}': 1 })
  })

  it('gives each event the id that the sender was told', async () => {
    const batchId = randomBytes(32)
    await scene.store(body('', {}, {}), { batchId })
    const { ids } = await deliver(scene, [])
    expect(ids).toEqual([0, 1].map(uuidsOf(batchId)))
  })
})

describe('a drain whose sink is down', () => {
  it('backs off with growing pauses, says so once, and loses and doubles nothing', async () => {
    const { events } = await deliver(
      scene,
      [body(...records(12))],
      (_piece, _signal, attempt) => {
        if (attempt >= 2 && attempt <= 11) throw new RetryableError('503')
        return undefined
      },
      3,
    )
    expect(events.map(lineOf)).toEqual(numbers(12))
    expect(scene.paused.slice(0, 4)).toEqual([125, 250, 500, 1000])
    expect(Math.max(...scene.paused)).toBeLessThanOrEqual(30_000)
    expect(scene.log.sentences('warn')).toEqual(['The sink does not take events now; they wait in the spool.'])
    expect(scene.log.sentences('info').filter(text => text.includes('again'))).toEqual(['The sink takes events again.'])
    expect(await scene.books('a')).toEqual({ delivered: 12, filtered: 0, dead: 0, pending: 0 })
  })

  it('does as Retry-After says, up to the longest pause', async () => {
    await deliver(scene, [body({})], (_piece, _signal, attempt) => {
      if (attempt === 1) throw new RetryableError('429', { retryAfterMs: 7000 })
      if (attempt === 2) throw new RetryableError('429', { retryAfterMs: 3_600_000 })
      return undefined
    })
    expect(scene.paused).toEqual([7000, 30_000])
  })

  it('pauses long and cries for the operator once where only he can help', async () => {
    await deliver(scene, [body({})], (_piece, _signal, attempt) => {
      if (attempt < 4) throw new RetryableError('401', { needsOperator: true })
      return undefined
    })
    expect(scene.paused).toEqual([30_000, 30_000, 30_000])
    expect(scene.log.sentences('error')).toEqual([
      'The sink refuses until its settings are mended; events wait in the spool.',
    ])
  })

  it('takes anything unknown that is thrown as a reason to come again', async () => {
    const { events } = await deliver(scene, [body({})], (_piece, _signal, attempt) => {
      if (attempt === 1) throw new TypeError('a fault')
      return undefined
    })
    expect(events.length).toBe(1)
  })

  it('keeps trying to reach it before it writes', async () => {
    const scripted = createScriptedSink('a')
    let tries = 0
    const sink = {
      ...scripted.sink,
      open: async () => {
        if (++tries < 3) throw new Error('refused')
      },
    }
    await scene.store(body({}))
    scene.drain(sink)
    await scene.idle('a')
    expect(tries).toBe(3)
    expect(scripted.events.length).toBe(1)
  })

  it('aborts a write that takes too long', async () => {
    const scripted = createScriptedSink('a', async (_piece, signal, attempt) => {
      if (attempt === 1)
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      return undefined
    })
    await scene.store(body({}))
    scene.drain(scripted.sink, { writeTimeoutMs: 20 })
    await scene.idle('a')
    expect(scripted.state.attempts).toBe(2)
  })

  it('does not hold another sink', async () => {
    const down = createScriptedSink('a', () => {
      throw new RetryableError('down')
    })
    const up = createScriptedSink('b')
    for (let i = 0; i < 12; i++) await scene.store(body(...records(30)))
    scene.drain(down.sink)
    await expect.poll(() => down.state.attempts).toBeGreaterThan(2)
    scene.drain(up.sink, { reportsLines: false })
    await scene.idle('b')
    expect(up.events.length).toBe(360)
    expect(await scene.books('a')).toEqual({ delivered: 0, filtered: 0, dead: 0, pending: 360 })
  })
})

describe('a drain whose sink takes a part', () => {
  it('sends again only the events that are to be retried', async () => {
    const sent: unknown[][] = []
    const { events } = await deliver(scene, [body(...records(3))], (piece, _signal, attempt) => {
      sent.push(eventsOf(piece).map(lineOf))
      return attempt === 1 ? { retry: [2, 1, 1], rejected: [] } : undefined
    })
    expect(sent).toEqual([
      [0, 1, 2],
      [1, 2],
    ])
    expect(events.map(lineOf)).toEqual([0, 1, 2])
    expect(await scene.books('a')).toMatchObject({ delivered: 3, pending: 0 })
  })

  it('writes a rejected event to the dead letters, with its line as received', async () => {
    const batchId = randomBytes(32)
    const text = body({ n: 0 }, '', '{"secret": "\\u00e4", "dataset":"d"}', { n: 2 })
    await scene.store(text, { batchId, dataset: 'http_requests' })
    await deliver(scene, [], piece =>
      piece.dataset === 'd'
        ? { retry: [], rejected: [{ index: 0, reason: 'mapping', detail: 'x'.repeat(5000) }] }
        : undefined,
    )
    expect(await scene.deadLetters('a')).toEqual([
      {
        key: expect.stringMatching(/:1$/),
        time: expect.stringMatching(/Z$/),
        sink: 'a',
        reason: 'mapping',
        detail: 'x'.repeat(2048),
        dataset: 'd',
        id: uuidsOf(batchId)(1),
        batch: expect.any(String),
        line: 1,
        declared: 'http_requests',
        received: '2026-01-01T00:00:00Z',
        original: '{"secret": "\\u00e4", "dataset":"d"}',
      },
    ])
    expect(await scene.books('a')).toEqual({ delivered: 2, filtered: 0, dead: 1, pending: 0 })
  })

  it('keeps bytes that are no text in the dead letter', async () => {
    await deliver(scene, [Buffer.from([0x7b, 0xff, 0x0a])], refuse(0))
    expect(await scene.deadLetters('a')).toMatchObject([
      { original_base64: Buffer.from([0x7b, 0xff]).toString('base64') },
    ])
  })

  it('halves a piece that is refused whole until the one bad event is alone', async () => {
    const { events } = await deliver(
      scene,
      [body(...records(20))],
      piece => {
        if (piece.lines.includes(13)) throw new PermanentError('413')
        return undefined
      },
      2,
    )
    expect(events.map(lineOf).sort((x, y) => Number(x) - Number(y))).toEqual(numbers(20).filter(n => n !== 13))
    expect(await scene.deadLetters('a')).toMatchObject([{ line: 13, reason: 'refused', detail: '413' }])
    expect(await scene.books('a')).toEqual({ delivered: 19, filtered: 0, dead: 1, pending: 0 })
    expect(scene.paused).toEqual([])
  })

  it('waits when the dead letters are full, rather than drop, and goes on when there is room', async () => {
    const bad = { text: 'y'.repeat(700) }
    const scripted = createScriptedSink('a', () => ({
      retry: [],
      rejected: [{ index: 0, reason: 'mapping', detail: '' }],
    }))
    for (let i = 0; i < 4; i++) await scene.store(body(bad))
    scene.drain(scripted.sink)
    await expect.poll(() => scene.log.sentences('error').length).toBe(1)
    const before = await scene.books('a')
    expect(before.pending).toBeGreaterThan(0)
    expect(before.dead! + before.pending!).toBe(4)
    while ((await scene.books('a')).pending! > 0) {
      await rm(`${scene.dir}/dead-letters/a/2026-01-02.ndjson`, { force: true })
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    expect(await scene.books('a')).toEqual({ delivered: 0, filtered: 0, dead: 4, pending: 0 })
  })
})

describe('a drain that is stopped', () => {
  it('finishes what is in hand and claims no more', async () => {
    const scripted = createScriptedSink('a', async () => {
      await new Promise(resolve => setTimeout(resolve, 2))
      return undefined
    })
    for (let i = 0; i < 8; i++) await scene.store(body(...records(20)))
    const drain = scene.drain(scripted.sink, { maxBatchesAhead: 2 })
    await expect.poll(() => scripted.events.length).toBeGreaterThan(0)
    await drain.stop(5000)
    const delivered = scripted.events.length
    expect(delivered % 20).toBe(0)
    expect(delivered).toBeLessThan(160)
    expect(await scene.books('a')).toMatchObject({ delivered, pending: 160 - delivered })
    await drain.run()
  })

  it('gives back what it cannot finish in time', async () => {
    const scripted = createScriptedSink(
      'a',
      (_piece, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    )
    await scene.store(body({}))
    const drain = scene.drain(scripted.sink)
    await expect.poll(() => scripted.state.inFlight).toBe(1)
    await drain.stop(20)
    expect(scripted.state.inFlight).toBe(0)
    expect((await scene.spool.claim('a', AbortSignal.timeout(1000))).batch.lines).toBe(1)
  })

  it('ends with the error of a sink that breaks its contract, and gives its batches back', async () => {
    const { sink } = createScriptedSink('a')
    await scene.store(body({}))
    const drain = scene.drain({ ...sink, write: async () => ({}) as never })
    await expect(drain.run()).rejects.toThrow(TypeError)
    expect((await scene.spool.claim('a', AbortSignal.timeout(1000))).batch.lines).toBe(1)
  })

  it('ends although its sink does not notice', async () => {
    const scripted = createScriptedSink('a', () => new Promise(() => {}))
    await scene.store(body({}))
    const drain = scene.drain(scripted.sink)
    await expect.poll(() => scripted.state.inFlight).toBe(1)
    await drain.stop(5)
  })

  it('ends while its sink is down', async () => {
    const scripted = createScriptedSink('a', () => {
      throw new RetryableError('down')
    })
    await scene.store(body({}))
    const drain = scene.drain(scripted.sink, {
      sleep: (ms, signal) =>
        new Promise((_, reject) => {
          const timer = setTimeout(() => reject(new Error('slept')), ms * 1000)
          signal.addEventListener('abort', () => {
            clearTimeout(timer)
            reject(signal.reason)
          })
        }),
    })
    await expect.poll(() => scripted.state.attempts).toBe(1)
    await drain.stop(10)
    await drain.run()
  })
})
