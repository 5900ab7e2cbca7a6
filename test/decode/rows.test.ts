import { describe, expect, it } from 'vitest'
import type { RawLine } from '../../src/decode/lines.ts'
import { createRowSplitter } from '../../src/decode/rows.ts'

const ID = '01234567-89ab-8def-8123-456789abcdef'

function split(rows: readonly (object | string)[], maxBytes = 100, chunkBytes = 7) {
  const lines: (Omit<RawLine, 'bytes'> & { text: string })[] = []
  const splitter = createRowSplitter(maxBytes, ({ bytes, ...line }) => {
    lines.push({ ...line, text: bytes.toString('latin1') })
  })
  const body = Buffer.from(rows.map(row => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join(''))
  for (let at = 0; at < body.length; at += chunkBytes) splitter.push(body.subarray(at, at + chunkBytes))
  splitter.end()
  return lines
}

describe('the rows of dead letters', () => {
  it('are the lines that they were, each with its time and its id', () => {
    expect(split([{ id: ID, received: '2026-01-01T00:00:00.5Z', original: '{"a":"\n"}' }, { original: 'x' }])).toEqual([
      { number: 0, text: '{"a":"\n"}', lost: 0, time: '2026-01-01T00:00:00.5Z', id: ID },
      { number: 1, text: 'x', lost: 0, time: undefined, id: undefined },
    ])
  })

  it('give back bytes that are no UTF-8', () => {
    const original_base64 = Buffer.from([0x22, 0xff, 0x0a, 0x22]).toString('base64')
    expect(split([{ original_base64 }])[0]!.text).toBe('"\xff\n"')
  })

  it('know what was cut, and cut at a limit that is lower now', () => {
    expect(split([{ original: 'abcdef', lost_bytes: 5 }])[0]).toMatchObject({ text: 'abcdef', lost: 5 })
    expect(split([{ original: 'abcdef', lost_bytes: 5 }], 4)[0]).toMatchObject({ text: 'abcd', lost: 7 })
  })

  it('hold originals at the limit, whatever JSON makes of them', () => {
    const original = '\u0000'.repeat(100)
    expect(split([{ detail: 'x'.repeat(4000), original }])[0]).toMatchObject({ text: original, lost: 0 })
  })

  it('come as they are where they hold no original', () => {
    const odd = ['nonsense', '[]', 'null', '{"original":5}', { lines: 3, reason: 'damaged' }]
    expect(split(odd).map(line => line.text)).toEqual(
      odd.map(row => (typeof row === 'string' ? row : JSON.stringify(row))),
    )
  })

  it('do not pass on a time or an id that is none', () => {
    for (const row of [{ id: 'x', received: 'yesterday' }, { id: 5, received: 6 }, { id: `${ID}\n` }])
      expect(split([{ original: 'a', ...row }])[0]).toMatchObject({ time: undefined, id: undefined })
  })
})
