import { describe, expect, it } from 'vitest'
import { createBoundedCache } from '../../src/lib/bounded-cache.ts'

describe('createBoundedCache', () => {
  it('keeps what is asked for again and forgets the rest', () => {
    const cache = createBoundedCache<{ n: number }>({ maxEntries: 20, maxChars: 10_000, maxKeyLength: 10 })
    cache.set('kept', { n: 1 })
    for (let n = 0; n < 200; n++) {
      cache.set(`k${n}`, { n })
      expect(cache.get('kept')).toEqual({ n: 1 })
    }
    const held = Array.from({ length: 200 }, (_, n) => cache.get(`k${n}`)).filter(value => value !== undefined)
    expect(held.length).toBeLessThanOrEqual(20)
    expect(held.length).toBeGreaterThan(0)
  })

  it('is bounded by the length of its keys as well', () => {
    const cache = createBoundedCache<object>({ maxEntries: 1000, maxChars: 100, maxKeyLength: 20 })
    for (let n = 100; n < 200; n++) cache.set(`${n}`.padEnd(10), {})
    expect(
      Array.from({ length: 100 }, (_, n) => cache.get(`${n + 100}`.padEnd(10))).filter(Boolean).length,
    ).toBeLessThanOrEqual(10)
    cache.set('x'.repeat(21), {})
    expect(cache.get('x'.repeat(21))).toBeUndefined()
  })

  it('makes what is missing once, from the key; for a key that is too long each time', () => {
    const cache = createBoundedCache<{ key: string }>({ maxEntries: 20, maxChars: 1000, maxKeyLength: 20 })
    let made = 0
    const make = (key: string) => ({ key, made: ++made })
    const key = 'a key that is a slice of a line'.slice(2, 20)
    expect(cache.of(key, make)).toEqual({ key, made: 1 })
    expect(cache.of(key, make)).toBe(cache.get(key))
    expect(made).toBe(1)
    expect([cache.of('x'.repeat(21), make), cache.of('x'.repeat(21), make)].length).toBe(2)
    expect(made).toBe(3)
  })
})
