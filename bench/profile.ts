/**
 * `npm run bench:profile [-- --seconds 10] [--batch 1000] [--connections 4] [--dir FOLDER] [--env NAME=VALUE]…`: the service at full load, and
 * what share of the time each step takes: in the main thread and the workers by V8's sampling profiler, in the thread pool by
 * Node's trace events, and CPU time of every thread by the kernel's count. With --dir the profiles stay there, for the developer tools of a browser.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { watchBacklog } from './backlog.ts'
import { bodiesOf } from './bodies.ts'
import { post } from './load.ts'
import { type CpuProfile, type Span, timesOf } from './profile/cpu-profile.ts'
import { cpuTable, fileTable, functionTable, recordTable, stepTable } from './profile/tables.ts'
import { cpuBetween, threadCpu } from './profile/threads.ts'
import { poolTimesOf, type TraceEvent } from './profile/trace.ts'
import { SHORT_LIVED_FILES, startService } from './service.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    batch: { type: 'string', default: '1000' },
    connections: { type: 'string', default: '4' },
    dir: { type: 'string' },
    env: { type: 'string', multiple: true, default: [] },
  },
})
const seconds = Number(values.seconds)
const batch = Number(values.batch)
const connections = Number(values.connections)
const WARM_UP_SECONDS = 3
const BACKLOG_LINES = 50_000
const CATEGORIES = 'node.fs.async,node.threadpoolwork.sync'

const monotonicMicros = () => Number(process.hrtime.bigint() / 1000n)

const dir = values.dir ?? mkdtempSync(join(tmpdir(), 'profile-'))
const bodies = bodiesOf(batch)
const service = await startService({
  DUPLICATE_WINDOW_SECONDS: '0',
  SPOOL_MIN_FREE_BYTES: '0',
  ...SHORT_LIVED_FILES,
  ...Object.fromEntries(values.env.map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])),
  NODE_OPTIONS: `--cpu-prof --cpu-prof-interval=500 --cpu-prof-dir=${dir} --trace-event-categories=${CATEGORIES} --trace-event-file-pattern=${join(dir, 'trace-$')}{rotation}.json`,
})
const delivered = () => service.metric('intake_events_total', { outcome: 'delivered' })
const backlog = watchBacklog(service, BACKLOG_LINES)
let accepted = 0
const abort = new AbortController()
const sending = post({
  url: service.url,
  key: service.key,
  bodies,
  batches: Number.MAX_SAFE_INTEGER,
  connections,
  signal: abort.signal,
  isHeld: backlog.isTooLong,
  onAnswer(_ms, status) {
    if (status === 200) accepted += batch
  },
})
const look = async () => ({
  records: await delivered(),
  accepted,
  cpu: threadCpu(service.pid),
  micros: monotonicMicros(),
})
await sleep(WARM_UP_SECONDS * 1000)
const before = await look()
await sleep(seconds * 1000)
const after = await look()
abort.abort()
await sending
backlog.stop()
await service.stop()

const span: Span = { fromMicros: before.micros, toMicros: after.micros }
const records = after.records - before.records
const wallMicros = span.toMicros - span.fromMicros
const files = readdirSync(dir)
// CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile; thread 0 is the main one.
const threads = files
  .filter(file => file.endsWith('.cpuprofile'))
  .map(file => ({
    id: Number(file.split('.')[4]),
    times: timesOf(JSON.parse(readFileSync(join(dir, file), 'utf8')) as CpuProfile, span),
  }))
  .filter(thread => thread.times.micros > 0)
  .toSorted((a, b) => a.id - b.id)
  .map(({ id, times }) => ({ name: id === 0 ? 'main' : `worker ${id}`, times }))
const traces = files.filter(file => file.startsWith('trace-'))
const events = traces.flatMap(
  file => (JSON.parse(readFileSync(join(dir, file), 'utf8')) as { traceEvents: TraceEvent[] }).traceEvents,
)
const perSecond = (count: number) => Math.round(count / (wallMicros / 1e6)).toLocaleString('en')

console.log(
  `${perSecond(records)} records/s delivered and ${perSecond(after.accepted - before.accepted)} accepted while profiled (which costs some), ${connections} connections, ${batch} records a batch, ${(wallMicros / 1e6).toFixed(1)} s\n`,
)
const cpu = cpuBetween(before.cpu, after.cpu)
const pool = poolTimesOf(events, span)
console.log(recordTable(threads, cpu, pool, records))
console.log(stepTable(threads))
console.log(cpuTable(cpu, wallMicros))
console.log(fileTable(pool, records, wallMicros))
for (const thread of threads) console.log(functionTable(thread, 25))
if (values.dir === undefined) rmSync(dir, { recursive: true })
