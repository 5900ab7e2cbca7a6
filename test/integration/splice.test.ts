import fc from 'fast-check'
import { expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import { linesOf } from '../datasets/random-records.ts'
import { expectSame } from '../splice/both-ways.ts'

/** In all; each dataset gets its share, a half of it declared and as events, the other half found and as documents. */
const RECORDS = 200_000
const BATCH = 200
const SEED = Number(process.env.SPLICE_SEED ?? 1)

it(`is that of the interpreter for ${RECORDS} random records`, { timeout: 600_000 }, async () => {
  const batches = Math.ceil(RECORDS / registry.length / BATCH)
  let compared = 0
  for (const { name } of registry) {
    for (let batch = 0; batch < batches; batch++) {
      const drawn = fc.sample(linesOf(name, 60), { numRuns: BATCH, seed: SEED * batches + batch })
      const lines = drawn.map(line => Buffer.from(line))
      await expectSame(
        lines,
        batch % 2 === 0 ? { form: 'event', dataset: name } : { form: 'document', dataset: undefined },
      )
      compared += lines.length
    }
  }
  expect(compared).toBeGreaterThanOrEqual(RECORDS)
})
