import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Drain } from '../../src/delivery/drain.ts'
import { createPool, type Pool } from '../../src/delivery/pool.ts'
import { DamagedError, RetryableError, UnavailableError } from '../../src/errors.ts'
import { deliver, lineOf, numbers, records, refuse } from './deliver.ts'
import { body, createScene, createScriptedSink, createTestLog, ODD_WORKER, workerSettings } from './harness.ts'

let pool: Pool
beforeAll(async () => {
  const settings = workerSettings({ pieceBytes: 200 })
  pool = createPool({ workers: 2, settings, log: createTestLog().log, entry: ODD_WORKER })
  await pool.ready()
})
afterAll(() => pool.close())

let scene: Awaited<ReturnType<typeof createScene>>
beforeEach(async () => {
  scene = await createScene(pool, ['a', 'b'], { deadLettersMaxBytes: 2000 })
})
afterEach(() => scene.close())

describe('a drain with a batch that is broken', () => {
  it('sets a damaged batch aside for all sinks, and goes on', async () => {
    const stored = gzipSync(body(...records(5)))
    stored[stored.length - 6]! ^= 1
    await scene.store(body(...records(5)), { stored })
    await scene.store(body({}))
    const sinks = ['a', 'b'].map(name => createScriptedSink(name))
    for (const { sink } of sinks) scene.drain(sink)
    for (const { sink, events } of sinks) {
      await scene.idle(sink.name)
      expect(events.length).toBe(1)
      expect(await scene.books(sink.name)).toEqual({ delivered: 1, filtered: 0, dead: 5, pending: 0 })
      await expect.poll(() => scene.deadLetters(sink.name)).toMatchObject([{ reason: 'damaged', lines: 5 }])
    }
    await expect.poll(() => scene.spool.usage.batches).toBe(0)
  })

  it('counts a batch that another sink set aside as dead letters', async () => {
    const stored = gzipSync(body(...records(5)))
    stored[stored.length - 6]! ^= 1
    const stuck = createScriptedSink('b', () => {
      throw new RetryableError('down')
    })
    await scene.store(body({}))
    scene.drain(stuck.sink, { maxBatchesAhead: 1 })
    await expect.poll(() => stuck.state.attempts).toBeGreaterThan(0)
    await scene.store(body(...records(5)), { stored })
    await deliver(scene, [])
    await expect.poll(() => scene.books('b')).toEqual({ delivered: 0, filtered: 0, dead: 5, pending: 1 })
    expect(await scene.deadLetters('b')).toMatchObject([{ reason: 'damaged', lines: 5 }])
  })

  describe('that another sink set aside while the dead letters are full', () => {
    const full = () => `${scene.dir}/dead-letters/b/2026-01-01.ndjson`
    const damaged = gzipSync(body(...records(5)))
    damaged[damaged.length - 6]! ^= 1
    let drain: Drain
    beforeEach(async () => {
      await mkdir(dirname(full()), { recursive: true })
      await writeFile(full(), `${'x'.repeat(2000)}\n`)
      const stuck = createScriptedSink('b', () => {
        throw new RetryableError('down')
      })
      await scene.store(body({}))
      drain = scene.drain(stuck.sink, { maxBatchesAhead: 1 })
      await expect.poll(() => stuck.state.attempts).toBeGreaterThan(0)
      for (let i = 0; i < 2; i++) await scene.store(body(...records(5)), { stored: damaged })
      await deliver(scene, [])
      await expect
        .poll(() => scene.log.sentences('error'))
        .toContainEqual(expect.stringContaining('reached DEAD_LETTERS_MAX_BYTES'))
    })

    it('waits for room, and counts its lines when their row is written', async () => {
      expect(await scene.books('b')).toMatchObject({ dead: 0, pending: 11 })
      await rm(full())
      await expect.poll(() => scene.books('b')).toMatchObject({ dead: 10, pending: 1 })
      const row = { reason: 'damaged', lines: 5 }
      expect(await scene.deadLetters('b')).toMatchObject([row, row])
    })

    it('says when it is stopped that there is no row', async () => {
      const started = performance.now()
      await drain.stop(50)
      expect(performance.now() - started).toBeLessThan(500)
      const sentence = 'A dead letter for a damaged batch could not be written.'
      expect(scene.log.sentences('error').filter(each => each === sentence).length).toBe(2)
      expect(await scene.books('b')).toMatchObject({ dead: 0, pending: 11 })
    })
  })

  it.each([
    {
      stored: 3,
      dead: 1,
      letters: [{ reason: 'miscounted', lines: 1, detail: 'it was stored as 3 lines and holds 2' }],
    },
    { stored: 1, dead: 0, letters: [] },
  ])('delivers a batch of 2 lines that was stored as $stored, and says so', async ({ stored, dead, letters }) => {
    await scene.store(body({}, {}), { lines: stored })
    const { events, settled } = await deliver(scene, [])
    await expect.poll(() => settled.length).toBe(1)
    expect(events.map(lineOf)).toEqual([0, 1])
    expect(await scene.books('a')).toEqual({ delivered: stored - dead, filtered: 0, dead, pending: 0 })
    expect(await scene.deadLetters('a')).toMatchObject(letters)
    expect(scene.log.sentences('error')).toEqual([
      `A batch was stored as ${stored} lines and holds 2; none of those is lost.`,
    ])
    expect(scene.spool.usage.batches).toBe(1)
  })

  it('reads a batch again after a disk error, and sends nothing twice', async () => {
    let reads = 0
    const spool = {
      async claim(sink: string, signal: AbortSignal) {
        const claim = await scene.spool.claim(sink, signal)
        const read = async function* (of: AbortSignal) {
          const first = ++reads === 1
          for await (const chunk of claim.read(of)) {
            yield first ? chunk.subarray(0, chunk.length / 2) : chunk
            if (first) throw new UnavailableError('disk error')
          }
        }
        return { ...claim, read }
      },
    }
    const scripted = createScriptedSink('a')
    await scene.store(body(...Array.from({ length: 2000 }, () => ({ text: randomBytes(40).toString('hex') }))))
    scene.drain(scripted.sink, { spool })
    await scene.idle('a')
    expect(reads).toBe(2)
    expect(scripted.events.map(lineOf)).toEqual(numbers(2000))
    expect(scene.log.sentences('warn')).toEqual(['A batch could not be read; it is tried again.'])
  })

  /** Drains with a sink that refuses the first event; reads from the given one on fail so often, then find damage. */
  async function deliverFailing(firstBad: number, failures: number) {
    let reads = 0
    const spool = {
      async claim(sink: string, signal: AbortSignal) {
        const claim = await scene.spool.claim(sink, signal)
        const read = async function* (of: AbortSignal) {
          const number = reads++
          if (number >= firstBad + failures) throw new DamagedError('the disk is broken')
          if (number >= firstBad) throw new UnavailableError('disk error')
          yield* claim.read(of)
        }
        return { ...claim, read }
      },
    }
    await scene.store(body({}, {}))
    scene.drain(createScriptedSink('a', refuse(0)).sink, { spool })
    await scene.idle('a')
    expect(scene.log.sentences('warn')).toEqual(['A batch could not be read; it is tried again.'])
    return reads
  }

  it('sets a batch aside that cannot be read for good, and says once that it is tried again', async () => {
    expect(await deliverFailing(0, 4)).toBe(5)
    expect(await scene.deadLetters('a')).toMatchObject([{ reason: 'damaged', lines: 2, detail: 'the disk is broken' }])
    expect(await scene.books('a')).toEqual({ delivered: 0, filtered: 0, dead: 2, pending: 0 })
  })

  it('writes a dead letter without its line when that cannot be read for good', async () => {
    expect(await deliverFailing(1, 4)).toBe(6)
    const [letter, ...more] = await scene.deadLetters('a')
    expect([letter, more]).toMatchObject([{ reason: 'mapping', line: 0 }, []])
    expect(letter).not.toHaveProperty('original')
    expect(await scene.books('a')).toEqual({ delivered: 1, filtered: 0, dead: 1, pending: 0 })
  })

  it('maps a batch again when a worker dies, and sends nothing twice', async () => {
    const innocent = body(...records(200))
    const deadly = body(...records(10), { do: 'exit' })
    const { events } = await deliver(scene, [innocent, deadly, innocent], async () => {
      await new Promise(resolve => setTimeout(resolve, 1))
      return undefined
    })
    const sent = events.map(lineOf)
    expect(sent.slice(0, 200)).toEqual(numbers(200))
    expect(sent.slice(-200)).toEqual(numbers(200))
    const between = sent.slice(200, -200)
    expect(between).toEqual(numbers(between.length))
    expect(await scene.books('a')).toEqual({
      delivered: 400 + between.length,
      filtered: 0,
      dead: 11 - between.length,
      pending: 0,
    })
    expect(await scene.deadLetters('a')).toMatchObject([
      { reason: 'damaged', detail: expect.stringContaining('failed 3 times') },
    ])
  })
})
