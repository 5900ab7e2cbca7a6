import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEncoder, type EncodeSettings } from '../../src/delivery/encode.ts'
import type { EncodedPiece } from '../../src/delivery/piece-builder.ts'
import { pickEvents, pieceOf, slicePiece } from '../../src/delivery/pieces.ts'
import { InflateError } from '../../src/lib/inflate.ts'
import { BATCH, body, eventsOf } from './harness.ts'
import { oddMapper } from './odd-mapper.ts'

async function encode(stored: Buffer, settings: Partial<EncodeSettings> = {}, gzip = false, chunkBytes = 1 << 20) {
  const pieces: EncodedPiece[] = []
  const encoder = createEncoder({
    mapper: oddMapper,
    settings: {
      maxLineBytes: 1000,
      dropFields: [],
      dropDatasets: [],
      documents: { profile: 'ecs', namespace: 'default' },
      ...settings,
    },
    context: { dataset: undefined, time: '2026-01-01T00:00:00Z', id: String },
    format: 'lines',
    gzip,
    form: 'event',
    onPiece: piece => void pieces.push(piece),
  })
  for (let i = 0; i < stored.length; i += chunkBytes) await encoder.push(stored.subarray(i, i + chunkBytes))
  const statistics = await encoder.end()
  return { pieces, statistics }
}

const shown = (pieces: readonly EncodedPiece[]) =>
  pieces.map(piece => ({
    dataset: piece.dataset,
    first: piece.first,
    lines: [...piece.lines],
    events: eventsOf(pieceOf(piece, BATCH, String)),
  }))

describe('encoding a batch', () => {
  it('makes a piece for each dataset, with the events in the order of their lines', async () => {
    const { pieces } = await encode(
      body({ dataset: 'a' }, '', { dataset: 'b', text: 'é€😀' }, { dataset: 'a' }, 'test'),
    )
    expect(shown(pieces)).toEqual([
      { dataset: 'a', first: 0, lines: [0, 2], events: [{ n: 0 }, { n: 2 }] },
      { dataset: 'b', first: 0, lines: [1], events: [{ n: 1, text: 'é€😀' }] },
      { dataset: 'unknown', first: 0, lines: [3], events: [{ n: 3, code: 'not_json' }] },
    ])
    expect(Buffer.from(pieces[0]!.bytes).toString()).toBe('{"n":0}\n{"n":2}\n')
  })

  it('gives a piece out at its size, and goes on counting', async () => {
    const { pieces } = await encode(body(...Array(10).fill({ dataset: 'a', grow: 90 })), { pieceBytes: 250 })
    expect(pieces.map(piece => [piece.first, piece.ends.length])).toEqual([
      [0, 3],
      [3, 3],
      [6, 3],
      [9, 1],
    ])
  })

  it('gives all pieces out when they are large together', async () => {
    const { pieces } = await encode(
      body({ dataset: 'a', grow: 90 }, { dataset: 'b', grow: 90 }, { dataset: 'c', grow: 90 }, { dataset: 'd' }),
      { heldBytes: 200 },
    )
    expect(pieces.map(piece => piece.dataset)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('makes the same pieces however the stored bytes are cut, and whether they are gzip', async () => {
    const records = Array.from({ length: 60 }, (_, i) => ({
      dataset: `d${i % 3}`,
      grow: i * 7,
      text: i % 5 === 0 ? 'é' : undefined,
    }))
    const whole = await encode(body(...records), { pieceBytes: 2000, heldBytes: 5000 })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5000 }), fc.boolean(), async (size, gzip) => {
        const stored = gzip ? gzipSync(body(...records)) : body(...records)
        const cut = await encode(stored, { pieceBytes: 2000, heldBytes: 5000 }, gzip, size)
        expect(shown(cut.pieces)).toEqual(shown(whole.pieces))
      }),
      { numRuns: 30 },
    )
  })

  it('counts what the lines were', async () => {
    const { statistics } = await encode(
      body(
        { dataset: 'a', tag: 'logpush.bad_value', reject: 'ClientIP' },
        { dataset: 'b', tag: 'other' },
        'x',
        '[]',
        'y'.repeat(1010),
        ' ',
      ),
      { dropDatasets: ['b'] },
    )
    expect(statistics).toEqual({
      lines: 5,
      filtered: 1,
      datasets: new Map([
        ['a', 1],
        ['b', 1],
        ['unknown', 3],
      ]),
      badLines: new Map([
        ['not_json', 1],
        ['not_object', 1],
        ['too_long', 1],
      ]),
      rejectedValues: new Map([['a', new Map([['ClientIP', 1]])]]),
      tags: new Map([['logpush.bad_value', 1]]),
      truncatedBytes: 10,
    })
  })

  it('does not encode datasets that are dropped', async () => {
    const { pieces, statistics } = await encode(body({ dataset: 'a' }, { dataset: 'b' }, { dataset: 'a' }), {
      dropDatasets: ['a'],
    })
    expect(shown(pieces)).toEqual([{ dataset: 'b', first: 0, lines: [1], events: [{ n: 1 }] }])
    expect(statistics.filtered).toBe(2)
  })

  it('goes no further than a piece that nobody takes', async () => {
    let taken = 0
    let release = () => {}
    const encoder = createEncoder({
      mapper: oddMapper,
      settings: {
        maxLineBytes: 1000,
        dropFields: [],
        dropDatasets: [],
        documents: { profile: 'ecs', namespace: 'default' },
        pieceBytes: 100,
      },
      context: { dataset: undefined, time: '', id: String },
      format: 'lines',
      gzip: false,
      form: 'event',
      onPiece: () => {
        taken++
        return new Promise<void>(resolve => (release = resolve))
      },
    })
    const pushed = encoder.push(body(...Array(100).fill({ grow: 100 })))
    await new Promise(resolve => setTimeout(resolve, 5))
    expect(taken).toBe(1)
    let over = false
    void pushed.then(() => (over = true))
    while (!over) {
      release()
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(taken).toBe(100)
  })

  it('rejects where gzip is damaged', async () => {
    const stored = gzipSync(body(...Array(100).fill({ grow: 5 })))
    stored[stored.length - 6]! ^= 1
    await expect(encode(stored, {}, true)).rejects.toThrow(InflateError)
    await expect(encode(stored.subarray(0, 30), {}, true)).rejects.toThrow(InflateError)
  })
})

describe('parts of a piece', () => {
  const whole = async () =>
    pieceOf(
      (await encode(body({ text: 'a' }, { text: 'bb' }, { text: 'ccc' }, { text: 'dddd' }))).pieces[0]!,
      BATCH,
      String,
    )

  it('are slices', async () => {
    const part = slicePiece(await whole(), 1, 3)
    expect([part.first, [...part.lines], eventsOf(part)]).toEqual([
      1,
      [1, 2],
      [
        { n: 1, text: 'bb' },
        { n: 2, text: 'ccc' },
      ],
    ])
    const [left, right] = [slicePiece(part, 0, 1), slicePiece(part, 1, 2)]
    expect([eventsOf(left), right.first, eventsOf(right)]).toEqual([[{ n: 1, text: 'bb' }], 2, [{ n: 2, text: 'ccc' }]])
  })

  it('are events picked by index', async () => {
    const part = pickEvents(await whole(), [0, 2, 3])
    expect([[...part.lines], eventsOf(part)]).toEqual([
      [0, 2, 3],
      [
        { n: 0, text: 'a' },
        { n: 2, text: 'ccc' },
        { n: 3, text: 'dddd' },
      ],
    ])
    expect(Buffer.from(part.bytes).toString()).toBe('{"n":0,"text":"a"}\n{"n":2,"text":"ccc"}\n{"n":3,"text":"dddd"}\n')
  })
})
