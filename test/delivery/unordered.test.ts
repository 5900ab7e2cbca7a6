import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPool, type Pool } from '../../src/delivery/pool.ts'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import type { Piece, Receipt } from '../../src/sinks/sink.ts'
import { lineOf, numbers, records } from './deliver.ts'
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
  scene = await createScene(pool, ['a'])
})
afterEach(() => scene.close())

const unordered = { ordered: false }
const isOf = (piece: Piece, dataset: string) => piece.dataset === dataset
const never = { retry: [], rejected: [] }

describe('a drain whose sink needs no order', () => {
  it('sends events that were not taken again by themselves, while others go on', async () => {
    let open = () => {}
    const gate = new Promise<void>(resolve => (open = resolve))
    const sink = createScriptedSink(
      'a',
      (_piece, _signal, attempt) => {
        if (attempt === 1) return { retry: [1], rejected: [] }
        open()
        return undefined
      },
      2,
      unordered,
    )
    await scene.store(body(...records(40)))
    scene.drain(sink.sink, { sleep: () => gate })
    await scene.idle('a')
    const order = sink.events.map(lineOf)
    expect(order.toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers(40))
    expect(order.indexOf(1)).toBeGreaterThan(1)
  })

  it('goes on with other datasets and other batches while one is refused until an operator comes', async () => {
    let mended = false
    const waits: (() => void)[] = []
    const sink = createScriptedSink(
      'a',
      piece => {
        if (isOf(piece, 'x') && !mended) throw new RetryableError('404', { needsOperator: true, ofPieceAlone: true })
        return undefined
      },
      2,
      unordered,
    )
    for (let i = 0; i < 10; i++) await scene.store(body({ dataset: 'x', i }, { dataset: 'y', i }))
    scene.drain(sink.sink, {
      sleep: ms => {
        expect(ms).toBe(30_000)
        return new Promise<void>(resolve => waits.push(resolve))
      },
    })
    await expect.poll(() => sink.events.length).toBe(10)
    await expect.poll(() => waits.length).toBe(10)
    expect(await scene.books('a')).toMatchObject({ delivered: 10, pending: 10 })
    expect(scene.spool.usage.batches).toBe(10)
    expect(scene.log.sentences('error')).toEqual([
      'The sink refuses some events until its settings are mended; they wait.',
    ])
    mended = true
    for (const resolve of waits) resolve()
    await scene.idle('a')
    expect(new Set(sink.ids).size).toBe(20)
  })

  it('holds no more of what waits than its bounds, and then reads no further', async () => {
    const sink = createScriptedSink('a', ({ lines }) => ({ retry: [...lines.keys()], rejected: [] }), 4, unordered)
    // 200 kB each.
    for (let i = 0; i < 200; i++) await scene.store(body({ i, grow: 200_000 }))
    const drain = scene.drain(sink.sink, { sleep: () => new Promise(() => {}) })
    await expect.poll(() => sink.state.attempts).toBeGreaterThanOrEqual(160)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(sink.state.attempts).toBeLessThanOrEqual(168 + 4)
    await drain.stop(1)
    expect(await scene.books('a')).toMatchObject({ delivered: 0, pending: 200 })
    expect(scene.log.sentences('error')).toEqual([
      'So many events wait for the sink to take them that all others wait as well, in the spool.',
    ])
  })

  it('lets a piece that fails as a whole wait by itself when others are taken, and in the end only the event that it is of', async () => {
    let isMended = false
    const sink = createScriptedSink(
      'a',
      piece => {
        if (!isMended && [...piece.lines].includes(3)) throw new RetryableError('403', { needsOperator: true })
        return undefined
      },
      2,
      unordered,
    )
    await scene.store(body(...records(8).map(record => ({ ...record, grow: 5 }))))
    scene.drain(sink.sink)
    await expect.poll(() => sink.events.length).toBe(7)
    isMended = true
    await scene.idle('a')
    expect(sink.events.map(lineOf).toSorted()).toEqual(numbers(8))
    expect(sink.ids.length).toBe(8)
  })

  it('sends less at a time to one that does not answer in time', async () => {
    const sink = createScriptedSink(
      'a',
      piece => {
        if (piece.ends.length > 1) throw new RetryableError('nothing came', { timedOut: true })
        return undefined
      },
      2,
      unordered,
    )
    await scene.store(body(...records(20)))
    scene.drain(sink.sink)
    await scene.idle('a')
    expect(sink.events.map(lineOf).toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers(20))
  })

  it('says no more than once a minute that the sink comes and goes', async () => {
    const sink = createScriptedSink(
      'a',
      (_piece, _signal, attempt) => {
        if (attempt % 2 === 1) throw new RetryableError('503')
        return undefined
      },
      1,
      unordered,
    )
    await scene.store(body(...records(60)))
    scene.drain(sink.sink)
    await scene.idle('a')
    expect(sink.events.length).toBe(60)
    expect(scene.log.sentences('warn').length).toBeLessThanOrEqual(2)
    expect(scene.log.sentences('info').length).toBeLessThanOrEqual(2)
  })

  it('stands still as a whole while the sink as a whole is down', async () => {
    const sink = createScriptedSink(
      'a',
      (_piece, _signal, attempt) => {
        if (attempt > 3 && attempt < 9) throw new RetryableError('503')
        return undefined
      },
      3,
      unordered,
    )
    await scene.store(body(...records(60)))
    scene.drain(sink.sink)
    await scene.idle('a')
    expect(new Set(sink.ids).size).toBe(60)
    expect(sink.ids.length).toBe(60)
    expect(scene.paused.length).toBeGreaterThan(1)
    expect(scene.log.sentences('warn')).toEqual(['The sink does not take events now; they wait in the spool.'])
  })
})

describe('a drain whose events may be there already', () => {
  const again = { kind: 'replay', sink: 'a' } as const

  it('asks before each write and writes only what is missing', async () => {
    const asked: number[][] = []
    const sink = createScriptedSink(
      'a',
      (_piece, _signal, attempt) => {
        if (attempt === 1) throw new RetryableError('reset')
        return undefined
      },
      1,
      {
        ordered: false,
        present: async piece => {
          asked.push([...piece.lines])
          return [...piece.lines.keys()].filter(index => piece.lines[index]! % 2 === 0)
        },
      },
    )
    await scene.store(body(...records(8)), { again })
    scene.drain(sink.sink)
    await scene.idle('a')
    expect(sink.events.map(lineOf).toSorted()).toEqual([1, 3, 5, 7])
    expect(asked.length).toBeGreaterThan(1)
    expect(await scene.books('a')).toMatchObject({ delivered: 8, pending: 0 })
    expect(await scene.counter('intake_replayed_lines_total')).toMatchObject({ '{sink="a"}': 8 })
  })

  it('holds no other batch where it may not ask', async () => {
    const sink = createScriptedSink('a', undefined, 1, {
      ordered: false,
      present: () => Promise.reject(new RetryableError('403', { needsOperator: true })),
    })
    await scene.store(body(...records(3)), { again })
    for (let i = 0; i < 5; i++) await scene.store(body(...records(3)))
    scene.drain(sink.sink)
    await expect.poll(() => sink.events.length).toBe(15)
    expect(await scene.books('a')).toMatchObject({ delivered: 15, pending: 3 })
  })

  it('asks nothing for batches that come for the first time', async () => {
    const sink = createScriptedSink('a', undefined, 1, { present: () => Promise.reject(new Error('asked')) })
    await scene.store(body(...records(3)))
    scene.drain(sink.sink)
    await scene.idle('a')
    expect(sink.events.length).toBe(3)
  })
})

const deed = fc.constantFrom('take', 'take', 'later', 'alone', 'refuse', 'retry some', 'reject one', 'mixed')

function act(piece: Piece, kind: string): Receipt {
  const all = Array.from(piece.lines.keys())
  const reject = (index: number) => ({ index, reason: 'mapping', detail: 'no' })
  switch (kind) {
    case 'later':
      throw new RetryableError('503')
    case 'alone':
      throw new RetryableError('404', { ofPieceAlone: true, needsOperator: true })
    case 'refuse':
      throw new PermanentError('400')
    case 'retry some':
      return { retry: all.filter(index => index % 2 === 0), rejected: [], cause: new RetryableError('429') }
    case 'reject one':
      return { retry: [], rejected: [reject(all.length - 1)] }
    case 'mixed':
      return { retry: all.slice(1), rejected: [reject(0)] }
    default:
      return never
  }
}

describe('a drain whose sink needs no order and does as it likes', () => {
  it('settles each line exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
        fc.array(deed, { maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        async (batches, script, maxInFlight) => {
          const own = await createScene(pool, ['a'])
          const sink = createScriptedSink(
            'a',
            (piece, _signal, attempt) => act(piece, script[attempt - 1] ?? 'take'),
            maxInFlight,
            unordered,
          )
          for (const count of batches) await own.store(body(...records(count)))
          own.drain(sink.sink, { maxRefusals: 3 })
          await own.idle('a')
          const ids = [...sink.ids, ...(await own.deadLetters('a')).map(row => row.id)]
          const lines = batches.reduce((sum, count) => sum + count, 0)
          expect(ids.length).toBe(lines)
          expect(new Set(ids).size).toBe(lines)
          await expect.poll(() => own.spool.usage.batches).toBe(0)
          await own.close()
        },
      ),
      { numRuns: 20, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false },
    )
  })
})
