import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPool, type Pool } from '../../src/delivery/pool.ts'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import { lineOf, numbers, records } from './deliver.ts'
import {
  body,
  createScene,
  createScriptedSink,
  createTestLog,
  ODD_WORKER,
  type Script,
  workerSettings,
} from './harness.ts'

let real: Pool
beforeAll(async () => {
  const settings = workerSettings({ pieceBytes: 200 })
  real = createPool({ workers: 1, settings, log: createTestLog().log, entry: ODD_WORKER })
  await real.ready()
})
afterAll(() => real.close())

/** Delivers a batch of several pieces. @returns the pieces' bytes that the worker gave, those that came back, and the events */
async function deliver(script: Script, returnsBytes: boolean, more: { writeTimeoutMs?: number } = {}) {
  const given: Uint8Array[] = []
  const back: Uint8Array[] = []
  const pool: Pool = {
    ...real,
    read(...args) {
      const reading = real.read(...args)
      return {
        async next() {
          const piece = await reading.next()
          if (piece !== undefined) given.push(piece.bytes)
          return piece
        },
        giveBack: bytes => void back.push(bytes),
        get statistics() {
          return reading.statistics
        },
        get waitsSince() {
          return reading.waitsSince
        },
        cancel: reading.cancel,
      }
    },
  }
  const scene = await createScene(pool, ['a'])
  const scripted = createScriptedSink('a', script, 3, returnsBytes ? { returnsBytes } : {})
  await scene.store(body(...records(40)))
  scene.drain(scripted.sink, more)
  await scene.idle('a')
  await scene.close()
  expect(given.length).toBeGreaterThan(5)
  return { given, back, events: scripted.events.map(lineOf) }
}

test('each piece comes back once when it is written', async () => {
  const { given, back, events } = await deliver(() => undefined, true)
  expect(new Set(back)).toEqual(new Set(given))
  expect(back).toHaveLength(given.length)
  expect(events).toEqual(numbers(40))
})

test('a piece comes back once where writing it failed before, and not before it is written', async () => {
  let failures = 0
  const { given, back, events } = await deliver((_piece, _signal, attempt) => {
    if (attempt % 3 !== 0 || failures > 9) return undefined
    failures++
    throw new RetryableError('not now')
  }, true)
  expect(failures).toBeGreaterThan(3)
  expect(new Set(back)).toEqual(new Set(given))
  expect(back).toHaveLength(given.length)
  expect(events).toEqual(numbers(40))
})

test('a piece that was halved comes back once', async () => {
  const { given, back } = await deliver(piece => {
    if (piece.lines.includes(7)) throw new PermanentError('not this one')
    return undefined
  }, true)
  expect(new Set(back)).toEqual(new Set(given))
  expect(back).toHaveLength(given.length)
})

test('a piece does not come back where a write was given up, which may still read it', async () => {
  const { given, back, events } = await deliver(
    async (_piece, signal, attempt) => {
      if (attempt !== 2) return undefined
      await new Promise(resolve => signal.addEventListener('abort', resolve))
      throw new RetryableError('too slow')
    },
    true,
    { writeTimeoutMs: 200 },
  )
  expect(back.length).toBeLessThan(given.length)
  expect(new Set(back).size).toBe(back.length)
  expect(new Set(events)).toEqual(new Set(numbers(40)))
})

test('nothing comes back from a sink that may read on', async () => {
  const { back } = await deliver(() => undefined, false)
  expect(back).toEqual([])
})
