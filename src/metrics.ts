import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'

/**
 * Every metric of the service; the names are a contract with dashboards and alerts. Label values come from closed sets: never from
 * what a sender wrote.
 */
export type Metrics = ReturnType<typeof createMetrics>

/** The monitor's timer runs so often; what it measures includes this. */
const DELAY_RESOLUTION_MS = 10
const ACCEPT_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120]

/**
 * One registry a service, so that tests can run several in one process.
 *
 * @param sinks their counters are there, as 0, before anything is counted: a sum over a missing series is no number
 */
export function createMetrics(sinks: readonly string[] = []) {
  const registry = new Registry()
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter<L>({ name, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge<L>({ name, help, labelNames, registers })
  const histogram = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Histogram<L>({ name, help, labelNames, registers, buckets: ACCEPT_SECONDS })

  const metrics = {
    requests: counter(
      'intake_requests_total',
      'HTTP requests by route and status; aborted: the connection closed before the answer was sent',
      'route',
      'status',
    ),
    batches: counter('intake_batches_total', 'Batches by outcome: stored, duplicate, ping, refused', 'outcome'),
    receivedLines: counter('intake_received_lines_total', 'Lines stored, by declared dataset', 'dataset'),
    receivedBytes: counter('intake_received_bytes_total', 'Bytes of stored batches: body, inflated', 'kind'),
    acceptDuration: histogram('intake_accept_duration_seconds', 'From the request to its answer, stored batches'),
    authFailures: counter(
      'intake_auth_failures_total',
      'Requests refused for who sends them: missing, unknown (key), limited (answered 429 after many of these), address',
      'reason',
    ),
    receiving: gauge(
      'intake_receiving_batches',
      'Batches whose body is being received, or waits for that (MAX_RECEIVING): receiving, waiting',
      'state',
    ),
    spoolBytes: gauge('intake_spool_bytes', 'Bytes in the spool'),
    spoolBatches: gauge('intake_spool_batches', 'Batches in the spool'),
    keptBytes: gauge('intake_spool_kept_bytes', 'Bytes of delivered batches that are kept for replay'),
    spoolOldestAge: gauge('intake_spool_oldest_age_seconds', 'Age of the oldest batch a sink has not done', 'sink'),
    spoolSetAside: counter('intake_spool_set_aside_total', 'Spool files set aside: torn, damaged or not ours'),
    events: counter('intake_events_total', 'Lines settled: delivered, filtered, dead_lettered', 'sink', 'outcome'),
    recoveredLines: counter('intake_recovered_lines_total', 'Lines found in the spool at the start', 'sink'),
    redrivenLines: counter('intake_redriven_lines_total', 'Lines taken back from the dead letters', 'sink'),
    replayedLines: counter('intake_replayed_lines_total', 'Lines of kept batches delivered again', 'sink'),
    pendingLines: gauge('intake_pending_lines', 'Lines stored and not settled', 'sink'),
    sinkAttempts: counter(
      'intake_sink_attempts_total',
      'Writes to a sink: ok, partial, retryable, permanent',
      'sink',
      'outcome',
    ),
    sinkWriteDuration: histogram('intake_sink_write_duration_seconds', 'One write to a sink', 'sink'),
    badLines: counter('intake_bad_lines_total', 'Lines that are no record, by error.code', 'reason'),
    rejectedValues: counter(
      'intake_rejected_values_total',
      'Values their field cannot hold, kept below cloudflare',
      'dataset',
      'field',
    ),
    taggedEvents: counter('intake_tagged_events_total', 'Events with a tag of the mapper', 'tag'),
    truncatedBytes: counter('intake_truncated_bytes_total', 'Bytes cut from lines over MAX_LINE_BYTES'),
    eventLoopDelay: gauge(
      'intake_event_loop_delay_seconds',
      'Event loop delay of the main thread since the last scrape',
      'quantile',
    ),
    residentMemory: gauge('process_resident_memory_bytes', 'Resident memory of the process'),
    heapUsed: gauge('process_heap_bytes', 'Heap in use on the main thread'),
    openFds: gauge('process_open_fds', 'Open file descriptors; Linux only'),
  }

  metrics.receivedLines.inc({ dataset: 'undeclared' }, 0)
  for (const state of ['receiving', 'waiting']) metrics.receiving.set({ state }, 0)
  for (const outcome of ['stored', 'duplicate', 'ping', 'refused']) metrics.batches.inc({ outcome }, 0)
  for (const sink of sinks) {
    for (const each of [metrics.recoveredLines, metrics.redrivenLines, metrics.replayedLines]) each.inc({ sink }, 0)
    for (const outcome of ['delivered', 'filtered', 'dead_lettered']) metrics.events.inc({ sink, outcome }, 0)
  }

  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  delay.enable()
  const readProcess = () => {
    const { rss, heapUsed } = process.memoryUsage()
    metrics.residentMemory.set(rss)
    metrics.heapUsed.set(heapUsed)
    metrics.openFds.set(countOpenFds())
    for (const quantile of [50, 99, 100]) {
      const seconds = delay.percentile(quantile) / 1e9 - DELAY_RESOLUTION_MS / 1e3
      metrics.eventLoopDelay.set({ quantile: `${quantile / 100}` }, Math.max(0, seconds || 0))
    }
    delay.reset()
  }

  return {
    ...metrics,
    contentType: registry.contentType,
    /** The text for a scrape. `refresh` sets the gauges that are read, not counted. */
    async render(refresh: () => void): Promise<string> {
      readProcess()
      refresh()
      return registry.metrics()
    },
    close: () => delay.disable(),
  }
}

function countOpenFds(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}
