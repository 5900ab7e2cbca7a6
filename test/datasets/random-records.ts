import fc from 'fast-check'
import { DOCUMENTED } from './documented.ts'
import { samplesOf } from './samples.ts'

/**
 * Lines with records of a dataset as JSON text: some of its fields, most with a value of the documented type, others with a value of a
 * wrong type, an empty form, a number too large for a double, an odd time.
 */

const TIMES = [
  '"2024-02-29T23:59:59.999999999Z"',
  '"2024-02-30T00:00:00Z"',
  '"2024-05-06T24:00:00Z"',
  '"2016-12-31T23:59:60Z"',
  '"2024-05-06T07:08:09.1234567890123+14:00"',
  '"2024-05-06 07:08:09"',
  '"2024-05-06T07:08:09-00:00"',
  '"0001-01-01T00:00:00Z"',
  '"1969-12-31T23:59:59Z"',
  '"9999-12-31T23:59:59Z"',
  '"2262-04-12T00:00:00Z"',
  '"06/May/2024:07:08:09 +0000"',
  '1714979289',
  '1714979289.123456',
  '1714979289123',
  '1714979289123456',
  '1714979289123456789',
  '99999999999',
  '100000000000',
  '9223372036854775807',
  '-1714979289',
  '"1714979289123456789"',
]
const NUMBERS = [
  '0',
  '-0',
  '-1',
  '0.1',
  '65535',
  '65536',
  '4294967296',
  '9007199254740991',
  '9007199254740993',
  '-9007199254740993',
  '18446744073709551615',
  '1e2',
  '1E400',
  '-1e400',
  '1e-400',
  '123456789012345678901234567890.5',
]
const EMPTY = ['null', '""', '[]', '{}', '[null]', '[""]', '[{}]', '[[],{}]', '{"a":null}', '{"a":{"b":[]}}']
const OTHER = ['"\\ud800"', '"\\u0000"', '" "', '"__proto__"', '{"__proto__":1,"constructor":{"a":1}}', '"💥"']
const SAMPLES = [7, 300].flatMap(samplesOf).map(value => JSON.stringify(value))

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...SAMPLES.filter(sample => sample.startsWith('"'))) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).map(value => JSON.stringify(value)) },
)
const integer = fc.oneof(
  fc.integer({ min: -10, max: 70_000 }).map(String),
  fc.bigInt(-(2n ** 70n), 2n ** 70n).map(String),
)
const time = fc.oneof(fc.constantFrom(...TIMES), fc.bigInt(0n, 2n ** 63n).map(String))
const object = fc.oneof(
  fc.constantFrom(...SAMPLES.filter(sample => sample.startsWith('{'))),
  fc.jsonValue({ maxDepth: 3 }).map(value => `{"Name":${JSON.stringify(value)}}`),
)
const listOf = (item: fc.Arbitrary<string>) => fc.array(item, { maxLength: 3 }).map(items => `[${items}]`)

const OF_TYPE: Readonly<Record<string, fc.Arbitrary<string>>> = {
  string: text,
  int: integer,
  float: fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => JSON.stringify(value)),
  bool: fc.constantFrom('true', 'false'),
  'int or string': time,
  object,
  'array[string]': listOf(text),
  'array[int]': listOf(integer),
  'array[object]': listOf(object),
  unknown: fc.jsonValue().map(value => JSON.stringify(value)),
}
const odd = fc.constantFrom(...SAMPLES, ...TIMES, ...NUMBERS, ...EMPTY, ...OTHER)

function memberOf(name: string, type: string): fc.Arbitrary<string> {
  const value = fc.oneof({ weight: 3, arbitrary: OF_TYPE[type]! }, { weight: 2, arbitrary: odd })
  return value.map(one => `${JSON.stringify(name)}:${one}`)
}

/** `maxFields` bounds how many fields a record has: whatever it is, each field comes with every other. */
export function linesOf(dataset: string, maxFields: number): fc.Arbitrary<string> {
  const members = DOCUMENTED[dataset]!.map(({ name, type }) => memberOf(name, type))
  const strange = odd.map(value => `"Unheard":${value}`)
  return fc.array(fc.oneof(...members, strange), { maxLength: maxFields }).map(list => `{${list}}`)
}
