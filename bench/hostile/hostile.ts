import { setTimeout as sleep } from 'node:timers/promises'
import { type Service, startService } from '../service.ts'
import { GOOD_EVERY, numberedCase } from './cases.ts'
import { createClient, type Exchange } from './client.ts'
import { MAX_LINE_BYTES } from './expected.ts'
import { MAX_JSON_BYTES } from './json-cases.ts'
import { judge } from './judge.ts'
import { createLedger, ID_FIELD, type Ledger } from './ledger.ts'
import { type Case, DATASET_KEY } from './wire.ts'

export interface HostileOptions {
  readonly cases: number
  readonly seed: number
  /** Goes on with this case; default the first, 0. */
  readonly from?: number
  /** Sends this case alone. */
  readonly only?: number
  /** No further group after so long. */
  readonly maxMs?: number
  readonly onGroup?: (group: Group) => void
}

/** What the service's own metrics said behind a group of cases. */
export interface Group {
  readonly cases: number
  readonly rssMiB: number
  readonly delayP99Ms: number
  /** What went wrong until then. */
  readonly problems: number
}

export interface HostileReport {
  readonly seed: number
  readonly cases: number
  /** The case that was not sent any more, for lack of time. */
  readonly next: number
  readonly seconds: number
  /** With the number of the case and the bytes that were sent. */
  readonly problems: readonly string[]
  readonly statuses: Readonly<Record<string, number>>
  readonly families: Readonly<Record<string, number>>
  /** Of batches as Logpush sends them, before anything hostile came. */
  readonly quietP99Ms: number
  readonly groups: readonly Group[]
  readonly peakMiB: number
  readonly lines: Ledger['counts']
}

const CONNECTIONS = 8
const GROUP = 1000
const QUIET = 400
const DELIVERED_MS = 60_000
const MOST_PROBLEMS = 50
const MIB = 1024 ** 2

/** Sends hostile requests to a service in a process of its own, and good ones between them. Rejects when the service cannot start. */
export async function hostile(options: HostileOptions): Promise<HostileReport> {
  const service = await startService({
    INTAKE_KEYS: `${KEY},http_requests:${DATASET_KEY}`,
    EVENT_ID_FIELD: ID_FIELD,
    MAX_LINE_BYTES: `${MAX_LINE_BYTES}`,
    MAX_JSON_BYTES: `${MAX_JSON_BYTES}`,
    FILE_MAX_BYTES: `${1024 * MIB}`,
    SHUTDOWN_SECONDS: '5',
  })
  try {
    return await run(service, options)
  } finally {
    await service.stop()
  }
}

const KEY = 'hostile-key-0123456789'

async function run(service: Service, options: HostileOptions): Promise<HostileReport> {
  const { cases, seed, from = 0, maxMs = Number.POSITIVE_INFINITY } = options
  const ledger = createLedger(`${service.dataDir}/events`)
  const problems: string[] = []
  const statuses: Record<string, number> = {}
  const families: Record<string, number> = {}
  const groups: Group[] = []
  const began = performance.now()

  const onExchange = (number: number, sent: Case, exchange: Exchange) => {
    const family = sent.kind.split('/', 1)[0]!
    families[family] = (families[family] ?? 0) + 1
    if (exchange.answers.length === 0 || exchange.again) statuses.none = (statuses.none ?? 0) + 1
    for (const { status } of exchange.answers) statuses[status] = (statuses[status] ?? 0) + 1
    const problem = judge(sent, exchange, ledger, [KEY, DATASET_KEY])
    if (problem !== undefined) problems.push(`case ${number} (${sent.kind}): ${problem}\n${reproduction(sent)}`)
  }
  const group = async (numbers: readonly number[]) => {
    await sendAll(service, seed, numbers, onExchange)
    const delayP99Ms = await delay(service)
    await settled(service)
    problems.push(...(await ledger.read()), ...ledger.missing())
    const rssMiB = (await service.metric('process_resident_memory_bytes')) / MIB
    return { cases: numbers.at(-1)! + 1, rssMiB, delayP99Ms, problems: problems.length }
  }

  if (options.only !== undefined) await group([options.only])
  else {
    await group(numbersFrom(cases * GOOD_EVERY, QUIET / 4, GOOD_EVERY))
  }
  const quiet =
    options.only === undefined ? await group(numbersFrom((cases + QUIET) * GOOD_EVERY, QUIET, GOOD_EVERY)) : undefined
  let done = from
  while (
    options.only === undefined &&
    done < cases &&
    performance.now() - began < maxMs &&
    problems.length < MOST_PROBLEMS
  ) {
    const numbers = numbersFrom(done, Math.min(GROUP, cases - done), 1)
    done += numbers.length
    groups.push(await group(numbers))
    options.onGroup?.(groups.at(-1)!)
  }
  problems.push(...(await books(service, statuses, ledger)))
  return {
    seed,
    cases: done - from,
    next: done,
    seconds: (performance.now() - began) / 1000,
    problems: problems.slice(0, MOST_PROBLEMS),
    statuses,
    families,
    quietP99Ms: quiet?.delayP99Ms ?? 0,
    groups,
    peakMiB: service.peakMiB(),
    lines: ledger.counts,
  }
}

const numbersFrom = (first: number, count: number, step: number) =>
  Array.from({ length: count }, (_, i) => first + i * step)

async function sendAll(
  service: Service,
  seed: number,
  numbers: readonly number[],
  onExchange: (number: number, sent: Case, exchange: Exchange) => void,
): Promise<void> {
  let next = 0
  const sender = async () => {
    const client = createClient(Number(new URL(service.url).port))
    while (next < numbers.length) {
      const number = numbers[next++]!
      const sent = numberedCase(seed, number, KEY)
      onExchange(number, sent, await client.send(sent))
    }
    client.close()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, sender))
}

/** Until all that was stored is delivered. */
async function settled(service: Service): Promise<void> {
  const until = performance.now() + DELIVERED_MS
  while ((await service.metric('intake_pending_lines')) > 0) {
    if (performance.now() > until) throw new Error(`What was stored is not delivered in time: ${service.log()}`)
    await sleep(20)
  }
}

/** Of the time since the last scrape. */
const delay = async (service: Service) =>
  (await service.metric('intake_event_loop_delay_seconds', { quantile: '0.99' })) * 1000

/** What the service counted is what was sent. An answer that was lost on its way has been counted. */
async function books(service: Service, statuses: Readonly<Record<string, number>>, ledger: Ledger): Promise<string[]> {
  const lost = statuses.none ?? 0
  const problems: string[] = []
  const same = async (
    what: string,
    name: string,
    labels: Readonly<Record<string, string>>,
    least: number,
    most = least,
  ) => {
    let found = await service.metric(name, labels)
    // A request is counted when its connection has closed, which takes up to 2 s.
    for (let tries = 0; (found < least || found > most) && tries < 30; tries++) {
      await sleep(100)
      found = await service.metric(name, labels)
    }
    if (found < least || found > most) problems.push(`${what}: the service counted ${found}, not ${least}`)
  }
  for (const [status, count] of Object.entries(statuses)) {
    // Readiness is asked for by GET while the service starts.
    if (/^4/.test(status)) await same(`answers ${status}`, 'intake_requests_total', { status }, count, count + lost)
  }
  await same('lines stored', 'intake_received_lines_total', {}, ledger.counts.found)
  await same('events delivered', 'intake_events_total', { outcome: 'delivered' }, ledger.counts.found)
  await same('events dead lettered', 'intake_events_total', { outcome: 'dead_lettered' }, 0)
  const complaints = service
    .log()
    .split('\n')
    .filter(line => /"level":(50|60)/.test(line) || /^\s*at |Error:/.test(line))
  return [...problems, ...complaints.slice(0, 5).map(line => `the service's log: ${line.slice(0, 500)}`)]
}

/** How a case is sent by hand. */
function reproduction({ pieces, halfClose }: Case): string {
  const bytes = Buffer.concat(pieces)
  const base64 = bytes.toString('base64')
  const shown = base64.length > 8000 ? `${base64.slice(0, 8000)}… (${bytes.length} bytes; send it with --only)` : base64
  return `  echo ${shown} | base64 -d | nc ${halfClose ? '-N ' : ''}127.0.0.1 8080`
}
