import { afterEach, describe, expect, it } from 'vitest'
import { createLedger } from '../../src/delivery/ledger.ts'
import { createMetrics } from '../../src/metrics.ts'
import { claimOf } from './harness.ts'

describe('the ledger', () => {
  const metrics = createMetrics()
  afterEach(() => metrics.close())
  const batch = (lines: number, dataset?: string) => ({ ...claimOf(Buffer.from('{}')).batch, lines, dataset })

  it('books each line at every sink that waits for it, and once as received', async () => {
    const ledger = createLedger(metrics, ['a', 'b'])
    ledger.recovered({ setAside: 0, batches: [{ batch: batch(5), sinks: ['b'] }] })
    ledger.stored(batch(10, 'dns_logs'))
    ledger.stored(batch(1))
    ledger.settle('a', 'delivered', 4)
    ledger.settle('b', 'dead_lettered', 16)
    expect([ledger.pending('a'), ledger.pending('b')]).toEqual([7, 0])
    const text = await metrics.render(() => {})
    for (const row of [
      'intake_received_lines_total{dataset="dns_logs"} 10',
      'intake_received_lines_total{dataset="undeclared"} 1',
      'intake_recovered_lines_total{sink="b"} 5',
      'intake_events_total{sink="a",outcome="delivered"} 4',
      'intake_events_total{sink="b",outcome="dead_lettered"} 16',
      'intake_pending_lines{sink="a"} 7',
      'intake_pending_lines{sink="b"} 0',
    ]) {
      expect(text).toContain(`${row}\n`)
    }
  })
})
