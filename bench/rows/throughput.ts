import { figureOf } from '../figures.ts'
import { type Settings, type Waiting, withService } from '../lives.ts'
import { type Sustained, type Sustaining, sustain } from '../sustain.ts'
import type { Column, Line, Scale } from './family.ts'

/** So much may wait: enough that delivering never starves. */
const PENDING_LINES = 30_000

export const throughputColumns: readonly Column[] = [
  { key: 'accepted', head: 'accepted/s', digits: 0 },
  { key: 'delivered', head: 'delivered/s', digits: 0 },
  { key: 'cpuMicros', head: 'CPU, µs a record', digits: 1 },
  { key: 'loadShare', head: 'load generator, cores', digits: 2 },
  { key: 'p99Ms', head: 'p99, ms', digits: 0 },
  { key: 'peakMiB', head: 'peak, MiB', digits: 0 },
]

export interface Throughput {
  readonly label: string
  readonly settings?: Settings
  readonly bodies: readonly Uint8Array[]
  readonly recordsPerBatch: number
  readonly connections: number
  readonly waiting?: Waiting
  /** The sink takes nothing. */
  readonly isHeld?: boolean
  readonly batchesPerSecond?: number
}

/** The whole service under one load, in a life of its own. */
export async function throughput(row: Throughput, scale: Scale): Promise<Sustained> {
  const { bodies, recordsPerBatch, connections, waiting, batchesPerSecond } = row
  const waitingLines = (waiting?.batches ?? 0) * recordsPerBatch
  const options: Sustaining = {
    bodies,
    recordsPerBatch,
    connections,
    rounds: scale.rounds,
    seconds: scale.seconds,
    warmUpSeconds: scale.warmUpSeconds,
    mostPendingLines: row.isHeld
      ? Number.POSITIVE_INFINITY
      : waitingLines + Math.max(PENDING_LINES, 2 * connections * recordsPerBatch),
    ...(batchesPerSecond !== undefined && { batchesPerSecond }),
  }
  const settings = { ...(row.isHeld && { SINKS: 'stdout' }), ...row.settings }
  return withService(settings, service => sustain(service, options), waiting)
}

export function throughputLine(label: string, sustained: Sustained): Line {
  const { accepted, delivered, cpuMicros, loadShare, p50Ms, p99Ms, peakMiB, refused } = sustained
  const figures = { accepted, delivered, cpuMicros, loadShare, p50Ms, p99Ms, peakMiB: figureOf([peakMiB]) }
  return { label: refused > 0 ? `${label} (${refused} batches refused)` : label, figures }
}
