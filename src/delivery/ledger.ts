import type { Metrics } from '../metrics.ts'
import type { Batch, Recovered } from '../spool/spool.ts'
import type { BatchStatistics } from './statistics.ts'

export type Outcome = 'delivered' | 'filtered' | 'dead_lettered'

/**
 * The books of the promise: at every instant, per sink, received + recovered + redriven + replayed = delivered + filtered + dead_lettered + pending. Each
 * call changes both sides in one step.
 */
export interface Ledger {
  /** A batch became durable: its lines are received, and pending at every sink; or redriven or replayed, and pending at one. */
  stored(batch: Batch): void
  /** What an earlier run left. Called once, after the spool was opened. */
  recovered(recovered: Recovered): void
  settle(sink: string, outcome: Outcome, lines: number): void
  pending(sink: string): number
}

export function createLedger(metrics: Metrics, sinks: readonly string[]): Ledger {
  const pending = new Map(sinks.map(sink => [sink, 0]))

  const change = (sink: string, lines: number) => {
    const now = (pending.get(sink) ?? 0) + lines
    pending.set(sink, now)
    metrics.pendingLines.set({ sink }, now)
  }
  for (const sink of sinks) change(sink, 0)

  return {
    stored(batch) {
      if (batch.again !== undefined) {
        const { kind, sink } = batch.again
        const again = kind === 'redrive' ? metrics.redrivenLines : metrics.replayedLines
        again.inc({ sink }, batch.lines)
        return change(sink, batch.lines)
      }
      metrics.receivedLines.inc({ dataset: batch.dataset ?? 'undeclared' }, batch.lines)
      for (const sink of sinks) change(sink, batch.lines)
    },
    recovered({ batches }) {
      for (const { batch, sinks: owing } of batches) {
        for (const sink of owing) {
          metrics.recoveredLines.inc({ sink }, batch.lines)
          change(sink, batch.lines)
        }
      }
    },
    settle(sink, outcome, lines) {
      if (lines === 0) return
      metrics.events.inc({ sink, outcome }, lines)
      change(sink, -lines)
    },
    pending: sink => pending.get(sink) ?? 0,
  }
}

/** Counts what the lines of a batch were. Once a batch, whatever the number of sinks. */
export function reportStatistics(metrics: Metrics, statistics: BatchStatistics): void {
  for (const [reason, count] of statistics.badLines) metrics.badLines.inc({ reason }, count)
  for (const [tag, count] of statistics.tags) metrics.taggedEvents.inc({ tag }, count)
  for (const [dataset, fields] of statistics.rejectedValues) {
    for (const [field, count] of fields) metrics.rejectedValues.inc({ dataset, field }, count)
  }
  metrics.truncatedBytes.inc(statistics.truncatedBytes)
}
