import { describe, expect, it } from 'vitest'
import { randomOf } from '../../bench/records.ts'
import facts from '../../src/datasets/facts.json' with { type: 'json' }
import spellings from '../../src/datasets/spellings.json' with { type: 'json' }
import type { JsonObject } from '../../src/mapper/types.ts'
import { lineOf, mapLines } from '../datasets/map-one.ts'
import { goldenFiles } from '../golden/golden.ts'

interface Facts {
  readonly fields: object
  readonly legacy_fields?: readonly { readonly name: string }[]
}
interface Sample {
  readonly dataset: string
  readonly record: JsonObject
  readonly isGolden: boolean
}

const FACTS: Readonly<Record<string, Facts>> = facts
const OTHER: Readonly<Record<string, object>> = spellings.known
const ACCEPTED: Readonly<Record<string, object>> = spellings.accepted
const DATASETS = Object.keys(FACTS)
/** The records by which a batch is judged before its first event leaves. */
const HELD = 100
const PAIRS = DATASETS.flatMap((a, at) => DATASETS.slice(at + 1).map(b => [a, b] as const))
const FIELDS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(FACTS).map(([name, { fields, legacy_fields = [] }]) => [
    name,
    [...Object.keys(fields), ...legacy_fields.map(field => field.name), ...Object.keys(OTHER[name] ?? {})],
  ]),
)
const GOLDEN = Map.groupBy(goldenFiles(), file => file.dataset)
const KNOWN = Object.entries(FIELDS).map(
  ([name, fields]) => [name, new Set(fields.map(field => field.toLowerCase()))] as const,
)

/** The datasets that know most of the keys, and at least half of them: counted anew for each list, with nothing of the detector. */
function tiedOf(keys: readonly string[]): string[] {
  const distinct = [...new Set(keys.map(key => key.toLowerCase()))]
  const counts = KNOWN.map(([name, known]) => [name, distinct.filter(key => known.has(key)).length] as const)
  const best = Math.max(...counts.map(([, count]) => count))
  return best * 2 < distinct.length ? [] : counts.filter(([, count]) => count === best).map(([name]) => name)
}

const random = randomOf(37)
const below = (count: number) => Math.floor(random() * count)

function shuffled<T>(items: readonly T[]): T[] {
  const keyed = items.map(item => [random(), item] as const)
  return keyed.sort(([a], [b]) => a - b).map(([, item]) => item)
}

/** Some of a dataset's fields, at times with a few that nobody knows. */
function subset(dataset: string): JsonObject {
  const fields = FIELDS[dataset]!
  const own = shuffled(fields).slice(0, 1 + below(Math.min(24, fields.length)))
  const strange = below(4) === 0 ? ['Unheard', 'of'].slice(below(2)) : []
  return Object.fromEntries(shuffled([...own, ...strange]).map(field => [field, 'x']))
}

/** The golden records of documented fields: those with names that only published formats take are no records that a job sends. */
function goldenOf(dataset: string): JsonObject[] {
  const accepted = Object.keys(ACCEPTED[dataset] ?? {})
  return GOLDEN.get(dataset)!
    .map(({ golden }) => JSON.parse(golden.line) as JsonObject)
    .filter(record => !accepted.some(name => Object.hasOwn(record, name)))
}

function samplesOf(dataset: string): Sample[] {
  return [
    ...goldenOf(dataset).map(record => ({ dataset, record, isGolden: true })),
    ...Array.from({ length: 20 }, () => ({ dataset, record: subset(dataset), isGolden: false })),
  ]
}

interface Answer extends Sample {
  readonly found: string
  readonly tied: readonly string[]
  /** The dataset that decides ties: that of the whole batch, as long as it holds no record of another. */
  readonly decides: string | undefined
}

/** What the mapper takes each record of the batch for, and what a count by hand gives. */
function answersOf(samples: readonly Sample[]): Answer[] {
  const mapped = mapLines(samples.map(({ record }, number) => lineOf(record, number)))
  const tied = samples.map(({ record }) => tiedOf(Object.keys(record)))
  const union = tiedOf([...new Set(samples.slice(0, HELD).flatMap(({ record }) => Object.keys(record)))])
  const batch = union.length === 1 ? union[0]! : undefined
  const firstOther = tied.findIndex(names => names.length > 0 && !names.includes(batch!))
  const firstOpen = firstOther < 0 ? samples.length : firstOther < HELD ? 0 : firstOther
  return samples.map((sample, at) => ({
    ...sample,
    found: mapped[at]!.dataset,
    tied: tied[at]!,
    decides: at < firstOpen ? batch : undefined,
  }))
}

function expectedOf({ tied, decides }: Answer): string {
  if (tied.length === 1) return tied[0]!
  return decides !== undefined && tied.includes(decides) ? decides : 'unknown'
}

const told = ({ dataset, record, found, tied, decides }: Answer) =>
  `${dataset} became ${found}, tied ${tied}, decided by ${decides}: ${Object.keys(record)}`
const wrongOf = (answers: readonly Answer[]) =>
  answers.filter(one => one.found !== one.dataset && one.found !== 'unknown').map(told)
const unexpectedOf = (answers: readonly Answer[]) => answers.filter(one => one.found !== expectedOf(one)).map(told)

describe('records of two datasets mixed in one batch', () => {
  const answers = PAIRS.map(([a, b]) => answersOf(shuffled([...samplesOf(a), ...samplesOf(b)])))
  const all = answers.flat()

  it(`are looked at for all ${PAIRS.length} pairs of the ${DATASETS.length} datasets`, () => {
    expect(answers).toHaveLength((DATASETS.length * (DATASETS.length - 1)) / 2)
    expect(Math.min(...answers.map(batch => new Set(batch.map(one => one.dataset)).size))).toBe(2)
    expect(all.length).toBeGreaterThan(PAIRS.length * 40)
  })

  it('are never taken for another dataset', () => {
    expect(wrongOf(all)).toEqual([])
  })

  it('are what their own fields say: found where one dataset knows most of them, else open', () => {
    expect(unexpectedOf(all)).toEqual([])
    expect(all.filter(({ found, dataset }) => found === dataset).length / all.length).toBeGreaterThan(0.8)
  })

  it('are found where they are golden records, whatever they are mixed with', () => {
    for (const dataset of DATASETS) expect(goldenOf(dataset), dataset).not.toEqual([])
    const golden = all.filter(one => one.isGolden)
    expect(golden.filter(one => one.found !== one.dataset).map(told)).toEqual([])
  })
})

/** So many records of one dataset as are held back, and more, some of them ties; then both kinds mixed, the second's first with every field. */
function lateOf(a: string, b: string): Sample[] {
  const some = (dataset: string, count: number): Sample[] =>
    Array.from({ length: count }, () => ({ dataset, record: subset(dataset), isGolden: false }))
  const whole: Sample = { dataset: b, record: goldenOf(b)[0]!, isGolden: true }
  return [...some(a, HELD + 10), whole, ...shuffled([...some(a, 8), ...some(b, 8)])]
}

describe('records of a second dataset that come when the batch has been judged', () => {
  const batches = shuffled(PAIRS)
    .slice(0, 150)
    .map(([a, b]) => answersOf(lateOf(a, b)))

  it('are never taken for the first, nor is one of the first for the second', () => {
    expect(batches.flatMap(wrongOf)).toEqual([])
  })

  it('end the batch’s say in ties, which stay what they were before', () => {
    expect(batches.flatMap(unexpectedOf)).toEqual([])
    const byBatch = batches.flat().filter(({ tied, found }) => tied.length > 1 && found !== 'unknown')
    expect(byBatch.length).toBeGreaterThan(100)
  })
})

describe('records of one dataset', () => {
  it.each(DATASETS)('of %s are all found, ties too, if they are known by their fields together', dataset => {
    const fields = FIELDS[dataset]!
    const records = Array.from({ length: 2 * HELD }, (_, at) => ({ [fields[at % fields.length]!]: 'x' }))
    const answers = answersOf(records.map(record => ({ dataset, record, isGolden: false })))
    expect(answers.filter(one => one.found !== dataset).map(told)).toEqual([])
  })
})
