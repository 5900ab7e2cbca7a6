/** `node bench/large-batch.ts [--lines 1000000]`: one batch of a million lines (1 GB inflated) while small ones are posted; memory and answers. */
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createGzip } from 'node:zlib'
import { request } from 'undici'
import { post } from './load.ts'
import { batchOf, httpRequestLines } from './records.ts'
import { startService } from './service.ts'

const { values } = parseArgs({ options: { lines: { type: 'string', default: '1000000' } } })
const count = Number(values.lines)
/** So that a million lines are 1 GB. */
const LINE_BYTES = 1000
const KEEP = [
  'AISecurityInjectionScore',
  'BotScore',
  'CacheCacheStatus',
  'ClientASN',
  'ClientCountry',
  'ClientIP',
  'ClientRequestHost',
  'ClientRequestMethod',
  'ClientRequestPath',
  'ClientRequestURI',
  'ClientRequestUserAgent',
  'ClientSSLProtocol',
  'EdgeColoCode',
  'EdgeEndTimestamp',
  'EdgeResponseBytes',
  'EdgeResponseStatus',
  'EdgeStartTimestamp',
  'JA3Hash',
  'OriginIP',
  'RayID',
  'ZoneName',
]

const dir = await mkdtemp(join(tmpdir(), 'large-batch-'))
const file = join(dir, 'batch.ndjson.gz')
await pipeline(Readable.from(chunks()), createGzip({ level: 6 }), createWriteStream(file))
const { size } = await stat(file)
process.stdout.write(
  `${count} lines, ${((count * LINE_BYTES) / 1e6).toFixed(0)} MB, ${(size / 1e6).toFixed(0)} MB gzip\n`,
)

const service = await startService({ DUPLICATE_WINDOW_SECONDS: '0' })
const small = Array.from({ length: 4 }, (_, i) => batchOf(httpRequestLines(100, { seed: i + 1 })))
const began = performance.now()
let seconds = 0
const large = request(`${service.url}/plain/batch`, {
  method: 'POST',
  headers: { 'x-sekoiaio-intake-key': service.key, 'content-encoding': 'gzip', 'content-length': `${size}` },
  body: createReadStream(file),
  headersTimeout: 600_000,
  bodyTimeout: 600_000,
}).then(async answer => {
  await answer.body.dump({ limit: Number.MAX_SAFE_INTEGER })
  seconds = (performance.now() - began) / 1000
  return answer.statusCode
})

let posted = 0
let p99 = 0
const whileLarge = async (isOver: () => Promise<boolean>) => {
  while (!(await isOver())) {
    p99 = Math.max(
      p99,
      (await post({ url: service.url, key: service.key, bodies: small, batches: 20, connections: 2 })).p99Ms,
    )
    posted += 20
    await sleep(100)
  }
}
await whileLarge(async () => seconds > 0)
process.stdout.write(
  `answered ${await large} after ${seconds.toFixed(1)} s; meanwhile ${posted} small batches, slowest hundredth ${p99.toFixed(0)} ms; peak ${service.peakMiB().toFixed(0)} MiB\n`,
)
posted = 0
p99 = 0
await whileLarge(async () => (await service.metric('intake_events_total', { outcome: 'delivered' })) >= count)
process.stdout.write(
  `delivered after ${((performance.now() - began) / 1000).toFixed(1)} s; meanwhile ${posted} small batches, slowest hundredth ${p99.toFixed(0)} ms; peak ${service.peakMiB().toFixed(0)} MiB\n`,
)
await service.stop()
await rm(dir, { recursive: true })

function* chunks(): Generator<string> {
  for (let made = 0; made < count; made += 1000) {
    const lines = httpRequestLines(Math.min(1000, count - made), { seed: made + 1 }).map(short)
    yield `${lines.join('\n')}\n`
  }
}

function short(line: string): string {
  const kept = KEEP.map(name => new RegExp(`"${name}":("[^"]*"|[^,}]*)`).exec(line)?.[0] ?? '').filter(
    member => member !== '',
  )
  const head = `{${kept.join(',')},"WorkerScriptName":"`
  return `${head}${line.slice(0, Math.max(0, LINE_BYTES - 1 - head.length - 2)).replaceAll(/["\\]/g, '.')}"}`
}
