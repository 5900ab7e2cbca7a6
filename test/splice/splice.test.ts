import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import type { MapperSettings } from '../../src/mapper/types.ts'
import { linesOf } from '../datasets/random-records.ts'
import { goldenFiles } from '../golden/golden.ts'
import { expectSame, isSpliced } from './both-ways.ts'

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

  it('has the largest integers of a double to the last digit', async () => {
    const numbers = ['9007199254740991', '-9007199254740991', '9007199254740992', '9007199254740989', '900719925474099']
    const lines = numbers.map(number =>
      Buffer.from(`{"RayID":${number},"ClientIP":"192.0.2.1","EdgeResponseStatus":200}`),
    )
    await expectSame(lines, { form: 'event', dataset: 'http_requests' })
  })

  it('is what each golden line becomes', () => {
    const others = golden.filter((file, i) => !isSpliced(GOLDEN_LINES[i]!, file.dataset))
    expect(others.map(({ path }) => path)).toEqual([])
  })
})
