import { expect, test } from 'vitest'
import { createDuplicates } from '../../src/spool/duplicates.ts'

const idOf = (number: number) => {
  const id = new Uint8Array(32)
  new DataView(id.buffer).setUint32(28, number)
  return id
}

const store = async (duplicates: ReturnType<typeof createDuplicates>, number: number, storedAt: number) => {
  const leave = await duplicates.enter(idOf(number))
  if (leave === 'duplicate') return leave
  leave(storedAt)
  return 'stored'
}

test('past the limit the oldest ids are forgotten first', async () => {
  const duplicates = createDuplicates(1000, () => 0, 3)
  for (const number of [1, 2, 3, 4]) expect(await store(duplicates, number, 0)).toBe('stored')
  for (const number of [2, 3, 4]) expect(await store(duplicates, number, 0)).toBe('duplicate')
  expect(await store(duplicates, 1, 0)).toBe('stored')
  expect(await store(duplicates, 2, 0)).toBe('stored')
})

test('ids from before the window make no room and find no match', async () => {
  let clock = 0
  const duplicates = createDuplicates(100, () => clock, 2)
  await store(duplicates, 1, 0)
  await store(duplicates, 2, 0)
  clock = 100
  expect(await store(duplicates, 1, clock)).toBe('stored')
  duplicates.remember(idOf(9), 0)
  expect(await store(duplicates, 1, clock)).toBe('duplicate')
  expect(await store(duplicates, 9, clock)).toBe('stored')
})

test('an id that is stored again is as young as that, and shields none that have expired', async () => {
  let clock = 0
  const duplicates = createDuplicates(100, () => clock, 3)
  duplicates.remember(idOf(1), 0)
  clock = 10
  duplicates.remember(idOf(2), clock)
  clock = 90
  duplicates.remember(idOf(1), clock)
  clock = 120
  duplicates.remember(idOf(3), clock)
  duplicates.remember(idOf(4), clock)
  for (const number of [1, 3, 4]) expect(await duplicates.enter(idOf(number))).toBe('duplicate')
})

test('whoever comes with an id that is being stored waits, and takes over when that fails', async () => {
  const duplicates = createDuplicates(1000, () => 0)
  const first = await duplicates.enter(idOf(1))
  const order: string[] = []
  const others = ['b', 'c'].map(async name => {
    const leave = await duplicates.enter(idOf(1))
    order.push(`${name} ${leave === 'duplicate' ? leave : 'enters'}`)
    if (leave !== 'duplicate') leave(0)
  })
  await new Promise(resolve => setImmediate(resolve))
  expect(order).toEqual([])
  if (first !== 'duplicate') first()
  await Promise.all(others)
  expect(order).toEqual(['b enters', 'c duplicate'])
})
