import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quoteLargeNumbers } from '../../src/decode/json-text.ts'
import { MAX_DEPTH, parseRecord } from '../../src/decode/record.ts'

const recordOf = (text: string) => {
  const parsed = parseRecord(text)
  if (typeof parsed === 'string') throw new Error(parsed)
  return parsed.record
}

/** Independent of the code: what V8 tells about the source of each number. */
type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown
const oracle = (text: string): unknown =>
  (JSON.parse as (text: string, reviver: Reviver) => unknown)(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
    return /^-?\d+$/.test(source!) || !Number.isFinite(value) ? source : value
  })

/** Text rather than values, so that spellings, duplicates and blanks vary as well. */
const digits = fc.stringMatching(/^-?[1-9][0-9]{13,20}$/)
const number = fc.oneof(
  digits,
  fc.constantFrom(
    '1658281702371000123',
    '1658281702371000124',
    '9007199254740991',
    '9007199254740992',
    '-9007199254740993',
  ),
  fc.constantFrom('1e400', '-1e999', '1e20', '1.5', '12345678901234567890.5', '0', '-0', '1234567890123456'),
)
const name = fc.constantFrom('"A"', '"\\u0041"', '"Key"', '"x\\"Key"', '"a b"', '"__proto__"', '"B-1"', '""', '"7"')
const word = fc.constantFrom(
  '"x"',
  '":1234567890123456789,"',
  '"\\"Key\\":1234567890123456789,"',
  '"1234567890123456"',
  'true',
  'null',
  '"\\\\"',
)
const space = fc.constantFrom('', '', '', ' ', '\t')
const { object } = fc.letrec<{ value: string; object: string; array: string }>(tie => ({
  value: fc.oneof({ depthSize: 'small' }, number, number, word, tie('object'), tie('array')),
  object: fc.array(fc.tuple(space, name, space, space, tie('value')), { maxLength: 5 }).map(members => {
    return `{${members.map(([a, key, b, c, value]) => `${a}${key}${b}:${c}${value}`).join(',')}}`
  }),
  array: fc.array(tie('value'), { maxLength: 3 }).map(items => `[${items.join(',')}]`),
}))

describe('parsing a record', () => {
  it('keeps every digit of integers outside the safe range, at any depth', () => {
    const text =
      '{"EdgeStartTimestamp":1506702504433000201,"n":{"list":[-9007199254740993,{"x":18446744073709551615}]},"ok":9007199254740991}'
    expect(recordOf(text)).toEqual({
      EdgeStartTimestamp: '1506702504433000201',
      n: { list: ['-9007199254740993', { x: '18446744073709551615' }] },
      ok: 9007199254740991,
    })
  })

  it('keeps a number that is too large for a double as its text', () => {
    expect(recordOf('{"a":1e400,"b":[-1e999],"c":1e20}')).toEqual({ a: '1e400', b: ['-1e999'], c: 1e20 })
  })

  it('agrees with the source of every number for any object', () => {
    fc.assert(
      fc.property(object, text => {
        expect(recordOf(text)).toEqual(oracle(text))
        expect(JSON.parse(quoteLargeNumbers(text))).toEqual(oracle(text))
      }),
      { numRuns: 3000 },
    )
  })

  it('leaves hostile keys as members of their own', () => {
    const record = recordOf(
      '{"__proto__":12345678901234567890,"constructor":12345678901234567891,"a":{"__proto__":{"polluted":true}}}',
    )
    expect(Object.entries(record)).toEqual([
      ['__proto__', '12345678901234567890'],
      ['constructor', '12345678901234567891'],
      ['a', JSON.parse('{"__proto__":{"polluted":true}}')],
    ])
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('takes objects nested as deep as the limit and none deeper', () => {
    const nested = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`
    expect(parseRecord(nested(MAX_DEPTH))).not.toBe('too_deep')
    expect(parseRecord(nested(MAX_DEPTH + 1))).toBe('too_deep')
    expect(parseRecord(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`)).toBe('too_deep')
  })
})
