/**
 * `npm run bench:sinks [-- --runs 5]`: records delivered a second by each sink, in one run and in turns, medians. The other side of the network
 * sinks answers at once; it takes part of the same cores, and with gzip it has to inflate.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { post } from './load.ts'
import { batchOf, httpRequestLines } from './records.ts'
import { startService } from './service.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } })
const RUNS = Number(values.runs)
const BATCH = 1_000
const BATCHES = 100
const CONNECTIONS = 4

const endpoint = spawn(process.execPath, [join(import.meta.dirname, 'bulk-endpoint.ts')], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const [said] = (await once(endpoint.stdout, 'data')) as [Buffer]
const url = said.toString().trim()

const elasticsearch = { SINKS: 'elasticsearch', ELASTICSEARCH_URL: url, ELASTICSEARCH_SETUP: 'off' }
const KINDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  file: { SINKS: 'file' },
  'elasticsearch, no compression': { ...elasticsearch, ELASTICSEARCH_COMPRESSION: 'none' },
  'elasticsearch, gzip': { ...elasticsearch, ELASTICSEARCH_COMPRESSION: 'gzip' },
  'http, events': { SINKS: 'http', HTTP_URL: url },
  'http, lines': { SINKS: 'http', HTTP_URL: url, HTTP_FORMAT: 'lines' },
}

const rates = new Map<string, number[]>(Object.keys(KINDS).map(kind => [kind, []]))
const bodies = Array.from({ length: 10 }, (_, i) => batchOf(httpRequestLines(BATCH, { seed: i + 1 })))
try {
  for (let run = 0; run < RUNS; run++) {
    for (const [kind, env] of Object.entries(KINDS)) rates.get(kind)!.push(await measure(env))
  }
} finally {
  endpoint.kill()
}
const base = median(rates.get('file')!)
for (const [kind, values] of rates) {
  const middle = median(values)
  const range = `${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}`
  process.stdout.write(
    `${kind.padEnd(32)} ${middle.toFixed(0).padStart(7)}/s  ${(middle / base).toFixed(2)} of file  (${range})\n`,
  )
}

async function measure(env: Readonly<Record<string, string>>): Promise<number> {
  const service = await startService({ DUPLICATE_WINDOW_SECONDS: '0', SPOOL_MIN_FREE_BYTES: '0', ...env })
  try {
    const send = (batches: number) =>
      post({ url: service.url, key: service.key, bodies, batches, connections: CONNECTIONS })
    await send(10)
    await delivered(service, 10 * BATCH)
    const began = performance.now()
    await send(BATCHES)
    await delivered(service, (10 + BATCHES) * BATCH)
    return (BATCHES * BATCH) / ((performance.now() - began) / 1000)
  } finally {
    await service.stop()
  }
}

async function delivered(service: Awaited<ReturnType<typeof startService>>, lines: number): Promise<void> {
  const deadline = Date.now() + 120_000
  while ((await service.metric('intake_events_total', { outcome: 'delivered' })) < lines) {
    if (Date.now() > deadline) throw new Error('The sink did not get all events within 120 s.')
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
