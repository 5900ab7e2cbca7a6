import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createScanner, NOT_ASCII, ODD, PLAIN } from '../../src/scan/scanner.ts'
import { faultOf, scannedMembers } from './check.ts'
import { membersOf } from './oracle.ts'
import { realLines } from './samples.ts'

const scanner = createScanner()
const bytes = (text: string) => Buffer.from(text)
const isPlain = (text: string) => (scanner.scan(bytes(text)) & PLAIN) !== 0

describe('a plain line', () => {
  it('is each example of a dataset that is written without white space, and each of a busy job', () => {
    const lines = realLines()
    expect(lines.map(line => faultOf(scanner, bytes(line))).filter(fault => fault !== undefined)).toEqual([])
    const compact = lines.map(line => JSON.stringify(JSON.parse(line)))
    expect(compact.filter(line => !isPlain(line) && membersOf(bytes(line).toString('latin1')) !== undefined)).toEqual(
      [],
    )
    expect(compact.filter(isPlain).length).toBeGreaterThan(0.9 * lines.length)
  })

  it('has each kind of value', () => {
    const line =
      '{"a":"x","b":"\\u00e9\\"","c":"","d":null,"e":[],"f":{},"g":-9007199254740991,"h":9007199254740992,"i":-0.50,"j":true,"k":false,"l":[{"m":"\\"]"}],"n":{"o":[0]}}'
    expect(scanner.scan(bytes(line)) & PLAIN).toBe(PLAIN)
    expect(scannedMembers(scanner, bytes(line)).map(({ kind }) => kind)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ])
    expect(faultOf(scanner, bytes(line))).toBe(undefined)
  })

  it('tells when a byte is above 0x7f, wherever it stands', () => {
    const text = `{"key":"${'x'.repeat(200)}"}`
    expect(scanner.scan(bytes(text)) & NOT_ASCII).toBe(0)
    for (let at = 8; at < text.length - 2; at++) {
      const line = bytes(text)
      line[at] = 0x80
      expect(scanner.scan(line) & NOT_ASCII).toBe(NOT_ASCII)
    }
  })

  it('is what JSON.stringify makes of any record with ordinary keys and numbers', () => {
    const key = fc.string({ minLength: 1, maxLength: 70 }).filter(text => !/["\\]/.test(text))
    const number = fc.oneof(fc.maxSafeInteger(), fc.double({ noDefaultInfinity: true, noNaN: true }))
    const sign = fc.oneof(
      fc.string({ minLength: 1, maxLength: 1 }),
      fc.constantFrom('é', '😀', '"', '\\', '\n', '\ud800'),
    )
    const text = fc.string({ unit: sign, maxLength: 100 })
    const value = fc.oneof(text, number, fc.boolean(), fc.constant(null), fc.array(text), fc.jsonValue({ maxDepth: 2 }))
    const records = fc.dictionary(key, value, { minKeys: 1, maxKeys: 8, noNullPrototype: true })
    fc.assert(
      fc.property(records, record => {
        const line = JSON.stringify(record)
        expect(faultOf(scanner, bytes(line))).toBe(undefined)
        expect(isPlain(line)).toBe(!Object.values(record).some(isUnusual))
      }),
      { numRuns: 400 },
    )
  })
})

/** A number with an exponent, or of more than 17 digits of which some are behind a point. */
function isUnusual(value: unknown): boolean {
  const text = typeof value === 'number' ? JSON.stringify(value) : ''
  return text.includes('e') || (text.includes('.') && text.replace(/[-.]/g, '').length > 17)
}

describe('an odd line', () => {
  it.each([
    ['nothing', ''],
    ['no members', '{}'],
    ['no object', '[1]'],
    ['a byte order mark', '\ufeff{"a":1}'],
    ['white space before a colon', '{"a" :1}'],
    ['white space behind a colon', '{"a": 1}'],
    ['white space behind a comma', '{"a":1, "b":2}'],
    ['white space behind the record', '{"a":1} '],
    ['a second record', '{"a":1}{"a":1}'],
    ['a comma too many', '{"a":1,}'],
    ['an empty key', '{"":1}'],
    ['an escape in a key', '{"\\u0061":1}'],
    ['a backslash for the end of a key', '{"a\\:1}'],
    ['a control character', '{"a":"\u001f"}'],
    ['an escape that JSON does not know', '{"a":"\\x41"}'],
    ['an escape of three digits', '{"a":"\\u123"}'],
    ['an exponent', '{"a":1e3}'],
    ['a negative zero', '{"a":-0}'],
    ['a negative zero with a point', '{"a":-0.00}'],
    ['a leading zero', '{"a":01}'],
    ['no digit behind the point', '{"a":1.}'],
    ['no digit before the point', '{"a":-.5}'],
    ['a float of 18 digits', '{"a":1.00000000000000001}'],
    ['a word', '{"a":nul}'],
    ['brackets that do not match', '{"a":[1}'],
    ['nothing but a blank in brackets', '{"a":[ ]}'],
    ['a level too many', `{"a":${'['.repeat(32)}1${']'.repeat(32)}}`],
  ])('has %s', (_name, text) => {
    expect(membersOf(bytes(text).toString('latin1'))).toBe(undefined)
    expect(scanner.scan(bytes(text))).toBe(ODD)
  })

  it('is each that was cut off, whatever the line before it was', () => {
    const compact = realLines().map(line => JSON.stringify(JSON.parse(line)))
    for (const text of compact.slice(0, 40).concat('{"a":"\\\\\\"\\u0041","b":[[{"c":"d"}]],"e":-1.5}')) {
      const whole = bytes(text)
      for (let length = 0; length < whole.length; length += length < whole.length - 200 ? 13 : 1) {
        scanner.scan(whole)
        if (scanner.scan(whole.subarray(0, length)) !== ODD) expect.unreachable(`plain: ${text.slice(0, length)}`)
      }
    }
  })
})
