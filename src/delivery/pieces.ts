import type { Piece } from '../sinks/sink.ts'
import type { Batch } from '../spool/spool.ts'
import type { EncodedPiece } from './piece-builder.ts'

export type PieceBatch = Pick<Batch, 'name' | 'again' | 'dataset' | 'time'>

/** @param id what follows from the batch's id; events of dead letters bring their own */
export function pieceOf({ ids, ...encoded }: EncodedPiece, batch: PieceBatch, id: (line: number) => string): Piece {
  const own = ids && new Map(ids.map((each, index) => [encoded.lines[index]!, each]))
  return {
    ...encoded,
    batch: batch.name,
    id: own === undefined ? id : line => own.get(line) ?? id(line),
    again: batch.again !== undefined,
    declared: batch.dataset,
    time: batch.time,
  }
}

/** The events from index `from` up to, not including, `to`; shares the bytes. */
export function slicePiece(piece: Piece, from: number, to: number): Piece {
  if (from === 0 && to === piece.ends.length) return piece
  const begin = from === 0 ? 0 : piece.ends[from - 1]!
  return {
    ...piece,
    first: piece.first + from,
    bytes: piece.bytes.subarray(begin, piece.ends[to - 1]!),
    ends: piece.ends.slice(from, to).map(end => end - begin),
    lines: piece.lines.slice(from, to),
  }
}

/** Some events, in their order, with bytes of their own. `first` is that of the first of them. */
export function pickEvents(piece: Piece, indexes: readonly number[]): Piece {
  const events = indexes.map(index =>
    piece.bytes.subarray(index === 0 ? 0 : piece.ends[index - 1]!, piece.ends[index]!),
  )
  let end = 0
  const ends = Uint32Array.from(events, event => {
    end += event.length
    return end
  })
  return {
    ...piece,
    first: piece.first + (indexes[0] ?? 0),
    bytes: Buffer.concat(events),
    ends,
    lines: Uint32Array.from(indexes, index => piece.lines[index]!),
  }
}
