import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomOf } from '../records.ts'
import type { Place } from '../torture/service.ts'
import { createFileJudge, readDeadLetters } from './files.ts'
import { SINKS } from './ledger-check.ts'
import { createLives } from './lives.ts'
import { operate } from './operator.ts'
import { DROPPED, produce, type Tally } from './producer.ts'
import { createProxy } from './proxy.ts'
import { faultsOf, type SoakReport } from './report.ts'
import type { AllSent } from './sent.ts'
import { createOtherSides, type OtherSides } from './sinks.ts'
import { weigh } from './verdict.ts'
import { createWatch, type Watch } from './watch.ts'

export interface SoakOptions {
  readonly seed: number
  readonly minutes: number
  /** True when it is to end before its time; what was done until then is judged. */
  readonly isInterrupted: () => boolean
  readonly onProgress: (text: string) => void
}

const WRITERS = 4
const READ_MS = 700
const COLLECT_EVERY = 4
const STUCK_MS = 90_000
const WARN_LEVEL = 40
const ERROR_LEVEL = 50
const MIB = 1024 ** 2

/**
 * The real service between a producer that knows every line and three sinks that fail, with a network that breaks, processes that are killed,
 * a spool that is too small and an operator who redrives: at the end every acknowledged line has to be accounted for.
 */
export async function soak({ seed, minutes, isInterrupted, onProgress }: SoakOptions): Promise<SoakReport> {
  const dataDir = await mkdtemp(join(tmpdir(), 'soak-'))
  await mkdir(join(dataDir, 'events'))
  const all: AllSent = new Map()
  const startedAt = Date.now()
  const endsAt = startedAt + minutes * 60_000
  const ended = () => isInterrupted() || Date.now() > endsAt
  const messages = new Map<string, number>()
  const violations = new Set<string>()
  const tally: Tally = { requests: 0, repeats: 0, broken: 0, refused: new Map(), violations }

  const sides = await createOtherSides({ random: randomOf(seed + 1), all, life: () => lives.number })
  const place: Place = {
    dataDir,
    env: settingsFor(sides),
    onLog(entry, line) {
      const text = entry === undefined ? line : `${entry.sink ?? ''} ${entry.msg}`.trim()
      const isRefusal = /is in use by another/.test(line)
      if (isRefusal || (entry !== undefined && entry.level < WARN_LEVEL)) return
      messages.set(text, (messages.get(text) ?? 0) + 1)
      if (entry === undefined || entry.level >= ERROR_LEVEL) violations.add(`The service complained: ${text}`)
    },
  }
  const lives = createLives(place, randomOf(seed + 2))
  const files = createFileJudge(join(dataDir, 'events'), all)
  const portOf = (url: string) => Number(new URL(url).port)
  const proxy = await createProxy({
    random: randomOf(seed + 3),
    target: () => lives.current && { port: portOf(lives.current.url), life: lives.number },
    isRough: () => !ended(),
  })

  const watch = createWatch(() => lives.current?.adminUrl, violations)

  const keepWatching = async (isOver: () => boolean) => {
    for (let round = 0; !isOver(); round++) {
      await watch.read()
      if (round % COLLECT_EVERY === 0) await files.collect()
      if (round % 60 === 0) {
        const seconds = Math.round((Date.now() - startedAt) / 1000)
        onProgress(`${seconds} s: life ${lives.number}, ${all.size} bodies, ${violations.size} violations`)
      }
      await sleep(READ_MS)
    }
  }

  try {
    let over = false
    const watching = keepWatching(() => over)
    const operator = await operate(place, randomOf(seed + 4), ended)
    const living = lives.run(ended)
    const writers = Array.from({ length: WRITERS }, (_, writer) =>
      produce({
        writer,
        seed,
        all,
        port: proxy.port,
        lifeOf: proxy.lifeOf,
        life: () => lives.number,
        ended,
        sameBody: writer === WRITERS - 1,
        tally,
      }),
    )
    await Promise.race([Promise.all([living, operator.done]), watching])
    await sides.heal()
    await Promise.race([Promise.all(writers), watching])
    await drained(watch)
    over = true
    await watching
    await lives.stop()
    await files.finish()
    const strangers = (await readDeadLetters(dataDir, all)) + files.strangers + sides.strangers
    const report = {
      ...weigh(all),
      seconds: Math.round((Date.now() - startedAt) / 1000),
      bodies: all.size,
      tally,
      endings: lives.endings,
      work: operator.work,
      proxyFaults: proxy.faults,
      outages: { ...sides.outages, file: lives.endings.fileOutages },
      conflicts: sides.conflicts,
      arrivedLater: sides.arrivedLater,
      readings: watch.readings,
      most: watch.most,
      messages,
    }
    if (strangers > 0) violations.add(`${strangers} lines were not sent by anybody.`)
    if (files.torn > 0) violations.add(`${files.torn} lines of event files are torn.`)
    for (const sentence of await leftIn(dataDir)) violations.add(sentence)
    for (const sentence of [...lives.violations, ...operator.work.violations, ...faultsOf(report)]) {
      violations.add(sentence)
    }
    return { ...report, violations: [...violations] }
  } finally {
    await lives.kill()
    await proxy.close()
    await sides.close()
    if (violations.size === 0) await rm(dataDir, { recursive: true, force: true })
    else onProgress(`The folder is kept: ${dataDir}`)
  }
}

/** Nothing may be left in the spool when all is delivered. */
async function leftIn(dataDir: string): Promise<string[]> {
  const folders = ['batches', 'incoming', 'damaged']
  const counts = await Promise.all(folders.map(async name => (await readdir(join(dataDir, 'spool/v1', name))).length))
  return folders.flatMap((name, index) =>
    counts[index]! > 0 ? [`The spool's folder ${name} holds ${counts[index]} files at the end.`] : [],
  )
}

/** However slow the machine: it fails only where no line is settled for a while. */
async function drained({ read }: Watch): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  for (let until = Date.now() + STUCK_MS; Date.now() < until; await sleep(200)) {
    const pending = (await read())?.total('intake_pending_lines') ?? Number.POSITIVE_INFINITY
    if (pending === 0) return
    if (pending < least) until = Date.now() + STUCK_MS
    least = Math.min(least, pending)
  }
  throw new Error(`The service does not go on with delivering: ${least} lines wait.`)
}

/** A spool that is full within seconds, small files, and a dataset that is dropped. */
function settingsFor({ elasticsearchUrl, httpUrl }: OtherSides): Record<string, string> {
  return {
    SINKS: SINKS.join(','),
    FILE_MAX_BYTES: `${MIB / 2}`,
    FILE_GZIP: 'true',
    ELASTICSEARCH_URL: elasticsearchUrl,
    ELASTICSEARCH_SETUP: 'off',
    HTTP_URL: httpUrl,
    SPOOL_MAX_BYTES: `${MIB}`,
    MAX_BODY_BYTES: `${MIB / 2}`,
    SPOOL_KEEP_BYTES: `${MIB / 4}`,
    DROP_DATASETS: DROPPED,
    SHUTDOWN_SECONDS: '3',
  }
}
