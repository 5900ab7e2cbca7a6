import type { Piece } from '../../src/sinks/sink.ts'
import type { Batch, Seal } from '../../src/spool/spool.ts'
import { pieceOf } from '../helpers/pieces.ts'

/** What is sent: each content is a number, from which its bytes, its batch id and its events follow. */
const bodies = new Map<number, Buffer>()

export const bodyOf = (content: number): Buffer => {
  const known = bodies.get(content)
  if (known !== undefined) return known
  const lines = Array.from({ length: 1 + (content % 7) }, (_, index) =>
    JSON.stringify({ content, index, padding: 'x'.repeat((content * 37 + index * 11) % 400) }),
  )
  const body = Buffer.from(`${lines.join('\n')}\n`)
  bodies.set(content, body)
  return body
}

export const sealOf = (content: number): Seal => {
  const batchId = new Uint8Array(32)
  new DataView(batchId.buffer).setUint32(0, content)
  const facts = { dataset: undefined, format: 'lines', gzip: false, time: '2026-11-05T10:20:30Z' } as const
  return { ...facts, batchId, lines: 1 + (content % 7), deduplicate: true }
}

export function contentOf({ batchId, bytes }: Pick<Batch, 'batchId' | 'bytes'>): number {
  const content = new DataView(batchId.buffer, batchId.byteOffset).getUint32(0)
  if (bodyOf(content).length !== bytes) throw new Error(`a batch of content ${content} has ${bytes} bytes`)
  return content
}

export const piecesOfBatch = ({ name, lines }: Batch): Piece[] => {
  const counts = new Map<string, number>()
  return Array.from({ length: lines }, (_, index) => index).flatMap(index => {
    const dataset = index % 3 === 2 ? 'b' : 'a'
    const first = counts.get(dataset) ?? 0
    counts.set(dataset, first + 1)
    const event = JSON.stringify({ name, index: first, padding: 'y'.repeat((Number(name) * 7 + index * 13) % 300) })
    return [pieceOf([event], { batch: name, dataset, first })]
  })
}
