import { expect, it } from 'vitest'
import { hostile } from '../../bench/hostile/hostile.ts'
import { verdict } from '../../bench/hostile/verdict.ts'

const CASES = 50_000
const MOST_MS = 200_000

it('answers hostile requests as the documents say, and takes good batches between them', async () => {
  const seed = Date.now() % 1_000_000
  const report = await hostile({ cases: CASES, seed, maxMs: MOST_MS })
  process.stdout.write(
    `hostile input: ${report.cases} cases in ${report.seconds.toFixed(0)} s, ${JSON.stringify(report.statuses)}\n`,
  )
  for (const { name, value } of verdict(report)) process.stdout.write(`hostile input: ${name}: ${value}\n`)

  expect(report.problems, `seed ${seed}`).toEqual([])
  const missed = verdict(report).filter(({ good, timed }) => !good && !timed)
  expect(missed, `seed ${seed}`).toEqual([])
  expect(report.cases).toBeGreaterThan(5000)
  expect(Object.keys(report.families).sort()).toEqual(['good', 'gzip', 'headers', 'json', 'lines', 'url'])
  for (const status of [200, 400, 401, 404, 405, 413, 415, 417, 431]) {
    expect(report.statuses[status], `answers ${status}`).toBeGreaterThan(0)
  }
  expect(report.lines.found).toBeGreaterThan(report.cases)
})
