import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findJsonFault } from '../../src/decode/json-fault.ts'

const parses = (text: string) => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('finding where text stops being JSON', () => {
  it.each([
    ['', 0],
    ['test', 0],
    ['{"a":1', 6],
    ['{"a":1,}', 7],
    ['{"a":01}', 6],
    ['{"a":"x\ty"}', 7],
    ['{"a":"\\x"}', 6],
    ['[1 2]', 3],
    ['{} {}', 3],
    ['{"a" 1}', 5],
    ['{a:1}', 1],
    ['"abc', 4],
    ['[1,2}', 4],
  ])('names the place in %j', (text, place) => expect(findJsonFault(text)).toBe(place))

  it('finds no fault in JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2), (text, indent) => {
        expect(findJsonFault(JSON.stringify(JSON.parse(text), null, indent))).toBeUndefined()
      }),
    )
  })

  it('finds a fault exactly where JSON.parse does, in mutilated JSON', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      'u12',
      '1',
      '-',
      '.',
      'e5',
      'true',
      'nul',
      ' ',
      '\n',
      'a',
      '\u0000',
    )
    const mutilated = fc.tuple(fc.json(), piece, fc.nat(), fc.nat(3)).map(([text, insert, at, cut]) => {
      const i = at % (text.length + 1)
      return text.slice(0, i) + insert + text.slice(i + cut)
    })
    fc.assert(
      fc.property(
        fc.oneof(
          mutilated,
          fc.array(piece).map(parts => parts.join('')),
        ),
        text => {
          const fault = findJsonFault(text)
          expect(fault === undefined).toBe(parses(text))
          if (fault !== undefined) expect(fault).toBeLessThanOrEqual(text.length)
        },
      ),
      { numRuns: 4000 },
    )
  })

  it('takes any depth', () => {
    expect(findJsonFault('['.repeat(300_000))).toBe(300_000)
    expect(findJsonFault('{"a":'.repeat(100_000))).toBe(500_000)
  })
})
