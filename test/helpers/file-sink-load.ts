import type { Piece } from '../../src/sinks/sink.ts'
import { piecesOf } from './pieces.ts'

export const DATASETS = ['dns_logs', 'firewall_events', 'http_requests'] as const
const PIECE_EVENTS = 20

/** The events of a batch, the same whenever it is asked for; of various sizes, some batches of several MiB. */
export function eventsOfBatch(batch: number, dataset: string): string[] {
  const seed = (batch * 7919 + dataset.length * 104_729) % 1009
  const large = seed % 37 === 0
  return Array.from({ length: large ? 60 : seed % 70 }, (_, index) =>
    JSON.stringify({ batch, dataset, index, padding: 'p'.repeat(large ? 30_000 : (seed * (index + 3)) % 900) }),
  )
}

/** The pieces of a batch in the order in which a drain writes them: its datasets take turns. */
export function piecesOfBatch(batch: number): Piece[] {
  const ofDatasets = DATASETS.map(dataset =>
    piecesOf(eventsOfBatch(batch, dataset), PIECE_EVENTS, { batch: `batch-${batch}`, dataset }),
  )
  const most = Math.max(...ofDatasets.map(pieces => pieces.length))
  return Array.from({ length: most }, (_, turn) => ofDatasets.flatMap(pieces => pieces[turn] ?? [])).flat()
}
