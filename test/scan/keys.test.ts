import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createScanner, NEW_KEYS, ODD, PLAIN } from '../../src/scan/scanner.ts'
import { faultOf } from './check.ts'

const lineOf = (keys: readonly string[]) => Buffer.from(`{${keys.map((key, i) => `"${key}":${i}`).join(',')}}`)

describe('new keys', () => {
  it('are those of the first line, and not those of the next with the same', () => {
    const scanner = createScanner()
    expect(scanner.scan(lineOf(['a', 'b']))).toBe(PLAIN | NEW_KEYS)
    expect(scanner.scan(Buffer.from('{"a":"other","b":[1]}'))).toBe(PLAIN)
    expect(scanner.count()).toBe(2)
  })

  it.each([
    ['another name', ['a', 'c']],
    ['another order', ['b', 'a']],
    ['one more', ['a', 'b', 'c']],
    ['one less', ['a']],
    ['a longer name', ['a', 'bb']],
    ['one twice', ['a', 'a']],
  ])('are told for %s, and remembered', (_name, keys) => {
    const scanner = createScanner()
    scanner.scan(lineOf(['a', 'b']))
    expect(scanner.scan(lineOf(keys))).toBe(PLAIN | NEW_KEYS)
    expect(scanner.scan(lineOf(keys))).toBe(PLAIN)
    expect(scanner.count()).toBe(keys.length)
  })

  it('are not told because of an odd line between', () => {
    const scanner = createScanner()
    scanner.scan(lineOf(['a', 'b']))
    expect(scanner.scan(Buffer.from('{"x":1,"y":2,"z":1e3}'))).toBe(ODD)
    expect(scanner.scan(Buffer.from('{"a":1,"b":2,"c":1e3}'))).toBe(ODD)
    expect(scanner.scan(lineOf(['a', 'b']))).toBe(PLAIN)
  })

  it('are told for each difference of one byte, in keys of any length', () => {
    const scanner = createScanner()
    for (let length = 1; length < 100; length++) {
      const key = 'k'.repeat(length)
      scanner.scan(lineOf(['first', key, 'last']))
      for (let at = 0; at < length; at++) {
        expect(scanner.scan(lineOf(['first', `${key.slice(0, at)}x${key.slice(at + 1)}`, 'last']))).toBe(
          PLAIN | NEW_KEYS,
        )
        expect(scanner.scan(lineOf(['first', key, 'last']))).toBe(PLAIN | NEW_KEYS)
      }
      expect(scanner.scan(lineOf(['first', key, 'last']))).toBe(PLAIN)
    }
  })

  it('are not there when a byte of what was expected is not as it must be', () => {
    const scanner = createScanner()
    for (let length = 1; length < 100; length++) {
      const line = lineOf(['first', 'k'.repeat(length), 'last'])
      const start = line.indexOf('"k')
      for (const at of [start, start + length + 1, start + length + 2]) {
        scanner.scan(line)
        expect(scanner.scan(Buffer.from(line).fill('x', at, at + 1))).toBe(ODD)
      }
    }
  })

  it('are told exactly when the keys differ from those of the last plain line, and the members are right in either case', () => {
    const key = fc.oneof(
      fc.constantFrom('a', 'b', 'ab'),
      fc.constantFrom(...[13, 14, 29, 30, 45, 46, 47].map(n => 'k'.repeat(n))),
    )
    const line = fc.record({ keys: fc.array(key, { minLength: 1, maxLength: 4 }), odd: fc.boolean() })
    fc.assert(
      fc.property(fc.array(line, { minLength: 2, maxLength: 12 }), lines => {
        const scanner = createScanner()
        let last = ''
        for (const { keys, odd } of lines) {
          const bytes = lineOf(keys)
          if (odd) {
            expect(scanner.scan(Buffer.concat([bytes, Buffer.from(' ')]))).toBe(ODD)
            continue
          }
          expect(scanner.scan(bytes)).toBe(keys.join() === last ? PLAIN : PLAIN | NEW_KEYS)
          expect(faultOf(scanner, bytes)).toBe(undefined)
          last = keys.join()
        }
      }),
      { numRuns: 200 },
    )
  })
})
