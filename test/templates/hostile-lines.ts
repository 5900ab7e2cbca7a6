import fc from 'fast-check'
import { DOCUMENTED } from '../datasets/documented.ts'
import { linesOf } from '../datasets/random-records.ts'
import { samplesOf } from '../datasets/samples.ts'

/** Lines with records that a store may choke on; texts, for JSON.stringify would not write all of it. */

const SEED = 1
const BMP = '中'

const member = (name: string, json: string) => `${JSON.stringify(name)}:${json}`
const recordOf = (members: readonly string[]) => `{${members.join()}}`
const times = (count: number, json: (n: number) => string) => Array.from({ length: count }, (_, n) => json(n))
const listOf = (items: readonly string[]) => `[${items.join()}]`

function nested(depth: number, open: string, close: string): string {
  return open.repeat(depth) + 1 + close.repeat(depth)
}

/** Names that a mapping may take for paths, and names that only JavaScript finds odd. */
const NAMES = [
  '.',
  '..',
  '.a',
  'a.',
  'a..b',
  'a.b.c',
  '',
  ' ',
  '\t',
  '\0',
  '__proto__',
  'constructor',
  '_id',
  '_source',
  '*',
  '💥',
]
const VALUES = ['1', '"text"', '{"a":1}', '[1,"a",{"b":2},[3]]']

const KEYS_WITHIN = recordOf([
  ...NAMES.filter(name => name !== '\0').map((name, n) => member(name, String(n))),
  '"\\ud800":"\\udc00"',
])

/** Records of no dataset in particular: their fields are not documented. */
function undocumented(): string[] {
  return [
    recordOf(times(10_000, n => member(`key${n}`, String(n)))),
    recordOf(times(10_000, n => member(`key${n}`, `{"a":{"b${n}":"text"}}`))),
    recordOf([member('deep', nested(31, '{"a":', '}')), member('list', nested(31, '[', ']'))]),
    recordOf([member('huge', `"${'x'.repeat(1_000_000)}"`), member('wide', `"${BMP.repeat(300_000)}"`)]),
    recordOf([
      member('long', listOf(times(100_000, String))),
      member('texts', listOf(times(50_000, n => `"text ${n}"`))),
    ]),
    recordOf([
      member('lone', '"\\ud800"'),
      '"\\udfff":"\\udfff\\ud800"',
      member('nul', '"\\u0000"'),
      member('in', KEYS_WITHIN),
    ]),
    recordOf([member('n'.repeat(40_000), '1')]),
    recordOf([member('n'.repeat(60_000), '1')]),
    ...NAMES.flatMap(name => VALUES.map(value => recordOf([member(name, value)]))),
  ]
}

function ofFields(dataset: string): string[] {
  const fields = DOCUMENTED[dataset]!
  const all = (json: string) => recordOf(fields.map(({ name }) => member(name, json)))
  const objects = fields.filter(({ type }) => /object|unknown/.test(type))
  const inObjects = (json: string) =>
    objects.length === 0 ? [] : [recordOf(objects.map(({ name }) => member(name, json)))]
  return [
    // Above the largest term in bytes, below and above 8191 UTF-16 units.
    all(`"${BMP.repeat(8_191)}"`),
    all(`"${BMP.repeat(11_000)}"`),
    all(nested(30, '[', ']')),
    all(nested(30, '{"a":', '}')),
    all(`[1,"a",true,{"b":[{"c":2}]},[[3]]]`),
    all(listOf(times(3_000, String))),
    ...fields.slice(0, 3).map(({ name }) => recordOf([member(name, `"${'y'.repeat(1_000_000)}"`)])),
    ...fields.slice(0, 3).map(({ name }) => recordOf([member(`${name}.part`, '1'), member(`${name}..part`, '1')])),
    ...inObjects(KEYS_WITHIN),
    ...inObjects(listOf(times(12_000, n => `{"Name":"file ${n}"}`))),
    ...inObjects(recordOf(times(10_000, n => member(`key${n}`, `"value ${n}"`)))),
    ...inObjects(recordOf([member('k'.repeat(9_000), `"${BMP.repeat(8_100)}"`)])),
    ...inObjects(recordOf([member('k'.repeat(33_000), '1')])),
    ...inObjects('{"a\\u0000b":1}'),
  ]
}

/** One value in every field, whatever type is documented. */
function sameEverywhere(dataset: string): string[] {
  return samplesOf(7).map(value =>
    recordOf(DOCUMENTED[dataset]!.map(({ name }) => member(name, JSON.stringify(value)))),
  )
}

/** `random`: how many records of random values. Always the same lines. */
export function hostileLines(dataset: string, random: number): string[] {
  return [
    ...ofFields(dataset),
    ...sameEverywhere(dataset),
    ...fc.sample(linesOf(dataset, 40), { numRuns: random, seed: SEED }),
  ]
}

/** Those that do not depend on a dataset, for one dataset or as records of none. */
export function strangeLines(): string[] {
  return [
    ...undocumented(),
    'no record',
    '[1]',
    '{"a":',
    nested(40, '{"a":', '}'),
    '"\\ud800"',
    `"${'z'.repeat(1_000_000)}"`,
  ]
}
