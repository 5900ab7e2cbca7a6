import { bodiesOf } from '../bodies.ts'
import { figureOf } from '../figures.ts'
import { withService } from '../lives.ts'
import { batchOf } from '../records.ts'
import { sizedLines } from '../sized-records.ts'
import { sustain } from '../sustain.ts'
import type { Family } from './family.ts'
import { throughput, throughputColumns, throughputLine } from './throughput.ts'

const BATCH = 1000
const MIB = 1024 ** 2
/** A million lines are more than the defaults let in. */
const LARGE = { MAX_BODY_BYTES: `${1024 * MIB}`, MAX_INFLATED_BYTES: `${4096 * MIB}` }

export const batches: Family = {
  name: 'batches',
  title: 'By records a batch: file sink, 4 connections (2 from 100,000 records on)',
  columns: throughputColumns,
  async *measure(scale) {
    const sizes = scale.quick ? [100, 1000] : [10, 100, 1000, 10_000, 100_000, 1_000_000]
    for (const size of sizes) {
      const connections = size >= 100_000 ? 2 : 4
      const row = { label: '', settings: LARGE, bodies: bodiesOf(size), recordsPerBatch: size, connections }
      yield throughputLine(size.toLocaleString('en'), await throughput(row, scale))
    }
  },
}

export const connections: Family = {
  name: 'connections',
  title: 'By connections: file sink, batches of 1,000',
  columns: throughputColumns,
  async *measure(scale) {
    for (const count of scale.quick ? [1, 16] : [1, 4, 16, 64]) {
      const row = { label: '', bodies: bodiesOf(BATCH), recordsPerBatch: BATCH, connections: count }
      yield throughputLine(`${count}`, await throughput(row, scale))
    }
  },
}

const SMALL_BATCH = 10

/** A spool that was filled while the sink took nothing, then as much more as is delivered, so that it stays as full. */
export const backlog: Family = {
  name: 'backlog',
  title: 'By batches that wait in the spool: file sink, batches of 10 records, 4 connections',
  columns: throughputColumns,
  async *measure(scale) {
    const bodies = bodiesOf(SMALL_BATCH)
    for (const waiting of scale.quick ? [0, 1000] : [0, 1000, 100_000]) {
      const row = { label: '', bodies, recordsPerBatch: SMALL_BATCH, connections: 4 }
      const sustained = await throughput({ ...row, waiting: { bodies, batches: waiting } }, scale)
      yield throughputLine(waiting.toLocaleString('en'), sustained)
    }
  },
}

const WAITING_FOR_WORKERS = 600
const WORKER_ROUND_SECONDS = 1

/** Delivering alone, from a filled spool, so that the workers do not share the cores with accepting. */
export const workers: Family = {
  name: 'workers',
  title: 'By workers: file sink, 600 batches of 1,000 wait, nothing is sent',
  columns: throughputColumns.filter(({ key }) => !['accepted', 'loadShare', 'p99Ms'].includes(key)),
  async *measure(scale) {
    const bodies = bodiesOf(BATCH)
    for (const count of [1, 2]) {
      const sustained = await withService(
        { WORKERS: `${count}` },
        service =>
          sustain(service, {
            bodies: [],
            recordsPerBatch: BATCH,
            connections: 0,
            rounds: scale.rounds,
            seconds: WORKER_ROUND_SECONDS,
            warmUpSeconds: 1,
            mostPendingLines: 0,
          }),
        { bodies, batches: WAITING_FOR_WORKERS },
      )
      yield throughputLine(`${count}`, sustained)
    }
  },
}

/** The cost of a byte that is received, whether lines are short or long. */
export const recordSize: Family = {
  name: 'record-size',
  title: 'By bytes a record: file sink, batches of 1,000, 4 connections',
  columns: [
    ...throughputColumns,
    { key: 'lineBytes', head: 'line, bytes', digits: 0 },
    { key: 'cpuPerKilobyte', head: 'CPU, µs a kB', digits: 2 },
  ],
  async *measure(scale) {
    for (const bytes of scale.quick ? [300, 3000] : [300, 1000, 3000, 10_000]) {
      const lines = sizedLines(10 * BATCH, bytes)
      const bodies = Array.from({ length: 10 }, (_, i) => batchOf(lines.slice(i * BATCH, (i + 1) * BATCH)))
      const sustained = await throughput({ label: '', bodies, recordsPerBatch: BATCH, connections: 4 }, scale)
      const lineBytes = lines.reduce((sum, line) => sum + line.length, 0) / lines.length
      const { cpuMicros } = sustained
      const perKilobyte = (micros: number) => (micros * 1000) / lineBytes
      const line = throughputLine(`${bytes / 1000} kB`, sustained)
      yield {
        ...line,
        figures: {
          ...line.figures,
          lineBytes: figureOf([lineBytes]),
          cpuPerKilobyte: {
            median: perKilobyte(cpuMicros.median),
            least: perKilobyte(cpuMicros.least),
            most: perKilobyte(cpuMicros.most),
          },
        },
      }
    }
  },
}
