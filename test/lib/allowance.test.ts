import { expect, test } from 'vitest'
import { createAllowance } from '../../src/lib/allowance.ts'

const create = (maxHolders = 100) => {
  const clock = { ms: 1000 }
  const allowance = createAllowance({ burst: 3, everyMs: 1000, maxHolders, now: () => clock.ms })
  return { clock, take: allowance.take }
}

test('so many are there at once, then one in a while; the wait that is told is the right one', () => {
  const { clock, take } = create()
  expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 0])
  expect(take('a')).toBe(1000)
  clock.ms += 999
  expect(take('a')).toBe(1)
  clock.ms += 1
  expect(take('a')).toBe(0)
  expect(take('a')).toBe(1000)
})

test('asking in vain costs nothing, and a long rest gives no more than all at once', () => {
  const { clock, take } = create()
  for (let i = 0; i < 50; i++) take('a')
  clock.ms += 3_600_000
  expect([take('a'), take('a'), take('a'), take('a')]).toEqual([0, 0, 0, 1000])
})

test('each has its own', () => {
  const { take } = create()
  for (let i = 0; i < 4; i++) take('a')
  expect(take('b')).toBe(0)
})

test('of too many the one that took longest ago is forgotten', () => {
  const { take } = create(2)
  for (const holder of ['a', 'a', 'a', 'b', 'b', 'b', 'a']) take(holder)
  expect(take('a')).toBeGreaterThan(0)
  take('c')
  expect(take('b')).toBeGreaterThan(0)
  expect(take('a')).toBe(0)
})
