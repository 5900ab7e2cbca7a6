/**
 * `npm run bench [-- --json] [-- --quick]`: in one run, the mapper against the yardstick on one thread, and the whole service over loopback.
 * Figures of different runs or machines are not comparable; the ratio to the yardstick is.
 */
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { post } from './load.ts'
import { batchOf, httpRequestLines } from './records.ts'
import { type Service, startService } from './service.ts'
import { compareWithYardstick } from './yardstick.ts'

const { values: options } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } })
const say = (line: string) => (options.json ? process.stderr : process.stdout).write(`${line}\n`)

const SIZES = options.quick ? [100, 1_000] : [100, 1_000, 10_000, 100_000]
/** Records a size; bounds time and disk (an event is some 8 kB). */
const RECORDS = options.quick ? 20_000 : 200_000
const CONNECTIONS = 4

interface ServiceRow {
  readonly recordsPerBatch: number
  readonly acceptedPerSecond: number
  readonly acceptedHeldPerSecond: number
  readonly deliveredPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly peakMiB: number
  readonly refused: number
}

say(`${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}\n`)

const yardstick = await compareWithYardstick(options.quick ? 3 : 7)
say('one thread, 1,000 http_requests of about 2.8 kB a batch, medians')
say(
  `  yardstick (gunzip, JSON.parse, JSON.stringify of the finished event)  ${yardstick.yardstickMicros.toFixed(1)} µs a record`,
)
say(
  `  ours (inflate, decode, map, encode)                                   ${yardstick.oursMicros.toFixed(1)} µs a record`,
)
say(
  `  ours with an agent never seen in every record                         ${yardstick.randomAgentsMicros.toFixed(1)} µs a record`,
)
say(
  `  ratio ${yardstick.ratio.toFixed(2)}; an event is ${yardstick.eventBytes} bytes, ${(yardstick.eventBytes / yardstick.lineBytes).toFixed(1)} times its line\n`,
)

say(`the whole service, ${CONNECTIONS} connections, fsync before each 200, file sink; load generator on the same cores`)
say('  batch     accepted/s   accepted/s   delivered/s   p50 ms   p99 ms   peak MiB')
say('  records   (file sink)  (sink held)  (file sink)')
const rows: ServiceRow[] = []
for (const size of SIZES) {
  const row = await measure(size)
  rows.push(row)
  const cell = (value: number, width: number, digits = 0) => value.toFixed(digits).padStart(width)
  say(
    `  ${cell(size, 7)}   ${cell(row.acceptedPerSecond, 10)}   ${cell(row.acceptedHeldPerSecond, 10)}   ${cell(row.deliveredPerSecond, 11)}   ${cell(row.p50Ms, 6, 1)}   ${cell(row.p99Ms, 6, 1)}   ${cell(row.peakMiB, 8)}`,
  )
  if (row.refused > 0) say(`          ${row.refused} batches were refused: the figures of this row are not good`)
}
if (options.json)
  process.stdout.write(
    `${JSON.stringify({ node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, yardstick, service: rows }, null, 2)}\n`,
  )

async function measure(size: number): Promise<ServiceRow> {
  const distinct = Math.min(Math.ceil(RECORDS / size), Math.max(1, Math.ceil(10_000 / size)))
  const bodies = Array.from({ length: distinct }, (_, i) => batchOf(httpRequestLines(size, { seed: i + 1 })))
  const batches = Math.max(CONNECTIONS, Math.ceil(RECORDS / size))

  const held = await withService({ SINKS: 'stdout', SHUTDOWN_SECONDS: '1' }, async service => {
    await post({ url: service.url, key: service.key, bodies, batches: CONNECTIONS, connections: CONNECTIONS })
    const result = await post({ url: service.url, key: service.key, bodies, batches, connections: CONNECTIONS })
    return (batches * size) / result.seconds
  })
  return withService({ SINKS: 'file' }, async service => {
    await post({ url: service.url, key: service.key, bodies, batches: CONNECTIONS, connections: CONNECTIONS })
    await delivered(service, CONNECTIONS * size)
    const began = performance.now()
    const result = await post({ url: service.url, key: service.key, bodies, batches, connections: CONNECTIONS })
    await delivered(service, (CONNECTIONS + batches) * size)
    return {
      recordsPerBatch: size,
      acceptedPerSecond: (batches * size) / result.seconds,
      acceptedHeldPerSecond: held,
      deliveredPerSecond: (batches * size) / ((performance.now() - began) / 1000),
      p50Ms: result.p50Ms,
      p99Ms: result.p99Ms,
      peakMiB: service.peakMiB(),
      refused: result.refused,
    }
  })
}

async function withService<T>(
  env: Readonly<Record<string, string>>,
  use: (service: Service) => Promise<T>,
): Promise<T> {
  const service = await startService({ DUPLICATE_WINDOW_SECONDS: '0', SPOOL_MIN_FREE_BYTES: '0', ...env })
  try {
    return await use(service)
  } finally {
    await service.stop()
  }
}

async function delivered(service: Service, lines: number): Promise<void> {
  const deadline = Date.now() + 300_000
  while ((await service.metric('intake_events_total', { outcome: 'delivered' })) < lines) {
    if (Date.now() > deadline) throw new Error('The sink did not get all events within 300 s.')
    await sleep(50)
  }
}
