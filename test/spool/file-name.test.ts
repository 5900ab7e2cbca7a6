import { mkdir, writeFile } from 'node:fs/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchOf, bytesOf, fileNameOf, idOf, isSinkName, nextNumber, storedAtOf } from '../../src/spool/file-name.ts'
import { at, diskSpool, temporaryFolder } from './kit.ts'

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
  format: fc.constantFrom('lines' as const, 'single' as const, 'timed' as const, 'rows' as const),
  gzip: fc.boolean(),
  again: fc.option(
    fc.record({
      kind: fc.constantFrom('redrive' as const, 'replay' as const),
      sink: fc.stringMatching(/^[a-z]{1,24}$/),
    }),
    { nil: undefined },
  ),
})

test('a name tells everything that went into it, and fits every file system', () => {
  fc.assert(
    fc.property(parts, facts => {
      const { number, ...rest } = facts
      const name = fileNameOf(facts)
      expect(batchOf(name)).toEqual({ ...rest, name: String(number).padStart(16, '0') })
      expect(name).toMatch(/^[\w.,@-]{1,255}$/)
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

test('the names that versions before wrote stay those of the same batches', async () => {
  const id = 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc'
  const names = [
    `1790000000000001.1790000000000.http_requests.1000.3.20260921T131320,5Z.${id}.lines.ndjson.gz`,
    `1790000000000002.1790000000001.-.1.3.20260921T131320Z.${id}.single.ndjson`,
    `1790000000000003.1790000000002.dns_logs.20.3.20260921T131320,123456789Z.${id}.timed.ndjson`,
  ]
  const common = { batchId: new Uint8Array(32).fill(7), bytes: 3, again: undefined }
  const batches = [
    { name: '1790000000000001', storedAt: 1_790_000_000_000, dataset: 'http_requests', lines: 1000, format: 'lines' },
    { name: '1790000000000002', storedAt: 1_790_000_000_001, dataset: undefined, lines: 1, format: 'single' },
    { name: '1790000000000003', storedAt: 1_790_000_000_002, dataset: 'dns_logs', lines: 20, format: 'timed' },
  ].map(facts => ({ ...common, ...facts, gzip: facts.lines === 1000 }))
  expect(names.map(batchOf)).toMatchObject(batches)
  const dataDir = await temporaryFolder()
  await mkdir(at(dataDir, 'batches'), { recursive: true })
  for (const name of names) await writeFile(at(dataDir, 'batches', name), 'abc')
  const recovered = await diskSpool(dataDir).open()
  expect(recovered.setAside).toBe(0)
  expect(recovered.batches.map(({ batch }) => batch)).toMatchObject(batches)
})

test('a batch that comes again says in its name why and for whom', () => {
  const id = 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc'
  const head = `1790000000000001.1790000000000.-.10.3.20260921T131320Z.${id}`
  const cases = [
    [`${head}.rows.redrive@elasticsearch.ndjson`, 'redrive', 'elasticsearch', 'rows', false],
    [`${head}.lines.replay@file.ndjson.gz`, 'replay', 'file', 'lines', true],
  ] as const
  for (const [name, kind, sink, format, gzip] of cases) {
    expect(batchOf(name)).toMatchObject({ again: { kind, sink }, format, gzip })
    expect([bytesOf(name), storedAtOf(name), idOf(name)]).toEqual([3, 1_790_000_000_000, id])
  }
  for (const wrong of ['rows.redrive@', 'rows.redrive@Up', 'rows.resend@file', 'rows.replay@a.b', 'redrive@file'])
    expect(batchOf(`${head}.${wrong}.ndjson`)).toBeUndefined()
  expect(['file', 'elasticsearch', 'File', 'a.b', '', '-', 'x'.repeat(25)].map(isSinkName)).toEqual([
    true,
    true,
    ...Array(5).fill(false),
  ])
})
