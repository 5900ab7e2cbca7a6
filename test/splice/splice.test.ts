import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import type { MapperSettings } from '../../src/mapper/types.ts'
import { linesOf } from '../datasets/random-records.ts'
import { goldenFiles } from '../golden/golden.ts'
import { encoded, interpreted, isSpliced, type Way } from './both-ways.ts'

const golden = goldenFiles()
const GOLDEN_LINES = golden.map(file => Buffer.from(file.golden.line.trimEnd()))
const SETTINGS: readonly Partial<MapperSettings>[] = [
  {},
  { additions: 'off' },
  { additions: 'on', keepOriginal: false },
  { userAgent: 'original' },
  { message: 'description' },
  { eventIdField: 'labels.intake_id' },
  { profile: 'raw' },
]

async function expectSame(lines: readonly Buffer[], way: Way): Promise<void> {
  const { texts, statistics } = await encoded(lines, way)
  const plain = interpreted(lines, way)
  expect(texts.map(text => JSON.parse(text))).toEqual(plain.texts.map(text => JSON.parse(text)))
  expect(statistics.lines).toBe(lines.length)
  const counted = [...statistics.rejectedValues.values()].flatMap(fields => [...fields.values()])
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(plain.rejected.length)
}

describe('a spliced event', () => {
  for (const settings of SETTINGS) {
    it(`is that of the interpreter for all golden lines with ${JSON.stringify(settings)}`, async () => {
      for (const form of ['event', 'document'] as const) {
        await expectSame(GOLDEN_LINES, { form, dataset: undefined, settings })
        for (const { name } of registry) {
          const lines = golden.flatMap((file, i) => (file.dataset === name ? [GOLDEN_LINES[i]!] : []))
          await expectSame(lines, { form, dataset: name, settings })
        }
      }
    })
  }

  it('is that of the interpreter for random records', async () => {
    for (const { name } of registry) {
      const lines = fc.sample(linesOf(name, 60), { numRuns: 40, seed: 7 }).map(line => Buffer.from(line))
      await expectSame(lines, { form: 'event', dataset: name })
      await expectSame(lines, { form: 'document', dataset: undefined })
    }
  })

  it('is what each golden line becomes', () => {
    const others = golden.filter((file, i) => !isSpliced(GOLDEN_LINES[i]!, file.dataset))
    expect(others.map(({ path }) => path)).toEqual([])
  })
})
