/**
 * What good senders notice of bad ones: `npm run slow -- [--seconds 30] [--only slow|overload]`. Good senders at a fixed pace are
 * measured alone, then beside slow, half-open and idle connections; then the service is given far more batches than it can take. Times are
 * printed, not asserted.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Service, startService } from '../service.ts'
import type { AttackName } from './attacks.ts'
import { batchRequest, LINES, paced, type Times } from './healthy.ts'
import { caseOf } from './wire.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' }, only: { type: 'string' } } })
const MS = Number(values.seconds) * 1000
const CONNECTIONS = 4
const EVERY_MS = 200
const LIVEZ_MS = 100
const MIB = 1024 ** 2

const out = (text: string) => process.stdout.write(`${text}\n`)
const portOf = (service: Service) => Number(new URL(service.url).port)

/** The name and number of attackers; undefined is alone. */
type Beside = readonly [AttackName, number] | undefined

async function beside<T>(service: Service, attack: Beside, measure: () => Promise<T>): Promise<T> {
  if (attack === undefined) return measure()
  const args = [
    join(import.meta.dirname, 'attack-child.ts'),
    attack[0],
    `${attack[1]}`,
    `${portOf(service)}`,
    service.key,
  ]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['pipe', 'inherit', 'inherit'] })
  const exited = once(child, 'exit')
  try {
    await sleep(3000)
    return await measure()
  } finally {
    child.kill('SIGTERM')
    await exited
    await drained(service)
  }
}

async function drained(service: Service): Promise<void> {
  while ((await service.metric('intake_pending_lines')) > 0) await sleep(100)
}

async function goodSenders(service: Service): Promise<{ batches: Times; livez: Times }> {
  const port = portOf(service)
  const [batches, livez] = await Promise.all([
    paced({ port, connections: CONNECTIONS, everyMs: EVERY_MS, forMs: MS }, number =>
      batchRequest(service.key, number),
    ),
    paced({ port, connections: 1, everyMs: LIVEZ_MS, forMs: MS }, () => ({
      ...caseOf('livez', { method: 'GET', path: '/livez', framing: [] }),
      isAlone: true,
    })),
  ])
  return { batches, livez }
}

/** Records stored and delivered in a second, over the time of a measurement. */
async function rates(service: Service, forMs: number): Promise<{ stored: number; delivered: number; refused: number }> {
  const read = async () => ({
    stored: await service.metric('intake_received_lines_total'),
    delivered: await service.metric('intake_events_total', { outcome: 'delivered' }),
    refused: await service.metric('intake_requests_total', { status: '503' }),
    at: performance.now(),
  })
  const before = await read()
  await sleep(forMs)
  const after = await read()
  const rate = (name: 'stored' | 'delivered' | 'refused') =>
    Math.round((after[name] - before[name]) / ((after.at - before.at) / 1000))
  return { stored: rate('stored'), delivered: rate('delivered'), refused: rate('refused') }
}

const cell = (value: number, digits = 0, width = 8) => value.toFixed(digits).padStart(width)

const ATTACKS = [
  ['idle', 1000],
  ['slow headers', 500],
  ['slow bodies', 500],
  ['slow bodies, no key', 500],
  ['half open', 500],
] as const satisfies Beside[]

/** Each beside is compared with alone just before it: what else the machine does changes with time. */
async function slowOnes(): Promise<void> {
  const service = await startService({ DUPLICATE_WINDOW_SECONDS: '0' })
  await goodSenders(service)
  out('good senders beside         p50 ms  p99 ms  times  refused  livez p50 ms    p99  rss MiB    fds')
  let alone = 0
  for (const attack of ATTACKS.flatMap((attack): Beside[] => [undefined, attack])) {
    const { batches, livez, rss, fds } = await beside(service, attack, async () => ({
      ...(await goodSenders(service)),
      rss: (await service.metric('process_resident_memory_bytes')) / MIB,
      fds: await service.metric('process_open_fds'),
    }))
    if (attack === undefined) alone = batches.p99
    out(
      `${(attack === undefined ? 'nobody' : `${attack[1]} ${attack[0]}`).padEnd(26)}${cell(batches.p50, 1)}${cell(batches.p99, 1)}` +
        `${cell(batches.p99 / alone, 2, 7)}${cell(batches.refused, 0, 9)}${cell(livez.p50, 1, 14)}${cell(livez.p99, 0, 7)}` +
        `${cell(rss, 0, 9)}${cell(fds, 0, 7)}`,
    )
  }
  out(`peak memory ${service.peakMiB().toFixed(0)} MiB`)
  await service.stop()
}

/** @param settings with which the spool is never full, or soon */
async function tooMuch(title: string, settings: Readonly<Record<string, string>>, counted: 'stored' | 'delivered') {
  const service = await startService({
    DUPLICATE_WINDOW_SECONDS: '0',
    FILE_RETENTION_SECONDS: '5',
    FILE_MAX_AGE_SECONDS: '5',
    ...settings,
  })
  out(`${title.padEnd(26)}stored/s  delivered/s  503/s  share  livez p50 ms    p99  rss MiB`)
  let most = 0
  for (const senders of [CONNECTIONS, CONNECTIONS, 40 * CONNECTIONS, 400 * CONNECTIONS]) {
    const livez = () =>
      paced({ port: portOf(service), connections: 1, everyMs: LIVEZ_MS, forMs: MS }, () => ({
        ...caseOf('livez', { method: 'GET', path: '/livez', framing: [] }),
        isAlone: true,
      }))
    const [rate, alive] = await beside(service, ['overload', senders], () => Promise.all([rates(service, MS), livez()]))
    if (senders === CONNECTIONS) most = Math.max(most, rate[counted])
    const rss = (await service.metric('process_resident_memory_bytes')) / MIB
    out(
      `${`${senders} senders`.padEnd(26)}${cell(rate.stored)}${cell(rate.delivered, 0, 13)}${cell(rate.refused, 0, 7)}` +
        `${cell(rate[counted] / most, 2, 7)}${cell(alive.p50, 1, 14)}${cell(alive.p99, 0, 7)}${cell(rss, 0, 9)}`,
    )
  }
  out(`peak memory ${service.peakMiB().toFixed(0)} MiB`)
  await service.stop()
}

const PARTS = {
  slow: slowOnes,
  async overload() {
    await tooMuch('\noverload, spool not full', {}, 'stored')
    await tooMuch('\noverload, spool full', { SPOOL_MAX_BYTES: `${32 * MIB}`, MAX_BODY_BYTES: `${MIB}` }, 'delivered')
  },
}
const isPart = (name: string): name is keyof typeof PARTS => Object.hasOwn(PARTS, name)
if (values.only !== undefined && !isPart(values.only)) throw new Error('--only takes slow or overload')

out(`${CONNECTIONS} good senders, a batch of ${LINES} records each every ${EVERY_MS} ms; ${MS / 1000} s each`)
for (const [name, run] of Object.entries(PARTS)) if (values.only === undefined || values.only === name) await run()
