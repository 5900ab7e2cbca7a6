import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FIELDS } from '../../src/scan/joiner.ts'
import { createModule } from '../../src/scan/module.ts'
import { createReader } from '../../src/scan/reader.ts'
import { createScanner, FLOAT, INTEGER, LARGE, LINE_BYTES, PLAIN, STRING } from '../../src/scan/scanner.ts'

const module = createModule()
const scanner = createScanner(module)
const reader = createReader(module)

/** What the reader tells of these members of a line: texts by their places, integers; undefined for what it leaves to others. */
function readAll(line: string, members: readonly number[]): (string | number | undefined)[] {
  expect(scanner.scan(Buffer.from(line)) & PLAIN).toBe(PLAIN)
  for (const [i, member] of members.entries()) reader.reads[2 * i] = member
  const text = reader.read(members.length)
  let start = 0
  return members.map((member, i) => {
    const kind = scanner.tokens[3 * member + 2]!
    const own = text.slice(start, reader.reads[2 * i + 1])
    start = reader.reads[2 * i + 1]!
    if ([STRING, FLOAT, LARGE].includes(kind)) return own
    expect(own).toBe('')
    return kind === INTEGER ? reader.numbers[i] : undefined
  })
}

describe('the reader', () => {
  it('gives texts without quotes, decimals and large integers as they are written, integers as numbers', () => {
    const line = `{"a":"text","b":-12.50,"c":0,"d":-7,"e":9007199254740991,"f":-9007199254740991,"g":9007199254740993}`
    const values = ['text', '-12.50', 0, -7, 2 ** 53 - 1, 1 - 2 ** 53, '9007199254740993']
    expect(readAll(line, [0, 1, 2, 3, 4, 5, 6])).toEqual(values)
    expect(readAll(line, [6, 0, 3])).toEqual([values[6], values[0], values[3]])
    expect(readAll(line, [])).toEqual([])
  })

  it('leaves all other kinds alone', () => {
    expect(readAll('{"a":"","b":"x\\ny","c":null,"d":[],"e":{},"f":true,"g":[1]}', [0, 1, 2, 3, 4, 5, 6])).toEqual(
      Array(7).fill(undefined),
    )
  })

  it('finds texts of any length where they are', () => {
    const text = fc.string({ unit: fc.constantFrom(...'abc 0/:,{}[]'), minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 40 }), texts => {
        const line = `{${texts.map((value, i) => `"k${i}":"${value}"`).join(',')}}`
        const members = texts.map((_, i) => texts.length - 1 - i)
        expect(readAll(line, members)).toEqual(texts.toReversed())
      }),
      { numRuns: 300 },
    )
  })

  it('has room for the longest text, and for as many reads as there are fields', () => {
    const text = 'x'.repeat(LINE_BYTES - 8)
    expect(readAll(`{"a":"${text}"}`, [0])).toEqual([text])
    const line = `{${Array.from({ length: FIELDS }, (_, i) => `"${i}":${i}`).join(',')}}`
    const numbers = Array.from({ length: FIELDS }, (_, i) => i)
    expect(readAll(line, numbers)).toEqual(numbers)
  })
})
