import { expect, it } from 'vitest'
import { torture, violationsOf } from '../../bench/torture/torture.ts'

it('loses nothing that was acknowledged and delivers nothing twice over 20 kills under load', async () => {
  const seed = Date.now() % 1_000_000
  const report = await torture({ kills: 20, seed, maxMs: 200_000 })
  expect(violationsOf(report), `seed ${seed}`).toEqual([])
  expect(report.kills).toBe(20)
  expect(report.acknowledgedBatches).toBeGreaterThan(20)
})
