import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createJoiner } from '../../src/scan/joiner.ts'
import { createModule } from '../../src/scan/module.ts'
import { createScanner, LINE_BYTES, MEMBERS, ODD, PLAIN } from '../../src/scan/scanner.ts'
import { faultOf } from './check.ts'

const PAGE = 65_536

/** A scanner that shares its memory with a joiner whose areas are full of what a line may have. */
function beside() {
  const module = createModule()
  const { texts, out, constant, values, copies, kept, replaced, memo } = createJoiner(module)
  for (const numbers of [values, copies, kept, replaced]) numbers.fill(0x22222222)
  texts.fill(0x7d)
  memo.fill(0x5c)
  out.fill(0x22)
  constant('"'.repeat(PAGE))
  // All memory but the line with what lies behind it, the tokens and the keys, which are in front of the line.
  const rest = new Uint8Array(texts.buffer).subarray(texts.byteOffset)
  return { scanner: createScanner(module), restOf: () => createHash('sha1').update(rest).digest('hex') }
}

const longest = `{"a":"${'x'.repeat(LINE_BYTES - 8)}"}`
const hostile = [
  longest,
  `{"a":"${'x'.repeat(LINE_BYTES - 6)}`,
  `{"${'x'.repeat(LINE_BYTES - 2)}`,
  `{"a":${'1'.repeat(LINE_BYTES - 5)}`,
  `{"a":1.${'1'.repeat(LINE_BYTES - 7)}`,
  `{"a":${'['.repeat(LINE_BYTES - 5)}`,
  `{"a":[${'1,'.repeat(LINE_BYTES / 2 - 3)}`,
  `{"a":["${'\\\\'.repeat(LINE_BYTES / 2 - 4)}\\`,
  `{"a":"${'\\"'.repeat(LINE_BYTES / 2 - 4)}x\\`,
  `{"a":"${'x'.repeat(LINE_BYTES - 8)}\\u`,
  `{${'"a":1,'.repeat(40_000)}`,
  `{"${'k'.repeat(LINE_BYTES - 6)}":1}`,
  '{'.repeat(LINE_BYTES),
  '"'.repeat(LINE_BYTES),
  '\\'.repeat(LINE_BYTES),
]

describe('a line of the greatest length', () => {
  it('is plain, and one of a byte more is odd', () => {
    const scanner = createScanner()
    expect(longest.length).toBe(LINE_BYTES)
    expect(scanner.scan(Buffer.from(longest)) & PLAIN).toBe(PLAIN)
    expect(faultOf(scanner, Buffer.from(longest))).toBe(undefined)
    expect(scanner.scan(Buffer.from(longest.replace('x', 'xx')))).toBe(ODD)
  })

  it('is judged rightly, whatever it is, and nothing is written but what is for the line', () => {
    const { scanner, restOf } = beside()
    const before = restOf()
    for (const line of hostile) {
      for (const cut of [0, 1, 2, 15, 16, 17]) {
        expect(faultOf(scanner, Buffer.from(line.slice(0, line.length - cut)))?.slice(0, 60)).toBe(undefined)
      }
    }
    expect(restOf()).toBe(before)
  })
})

describe('a line of the most members', () => {
  const lineOf = (members: number, key: (i: number) => string) =>
    Buffer.from(`{${Array.from({ length: members }, (_, i) => `"${key(i)}":${i}`).join(',')}}`)

  it('is plain, and one of a member more is odd, new or as the line before', () => {
    const scanner = createScanner()
    const [most, more] = [lineOf(MEMBERS, i => `k${i}`), lineOf(MEMBERS + 1, i => `k${i}`)]
    expect(scanner.scan(more)).toBe(ODD)
    for (const line of [most, most]) expect(faultOf(scanner, line)).toBe(undefined)
    expect(scanner.count()).toBe(MEMBERS)
    expect(scanner.scan(most)).toBe(PLAIN)
    expect(scanner.scan(more)).toBe(ODD)
    expect(scanner.scan(most)).toBe(PLAIN)
  })

  it('has its keys remembered when they are as long as they can be', () => {
    const { scanner, restOf } = beside()
    const before = restOf()
    const line = lineOf(MEMBERS, i => `${'k'.repeat(245)}${i}`)
    expect(line.length).toBeLessThanOrEqual(LINE_BYTES)
    expect(line.length).toBeGreaterThan(LINE_BYTES - 4096)
    expect(scanner.scan(line) & PLAIN).toBe(PLAIN)
    expect(scanner.scan(line)).toBe(PLAIN)
    expect(faultOf(scanner, line)).toBe(undefined)
    expect(restOf()).toBe(before)
  })
})
