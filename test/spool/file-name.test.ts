import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchOf, fileNameOf, nextNumber } from '../../src/spool/file-name.ts'

const two = (max: number, min = 0) => fc.integer({ min, max }).map(number => String(number).padStart(2, '0'))
const time = fc
  .tuple(
    fc.integer({ min: 1000, max: 9999 }),
    two(12, 1),
    two(31, 1),
    two(23),
    two(59),
    two(60),
    fc.stringMatching(/^(\.\d{1,9})?$/),
  )
  .map(([y, m, d, h, min, s, fraction]) => `${y}-${m}-${d}T${h}:${min}:${s}${fraction}Z`)
const parts = fc.record({
  number: fc.integer({ min: 0, max: 8e15 }),
  storedAt: fc.integer({ min: 0, max: 1e14 }),
  dataset: fc.option(fc.stringMatching(/^[a-z][a-z0-9_]{0,63}$/), { nil: undefined }),
  lines: fc.integer({ min: 0, max: 1e14 }),
  bytes: fc.integer({ min: 0, max: 1e14 }),
  time,
  batchId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  format: fc.constantFrom('lines' as const, 'single' as const, 'timed' as const),
  gzip: fc.boolean(),
})

test('a name tells everything that went into it, and fits every file system', () => {
  fc.assert(
    fc.property(parts, facts => {
      const { number, ...rest } = facts
      const name = fileNameOf(facts)
      expect(batchOf(name)).toEqual({ ...rest, name: String(number).padStart(16, '0') })
      expect(name).toMatch(/^[\w.,-]{1,255}$/)
    }),
  )
})

test('names are in the order of their numbers', () => {
  fc.assert(
    fc.property(parts, parts, (one, two_) => {
      fc.pre(one.number !== two_.number)
      expect(fileNameOf(one) < fileNameOf(two_)).toBe(one.number < two_.number)
    }),
  )
})

test('any other name is no batch, and costs nothing to tell', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 255 }), name => {
      expect(batchOf(name)).toBeUndefined()
    }),
    { numRuns: 20 },
  )
  expect(batchOf('1'.repeat(255))).toBeUndefined()
})

test('numbers grow with the clock, never fall with it, and keep to what a name can hold', () => {
  expect(nextNumber(0, 1_790_000_000_000)).toBe(1_790_000_000_000_000)
  expect(nextNumber(1_790_000_000_000_000, 1_790_000_000_000)).toBe(1_790_000_000_000_001)
  expect(nextNumber(1_790_000_000_000_000, 5)).toBe(1_790_000_000_000_001)
  expect(nextNumber(0, -5)).toBe(1)
  expect(String(nextNumber(0, 1e15))).toHaveLength(16)
})
