import type { Piece } from '../../src/sinks/sink.ts'

export interface PieceOptions {
  readonly batch?: string
  readonly dataset?: string
  readonly first?: number
  readonly again?: boolean
  readonly declared?: string
  readonly time?: string
}

/** A piece of these events (JSON texts), as the drain makes it. */
export function pieceOf(events: readonly string[], options: PieceOptions = {}): Piece {
  const {
    batch = 'batch-1',
    dataset = 'dns_logs',
    first = 0,
    again = false,
    declared,
    time = '2026-01-01T00:00:00Z',
  } = options
  const encoded = events.map(event => Buffer.from(`${event}\n`))
  const ends = new Uint32Array(events.length)
  let end = 0
  for (const [index, bytes] of encoded.entries()) {
    end += bytes.length
    ends[index] = end
  }
  const lines = Uint32Array.from(events, (_, index) => first + index)
  const id = (line: number) => `${batch}-${line}`
  return { batch, dataset, first, bytes: Buffer.concat(encoded), ends, lines, id, again, declared, time }
}

/** The pieces of a batch: its events in groups of `size`. */
export function piecesOf(events: readonly string[], size: number, options: PieceOptions = {}): Piece[] {
  const pieces: Piece[] = []
  for (let first = 0; first < events.length; first += size) {
    pieces.push(pieceOf(events.slice(first, first + size), { ...options, first }))
  }
  return pieces
}

/** Distinct events, small or padded to about `bytes`. */
export function eventsNamed(name: string, count: number, bytes = 0): string[] {
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({ id: `${name}-${index}`, text: 'é "quoted" \u2028 \n', padding: 'x'.repeat(bytes) }),
  )
}
