import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { COMPACT, createScanner, NESTED } from '../../src/scan/scanner.ts'
import { faultOf } from './check.ts'

const scanner = createScanner()
const line = (value: string) => Buffer.from(`{"a":1,"b":${value},"c":"x"}`)
const kindOf = (value: string): number => {
  scanner.scan(line(value))
  return scanner.tokens[5]!
}
const nest = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`
const keys = (count: number) => Array.from({ length: count }, (_, i) => `"k${i}":${i}`).join(',')

describe('an object or array', () => {
  it.each([
    ['texts', '["a","b"]'],
    ['no more than a zero', '[0]'],
    ['a false', '{"a":false}'],
    ['something beside what is empty', '{"a":[],"b":{},"c":null,"d":"","e":[{"f":[1]}]}'],
    ['numbers', '[-1,0,1.50,-0.5,9007199254740991,12345678901234.567]'],
    ['a key that objects have by themselves', '{"__proto__":{"toString":1}}'],
    ['an empty key', '{"":1}'],
    ['the same key in other objects', '[{"a":1},{"a":{"a":2}}]'],
    ['keys alike for sixteen letters', '{"aaaaaaaaaaaaaaaaaa":1,"aaaaaaaaaaaaaaaaab":2,"aaaaaaaaaaaaaaaaa":3}'],
    ['more than ASCII', '{"é":"ü"}'],
    ['all the levels', nest(31)],
    ['64 keys', `{${keys(64)}}`],
  ])('with %s is compact', (_name, value) => {
    expect(kindOf(value)).toBe(COMPACT)
    expect(faultOf(scanner, line(value))).toBeUndefined()
  })

  it.each([
    ['nothing but what is empty', '{"a":[],"b":{},"c":null,"d":""}'],
    ['an escape', '["\\n"]'],
    ['an escape in a key', '{"\\u0061":1}'],
    ['a key twice', '{"a":1,"b":2,"a":3}'],
    ['a long key twice', `{"${'k'.repeat(40)}":1,"${'k'.repeat(40)}":2}`],
    ['a blank', '[1, 2]'],
    ['an integer that no double has', '[9007199254740992]'],
    ['an exponent', '[1e3]'],
    ['a float of 18 digits', '[1.00000000000000001]'],
    ['a negative zero', '[-0]'],
    ['a leading zero', '[01]'],
    ['a word', '[nul]'],
    ['no value', '{"a"}'],
    ['a comma too many', '[1,]'],
    ['a comma alone', '[,]'],
    ['65 keys', `{${keys(65)}}`],
    ['65 keys in all', `{${keys(60)},"z":{${keys(4)}}}`],
  ])('with %s is not', (_name, value) => {
    expect(kindOf(value)).toBe(NESTED)
    expect(faultOf(scanner, line(value))).toBeUndefined()
  })

  it('is compact just where the grammar says so, whatever it is made of', () => {
    const part = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"b":',
        '"a":',
        '""',
        '1',
        '0',
        '-',
        '.5',
        'true',
        'false',
        'null',
        ' ',
        '\\',
        '"',
      ],
    )
    const text = fc.array(part, { maxLength: 14 }).map(parts => `[${parts.join('')}]`)
    const json = fc.jsonValue({ maxDepth: 4 }).map(value => JSON.stringify([value]))
    fc.assert(
      fc.property(fc.oneof(text, json), value => {
        expect(faultOf(scanner, line(value))).toBeUndefined()
      }),
      { numRuns: 20_000 },
    )
  })

  it('is never read beyond its line, wherever that ends', () => {
    const whole = line('{"key":["text",{"inner":-12.5,"other":[true,null,{}]}],"last":false}')
    for (let end = 0; end < whole.length; end++)
      expect(faultOf(scanner, whole.subarray(0, end)), `${end}`).toBeUndefined()
  })
})
