import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pieceOf } from '../../src/delivery/pieces.ts'
import { createPool, type Pool } from '../../src/delivery/pool.ts'
import type { Reading } from '../../src/delivery/reading.ts'
import { WorkerError } from '../../src/delivery/worker-thread.ts'
import { DamagedError, UnavailableError } from '../../src/errors.ts'
import { BATCH, body, claimOf, createTestLog, eventsOf, ODD_WORKER, workerSettings } from './harness.ts'

const EVENTS = { form: 'event' } as const
const settings = workerSettings({ pieceBytes: 64 * 1024 })

async function readAll(reading: Reading) {
  const lines: unknown[] = []
  for (let piece = await reading.next(); piece !== undefined; piece = await reading.next()) {
    lines.push(...eventsOf(pieceOf(piece, BATCH, String)).map(event => event.n))
  }
  return lines
}

const until = async (condition: () => boolean) => {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise(resolve => setTimeout(resolve, 4))
}

describe('the pool of workers', () => {
  const log = createTestLog()
  let pool: Pool
  beforeAll(async () => {
    pool = createPool({ workers: 1, settings, log: log.log, entry: ODD_WORKER, heapMb: 48 })
    await pool.ready()
  })
  afterAll(() => pool.close())

  it('reads a batch to its end and tells what its lines were', async () => {
    const records = Array.from({ length: 2000 }, () => ({ grow: 100 }))
    const reading = pool.read(claimOf(body(...records, 'bad'), { chunkBytes: 1000 }), EVENTS, false)
    expect(await readAll(reading)).toEqual(Array.from({ length: 2001 }, (_, i) => i))
    expect(reading.statistics).toMatchObject({ lines: 2001, badLines: new Map([['not_json', 1]]) })
  })

  it('stops reading while nobody takes the pieces, and serves other batches meanwhile', async () => {
    const large = claimOf(body(...Array(3000).fill({ grow: 10_000 })), { gzip: false, chunkBytes: 100 })
    let chunks = 0
    const counted = {
      ...large,
      async *read(signal: AbortSignal) {
        for await (const chunk of large.read(signal)) {
          chunks++
          yield chunk
        }
      },
    }
    const held = pool.read(counted, EVENTS, false)
    expect(await readAll(pool.read(claimOf(body({}, {})), EVENTS, false))).toEqual([0, 1])
    let before = -1
    while (chunks !== before) {
      before = chunks
      await new Promise(resolve => setTimeout(resolve, 60))
    }
    expect(chunks).toBeLessThan(large.batch.bytes / 100 / 2)
    expect((await readAll(held)).length).toBe(3000)
  })

  it('gives the pieces before the damage, then says that the batch is damaged', async () => {
    const stored = gzipSync(body(...Array.from({ length: 3000 }, () => ({ text: randomBytes(50).toString('hex') }))))
    stored[stored.length - 6]! ^= 1
    const reading = pool.read(claimOf(Buffer.from('{}'), { stored }), EVENTS, false)
    expect((await reading.next())?.first).toBe(0)
    await expect(readAll(reading)).rejects.toThrow(DamagedError)
  })

  it('passes on what reading the batch throws', async () => {
    const claim = {
      ...claimOf(body({})),
      async *read() {
        yield new Uint8Array(1)
        throw new UnavailableError('disk error')
      },
    }
    await expect(pool.read(claim, EVENTS, false).next()).rejects.toThrow(UnavailableError)
  })

  it('forgets a reading that is cancelled', async () => {
    const reading = pool.read(claimOf(body(...Array(3000).fill({ grow: 10_000 }))), EVENTS, false)
    await reading.next()
    reading.cancel()
    await expect(readAll(reading)).rejects.toThrow('cancelled')
    expect(await readAll(pool.read(claimOf(body({})), EVENTS, false))).toEqual([0])
  })

  it('reports a fault of the mapper without losing the worker', async () => {
    await expect(readAll(pool.read(claimOf(body({ do: 'throw' })), EVENTS, false))).rejects.toThrow('an accident')
    expect(await readAll(pool.read(claimOf(body({})), EVENTS, false))).toEqual([0])
    expect(log.entries).toEqual([])
  })

  it.each(['throw', 'crash'])('tells no more of a fault than a log should hold (%s)', async accident => {
    const reading = pool.read(claimOf(body({ do: accident, text: 'secret '.repeat(500) })), EVENTS, false)
    const error: Error = await readAll(reading).then(
      () => new Error('none'),
      thrown => thrown,
    )
    expect(error.message).toContain('an accident: secret')
    expect(error.message.length).toBeLessThan(530)
  })

  it.each([
    ['exit', 'exit code 7'],
    ['fill', 'memory'],
  ])('replaces a worker that dies (%s), and fails only what it had', async (accident, words) => {
    const neighbour = pool.read(claimOf(body(...Array(3000).fill({ grow: 10_000 }))), EVENTS, false)
    await neighbour.next()
    await expect(readAll(pool.read(claimOf(body({ do: accident })), EVENTS, false))).rejects.toThrow(words)
    await expect(readAll(neighbour)).rejects.toThrow(WorkerError)
    expect(await readAll(pool.read(claimOf(body({})), EVENTS, false))).toEqual([0])
    expect(log.sentences('error').at(-1)).toBe('A worker died and is replaced; its batches are mapped again.')
  })

  it('gives a batch a worker of its own when asked, so that its death costs no other', async () => {
    const neighbour = pool.read(claimOf(body(...Array(3000).fill({ grow: 10_000 }))), EVENTS, false)
    await neighbour.next()
    await expect(readAll(pool.read(claimOf(body({ do: 'exit' })), EVENTS, true))).rejects.toThrow(WorkerError)
    expect(await readAll(pool.read(claimOf(body({})), EVENTS, true))).toEqual([0])
    expect((await readAll(neighbour)).length).toBeGreaterThan(2900)
  })
})

describe('a pool of several workers', () => {
  let pool: Pool
  beforeEach(async () => {
    pool = createPool({ workers: 2, settings, log: createTestLog().log, entry: ODD_WORKER })
    await pool.ready()
  })
  afterEach(() => pool.close())

  it('gives batches that begin together to different ones', async () => {
    const [stuck, free] = [body({ do: 'hang' }), body({})].map(text => pool.read(claimOf(text), EVENTS, false))
    expect(await readAll(free!)).toEqual([0])
    stuck!.cancel()
  })

  it('holds no place for a reading that was cancelled before it began or that is over', async () => {
    const stuck = pool.read(claimOf(body({ do: 'hang' })), EVENTS, false)
    const early = pool.read(claimOf(body({})), EVENTS, false)
    early.cancel()
    await expect(readAll(early)).rejects.toThrow('cancelled')
    for (let i = 0; i < 2; i++) expect(await readAll(pool.read(claimOf(body({})), EVENTS, false))).toEqual([0])
    stuck.cancel()
  })
})

describe('a pool that watches its workers', () => {
  it('ends a worker that has work and says nothing', async () => {
    const { log } = createTestLog()
    const pool = createPool({ workers: 1, settings, log, entry: ODD_WORKER, stallMs: 100 })
    await pool.ready()
    await expect(readAll(pool.read(claimOf(body({ do: 'hang' })), EVENTS, false))).rejects.toThrow(
      'no sign of life for 100 ms',
    )
    expect(await readAll(pool.read(claimOf(body({})), EVENTS, false))).toEqual([0])
    await pool.close()
  })

  it('leaves a worker alone whose pieces nobody takes', async () => {
    const { log, entries } = createTestLog()
    const pool = createPool({ workers: 1, settings, log, entry: ODD_WORKER, stallMs: 250 })
    const reading = pool.read(claimOf(body(...Array(1000).fill({ grow: 10_000 }))), EVENTS, false)
    await reading.next()
    await new Promise(resolve => setTimeout(resolve, 600))
    expect((await readAll(reading)).length).toBeGreaterThan(900)
    expect(entries).toEqual([])
    await pool.close()
  })

  it('does not blame a batch for workers that do not start', async () => {
    const { log, sentences } = createTestLog()
    const pool = createPool({ workers: 1, settings, log, entry: new URL('./no-such-worker.ts', import.meta.url) })
    const reading = pool.read(claimOf(body({})), EVENTS, false)
    const next = reading.next()
    await until(() => sentences('error').length > 0)
    expect(sentences('error')[0]).toBe('A worker does not start; it is tried again.')
    reading.cancel()
    await expect(next).rejects.toThrow('cancelled')
    await pool.close()
  })

  it('fails what goes on when it is closed', async () => {
    const { log, entries } = createTestLog()
    const pool = createPool({ workers: 1, settings, log, entry: ODD_WORKER })
    const reading = pool.read(claimOf(body(...Array(1000).fill({ grow: 10_000 }))), EVENTS, false)
    await reading.next()
    await pool.close()
    await expect(readAll(reading)).rejects.toThrow(WorkerError)
    expect(entries).toEqual([])
  })
})
