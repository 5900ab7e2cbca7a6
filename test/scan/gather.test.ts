import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createScanner, PAIRS, type Scanner } from '../../src/scan/scanner.ts'

/** A text, and whether it is to come as a JSON string. */
type Part = readonly [text: string, isString: boolean]

/** Puts the texts into the pool, one behind the other. @returns the pairs */
function write(scanner: Scanner, parts: readonly Part[]): number {
  let at = 0
  parts.forEach(([text, isString], i) => {
    const length = Buffer.from(scanner.pool.buffer, scanner.poolAt).write(text, at)
    scanner.ops.set([scanner.poolAt + at, isString ? -length : length], 2 * i)
    at += length
  })
  return parts.length
}

const gathered = (scanner: Scanner, pairs: number) =>
  Buffer.from(scanner.out.subarray(0, scanner.gather(pairs))).toString()

const scanner = createScanner()

describe('gather', () => {
  it('joins the parts, and escapes those of a negative length as JSON.stringify does', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 80 }),
      fc.string({ maxLength: 80, unit: fc.constantFrom('"', '\\', 'a', 'é', '😀') }),
      fc.string({ minLength: 100, maxLength: 400 }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.boolean()), { maxLength: 30 }), parts => {
        const expected = parts
          .map(([part, isString]) => (isString && part !== '' ? JSON.stringify(part) : part))
          .join('')
        expect(gathered(scanner, write(scanner, parts))).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })

  it('escapes each pattern of quotes in a block', () => {
    for (let pattern = 0; pattern < 65_536; pattern++) {
      const text = Array.from({ length: 16 }, (_, bit) => ((pattern >> bit) & 1 ? '"' : 'x')).join('')
      const expected = `"${text.replaceAll('"', '\\"')}"`
      if (gathered(scanner, write(scanner, [[text, true]])) !== expected) expect.unreachable(text)
    }
  })

  it('takes a part of the line, of a constant and of the pool', () => {
    const line = Buffer.from('{"key":"a\\"b"}')
    scanner.scan(line)
    const constant = scanner.constant('{"é":')
    const [start, end] = scanner.tokens as unknown as [number, number]
    scanner.pool.set(Buffer.from('}'))
    scanner.ops.set([constant, 6, scanner.lineAt + start + 1, -(end - start - 2), scanner.poolAt, 1])
    expect(gathered(scanner, 3)).toBe('{"é":"a\\\\\\"b"}')
  })

  it('takes parts of no bytes, and no parts', () => {
    expect(gathered(scanner, 0)).toBe('')
    const parts: Part[] = [
      ['', false],
      ['', true],
      ['x', true],
      ['', true],
    ]
    expect(gathered(scanner, write(scanner, parts))).toBe('"x"')
  })

  it('fills what there is for it to the last byte, and says when that is not enough', () => {
    const full = scanner.pool.length
    const times = scanner.out.length / full
    scanner.pool.fill(0x78)
    for (let i = 0; i < times; i++) scanner.ops.set([scanner.poolAt, full], 2 * i)
    expect(scanner.gather(times)).toBe(scanner.out.length)
    for (const length of [1, -1]) {
      scanner.ops.set([scanner.poolAt, length], 2 * times)
      expect(scanner.gather(times + 1)).toBe(-1)
    }

    scanner.ops[2 * times - 1] = -(full - 2)
    expect(scanner.gather(times)).toBe(scanner.out.length)
    scanner.pool[77] = 0x22
    expect(scanner.gather(times)).toBe(-1)
    scanner.ops[2 * times - 1] = -(full - 3)
    expect(scanner.gather(times)).toBe(scanner.out.length)
    scanner.pool[78] = 0x5c
    expect(scanner.gather(times)).toBe(-1)
  })

  it('does not fit with a length that is out of all bounds', () => {
    for (const length of [0x7fffffff, -0x7fffffff, -0x80000000, 0x800000, -0x800000]) {
      scanner.ops.set([scanner.poolAt, length])
      expect(scanner.gather(1)).toBe(-1)
    }
  })

  it('is refused for more parts than there is place for', () => {
    expect(() => scanner.gather(PAIRS + 1)).toThrow(RangeError)
  })
})

describe('constants', () => {
  it('stay where they are, whatever else happens', () => {
    const own = createScanner()
    const texts = Array.from({ length: 500 }, (_, i) => `"field.${i}.é":`)
    const at = texts.map(text => own.constant(text))
    own.scan(Buffer.from(`{"a":"${'x'.repeat(200_000)}"}`))
    own.pool.fill(1)
    own.ops.fill(1)
    texts.forEach((text, i) => {
      own.ops.set([at[i] as number, Buffer.byteLength(text)], 2 * i)
    })
    expect(gathered(own, texts.length)).toBe(texts.join(''))
  })

  it('are refused when there is no more place for them, and a shorter one is still taken', () => {
    const own = createScanner()
    own.constant('x'.repeat(1_048_576 - 3))
    expect(() => own.constant('ééx')).toThrow(RangeError)
    expect(own.constant('éx')).toBeGreaterThan(0)
    expect(() => own.constant('x')).toThrow(RangeError)
  })
})
