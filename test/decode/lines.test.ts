import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSplitter, type SplitterOptions } from '../../src/decode/lines.ts'

interface Seen {
  number: number
  text: string
  lost: number
  time: string | undefined
}

function split(
  body: string | Uint8Array,
  options: Partial<SplitterOptions> = {},
  chunkBytes = Number.POSITIVE_INFINITY,
): Seen[] {
  const seen: Seen[] = []
  const splitter = createSplitter({ format: 'lines', maxBytes: 1024, ...options }, ({ bytes, ...line }) =>
    seen.push({ ...line, text: bytes.toString() }),
  )
  const bytes = Buffer.from(body)
  for (let i = 0; i < bytes.length; i += chunkBytes) splitter.push(bytes.subarray(i, i + chunkBytes))
  splitter.end()
  return seen
}

const texts = (seen: readonly Seen[]) => seen.map(line => line.text)

describe('splitting a body into lines', () => {
  it('numbers lines without the blank ones, and needs no LF at the end', () => {
    expect(split('{"a":1}\n\n \t\r\n{"b":2}\r\n\r\nlast')).toEqual([
      { number: 0, text: '{"a":1}', lost: 0, time: undefined },
      { number: 1, text: '{"b":2}', lost: 0, time: undefined },
      { number: 2, text: 'last', lost: 0, time: undefined },
    ])
  })

  it('takes one CR before LF off, and no other', () => {
    expect(texts(split('a\r\r\nb\rc\nd\r'))).toEqual(['a\r', 'b\rc', 'd\r'])
  })

  it('gives the same lines however the body is cut into chunks', () => {
    const body = fc.array(
      fc.constantFrom('\n', '\r\n', '\r', ' ', 'a', 'ü', '{"x":1}', 'longer than the limit', '\t'),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(
        body,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('lines', 'timed', 'single'),
        (parts, size, format) => {
          const text = parts.join('')
          const options = { maxBytes: 12, format } as const
          expect(split(text, options, size)).toEqual(split(text, options))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('cuts a line that is too long and counts what it loses', () => {
    expect(split('0123456789abc\nnext\n', { maxBytes: 10 }, 4)).toEqual([
      { number: 0, text: '0123456789', lost: 3, time: undefined },
      { number: 1, text: 'next', lost: 0, time: undefined },
    ])
  })

  it('does not count the end of a line against its length', () => {
    for (const size of [1, 3, 100])
      expect(split('0123456789\r\n0123456789', { maxBytes: 10 }, size).map(l => l.lost)).toEqual([0, 0])
  })

  it('counts a line that is blank up to the limit and not beyond', () => {
    expect(split(`${' '.repeat(20)}x\n${' '.repeat(20)}\ny`, { maxBytes: 10 }, 7)).toEqual([
      { number: 0, text: ' '.repeat(10), lost: 11, time: undefined },
      { number: 1, text: 'y', lost: 0, time: undefined },
    ])
  })

  it('holds no more of a line without end than the limit', () => {
    const splitter = createSplitter({ format: 'lines', maxBytes: 1000 }, () => {})
    const chunk = new Uint8Array(1024 * 1024).fill(97)
    const before = process.memoryUsage()
    for (let i = 0; i < 200; i++) splitter.push(chunk)
    const after = process.memoryUsage()
    expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(20 * 1024 * 1024)
  })

  it('takes a single body as one line whatever it holds', () => {
    expect(texts(split('{"a":\n1}\n', { format: 'single' }, 3))).toEqual(['{"a":\n1}\n'])
    expect(texts(split('\n', { format: 'single' }))).toEqual(['\n'])
    expect(split('', { format: 'single' })).toEqual([])
  })

  it('reads the time in front of each line of a timed body', () => {
    expect(
      split(
        '2026-01-02T03:04:05Z {"a": 1}\n- {"b":2}\n- \n2026-01-02T03:04:05.5Z x y',
        { format: 'timed', maxBytes: 8 },
        5,
      ),
    ).toEqual([
      { number: 0, text: '{"a": 1}', lost: 0, time: '2026-01-02T03:04:05Z' },
      { number: 1, text: '{"b":2}', lost: 0, time: undefined },
      { number: 2, text: '', lost: 0, time: undefined },
      { number: 3, text: 'x y', lost: 0, time: '2026-01-02T03:04:05.5Z' },
    ])
  })
})
