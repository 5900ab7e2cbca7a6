import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBackoff } from '../../src/lib/backoff.ts'

describe('back-off', () => {
  it('doubles the longest pause up to the cap, and begins anew after a success', () => {
    const backoff = createBackoff({ baseMs: 100, capMs: 1000, random: () => 0.5 })
    const pauses = Array.from({ length: 6 }, () => backoff.next())
    expect(pauses).toEqual([50, 100, 200, 400, 500, 500])
    backoff.reset()
    expect(backoff.next()).toBe(50)
  })

  it('pauses at least as long as was asked for, up to the cap', () => {
    const backoff = createBackoff({ baseMs: 100, capMs: 1000, random: () => 0 })
    expect([backoff.next(300), backoff.next(5000), backoff.next()]).toEqual([300, 1000, 0])
  })

  it('takes any part of the pause, and never more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), count => {
        const backoff = createBackoff({ baseMs: 10, capMs: 500 })
        for (let i = 0; i < count; i++) {
          const pause = backoff.next()
          expect(pause).toBeGreaterThanOrEqual(0)
          expect(pause).toBeLessThan(Math.min(500, 10 * 2 ** i) + 1e-9)
        }
      }),
    )
  })
})
