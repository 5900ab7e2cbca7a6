import { expect, test } from 'vitest'
import type { Files } from '../../src/lib/files.ts'
import { createFolders } from '../../src/spool/folders.ts'
import { createNumbers } from '../../src/spool/numbers.ts'
import { createMachine } from '../simulation/kit.ts'

const START = Date.UTC(2026, 10, 24) + 999

/** A file system that tells times in whole seconds, as some do. */
function createPlace() {
  const place = { changedAt: START, calls: 0 }
  const files = {
    stat: async () => ({ mtimeMs: Math.floor(place.changedAt / 1000) * 1000 }),
    utimes: async (_path: string, _accessed: Date, modified: Date) => {
      place.calls++
      place.changedAt = modified.getTime()
    },
    open: async () => ({ sync: async () => {}, close: async () => {} }),
  } as Partial<Record<keyof Files, unknown>> as Files
  return { place, numbers: (now: () => number) => createNumbers(createFolders('/data', ['one'], files), now) }
}

test('no number comes twice over starts on a clock that goes back, where times are told in whole seconds', async () => {
  const { numbers } = createPlace()
  const given: number[] = []
  for (const backMs of [0, 3_600_000, 7_200_000]) {
    const run = numbers(() => START - backMs)
    await run.open()
    for (let index = 0; index < 3; index++) given.push(run.next())
    await run.secure()
  }
  expect(given.toSorted((a, b) => a - b)).toEqual(given)
  expect(new Set(given).size).toBe(given.length)
})

test('a folder whose time was not put ahead, as by an older version, is believed to the end of its second', async () => {
  const { numbers } = createPlace()
  const run = numbers(() => START - 3_600_000)
  await run.open()
  expect(run.next()).toBeGreaterThan(START * 1000)
})

test('numbers are made safe for seconds at a time, not one by one', async () => {
  const { numbers, place } = createPlace()
  let clock = START
  const run = numbers(() => clock)
  await run.open()
  for (let index = 0; index < 40; index++, clock += 500) {
    run.next()
    await run.secure()
    await run.secure()
  }
  expect(place.calls).toBe(2)
})

test('a start that cannot tell where an earlier run was goes no further', async () => {
  const { disk, spool } = createMachine()
  disk.fault = ({ name, path }) => (name === 'stat' && path === '/data/spool/v1' ? { code: 'EIO' } : undefined)
  await expect(spool().open()).rejects.toMatchObject({ name: 'StartError', cause: { code: 'EIO' } })
})
