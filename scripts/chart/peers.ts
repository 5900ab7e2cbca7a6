import { table } from '../docs/markdown.ts'
import { whole } from './numbers.ts'
import data from './peers.json' with { type: 'json' }
import type { ServiceRow } from './rows.ts'

export interface Range {
  readonly least: number
  readonly most: number
}

/** Figures of others, fixed: they are of another run than those of docs/benchmarks.json, and `source` says of which. */
export interface Peers {
  readonly source: string
  readonly p99Seconds: Range
  readonly memoryMegabytes: Range
  readonly services: readonly { readonly name: string; readonly how: string; readonly recordsPerSecond: number }[]
  /** What a program does that is no service: for the eye only. */
  readonly reference: { readonly name: string; readonly how: string; readonly recordsPerSecond: Range }
}

export const peers: Peers = data

/** Markdown: what others do, and how many times the fastest of them this service delivers in the run, where the run has that row. */
export function peersText({ source, services, reference, ...all }: Peers, ours: ServiceRow | undefined): string {
  const { p99Seconds, memoryMegabytes } = all
  const rows = services.map(({ name, how, recordsPerSecond }) => [name, how, whole(recordsPerSecond)])
  const { least, most } = reference.recordsPerSecond
  const fastest = Math.max(...services.map(({ recordsPerSecond }) => recordsPerSecond))
  const times = ours === undefined ? '' : (ours.delivered.median / fastest).toFixed(1)
  return [
    source,
    table(['', 'how', 'records/s'], [...rows, [reference.name, reference.how, `${whole(least)}–${whole(most)}`]]),
    `The services took ${p99Seconds.least}–${p99Seconds.most} s for the slowest hundredth of requests, and ${memoryMegabytes.least}–${memoryMegabytes.most} MB.`,
    ours === undefined
      ? ''
      : `In the run of this page this service delivers ${whole(ours.delivered.median)} records/s, with fsync: ${times} times the fastest of these services.`,
  ]
    .filter(block => block !== '')
    .join('\n\n')
}
