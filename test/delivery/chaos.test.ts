import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPool, type Pool } from '../../src/delivery/pool.ts'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import type { Piece } from '../../src/sinks/sink.ts'
import { body, createScene, createScriptedSink, createTestLog, ODD_WORKER, workerSettings } from './harness.ts'

let pool: Pool
beforeAll(async () => {
  const settings = workerSettings({ pieceBytes: 300, dropDatasets: ['dropped'] })
  pool = createPool({ workers: 2, settings, log: createTestLog().log, entry: ODD_WORKER })
  await pool.ready()
})
afterAll(() => pool.close())

const datasets = ['d1', 'd2', 'dropped']
const batch = fc.array(fc.record({ dataset: fc.constantFrom(...datasets), grow: fc.nat(120) }), {
  minLength: 1,
  maxLength: 40,
})
const deed = fc.constantFrom('take', 'take', 'later', 'refuse', 'retry some', 'reject one', 'reject all', 'mixed')
const deeds = fc.oneof(
  fc.array(deed, { maxLength: 30 }),
  // So that the refusals of several pieces are on their way at a time.
  fc.array(fc.constantFrom('reject one', 'reject all'), { minLength: 20, maxLength: 30 }),
)

function act(piece: Piece, kind: string) {
  const all = Array.from(piece.lines.keys())
  const reject = (index: number) => ({ index, reason: 'mapping', detail: 'no' })
  switch (kind) {
    case 'later':
      throw new RetryableError('503')
    case 'refuse':
      throw new PermanentError('400')
    case 'retry some':
      return { retry: all.filter(index => index % 2 === 0), rejected: [] }
    case 'reject one':
      return { retry: [], rejected: [reject(all.length - 1)] }
    case 'reject all':
      return { retry: [], rejected: all.map(reject) }
    case 'mixed':
      return { retry: all.slice(1), rejected: [reject(0)] }
    default:
      return undefined
  }
}

describe('a drain whose sink does as it likes', () => {
  it('settles each line exactly once, and the books balance at every instant', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(batch, { minLength: 1, maxLength: 4 }),
        deeds,
        fc.integer({ min: 1, max: 4 }),
        async (batches, script, maxInFlight) => {
          const scene = await createScene(pool, ['a'])
          const balance = async () => {
            const { delivered, filtered, dead, pending } = await scene.books('a')
            expect(delivered! + filtered! + dead! + pending!).toBe(lines)
          }
          let lines = 0
          const scripted = createScriptedSink(
            'a',
            async (piece, _signal, attempt) => {
              await balance()
              return act(piece, script[attempt - 1] ?? 'take')
            },
            maxInFlight,
          )
          for (const records of batches) {
            await scene.store(body(...records.map((record, line) => ({ ...record, line }))))
            lines += records.length
          }
          scene.drain(scripted.sink, { maxRefusals: 3 })
          await scene.idle('a')
          await balance()
          const rows = await scene.deadLetters('a')
          for (const row of rows) expect(JSON.parse(String(row.original)).line).toBe(row.line)
          const letters = rows.map(row => row.id)
          const kept = batches.flat().filter(record => record.dataset !== 'dropped').length
          expect(new Set([...scripted.ids, ...letters]).size).toBe(kept)
          expect(scripted.ids.length + letters.length).toBe(kept)
          expect((await scene.books('a')).filtered).toBe(lines - kept)
          await scene.close()
        },
      ),
      { numRuns: 20, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false },
    )
  })
})
