import { bodiesOf } from '../bodies.ts'
import { diskSpeed } from '../disk.ts'
import { type Figure, figureOf } from '../figures.ts'
import { eventBytesOf } from '../yardstick.ts'
import type { Family } from './family.ts'
import { type Throughput, throughput, throughputColumns, throughputLine } from './throughput.ts'

const BATCH = 1000
const DISK_MEGABYTES = 512
const SLIM = { KEEP_ORIGINAL: 'false' }

/** The whole service with the file sink, and the disk that it writes to. */
export const service: Family = {
  name: 'service',
  title:
    'The whole service, batches of 1,000 http_requests, fsync before each 200, file sink; load generator on the same cores',
  columns: [
    ...throughputColumns,
    { key: 'p50Ms', head: 'p50, ms', digits: 0 },
    { key: 'megabytes', head: 'written, MB/s', digits: 0 },
    { key: 'diskShare', head: 'of the disk', digits: 2 },
  ],
  async *measure(scale) {
    const bodies = bodiesOf(BATCH)
    const base: Omit<Throughput, 'label'> = { bodies, recordsPerBatch: BATCH, connections: 4 }
    const eventBytes = await eventBytesOf(bodies[0]!, {})
    const disk = await diskOf(scale.quick ? 2 : scale.rounds)
    yield { label: 'the disk alone', figures: { megabytes: disk } }

    yield throughputLine('sink held', await throughput({ ...base, label: '', isHeld: true }, scale))
    const events = await throughput({ ...base, label: '' }, scale)
    yield withDisk('file sink', events, eventBytes)
    const half = { ...base, label: '', batchesPerSecond: events.delivered.median / 2 / BATCH }
    yield withDisk('file sink, half of that load', await throughput(half, scale), eventBytes)
    yield withDisk('one connection', await throughput({ ...base, label: '', connections: 1 }, scale), eventBytes)
    const slim = await throughput({ ...base, label: '', settings: SLIM }, scale)
    yield withDisk('KEEP_ORIGINAL=false', slim, await eventBytesOf(bodies[0]!, SLIM))

    function withDisk(label: string, sustained: Awaited<ReturnType<typeof throughput>>, bytes: number) {
      const line = throughputLine(label, sustained)
      const megabytes = scaled(sustained.delivered, bytes / 1e6)
      return { ...line, figures: { ...line.figures, megabytes, diskShare: scaled(megabytes, 1 / disk.median) } }
    }
  },
}

async function diskOf(rounds: number): Promise<Figure> {
  const speeds: number[] = []
  for (let round = 0; round < rounds; round++) speeds.push(await diskSpeed(DISK_MEGABYTES))
  return figureOf(speeds)
}

const scaled = ({ median, least, most }: Figure, by: number): Figure => ({
  median: median * by,
  least: least * by,
  most: most * by,
})
