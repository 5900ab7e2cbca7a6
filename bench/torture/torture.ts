import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomOf } from '../records.ts'
import { createBulkServer } from '../soak/bulk-server.ts'
import { type Attempts, lineOf } from './attempts.ts'
import { judge, type Verdict } from './judge.ts'
import { killDuringStart, type Life, type Place, pendingLines, startService } from './service.ts'
import { type Address, runWriter } from './writer.ts'

export interface TortureOptions {
  readonly kills: number
  readonly seed: number
  /** No kill begins after so long. */
  readonly maxMs: number
  readonly onKill?: (kills: number) => void
}

export interface Report extends Verdict {
  readonly kills: number
  readonly attempts: number
  readonly slowestStartMs: number
  readonly medianStartMs: number
  /** Lines that waited at the sinks when the last process began. */
  readonly backlog: number
  /** Documents that came once more after a kill, and were there. */
  readonly conflicts: number
  /** Of the last life, after SIGTERM. */
  readonly exitCode: number | null
  /** What the service logged at error and above. */
  readonly complaints: readonly string[]
}

const WRITERS = 4
const ERROR_LEVEL = 50
const LEAST_LIFE_MS = 50
const MOST_LIFE_MS = 1500
/** Of this part of the kills the start is hit, which is when files are mended. */
const STARTS_HIT = 0.2
const MOST_START_MS = 1500
const STUCK_MS = 60_000

/**
 * Runs the service under load and kills it (SIGKILL) at random moments, then lets it deliver the rest and compares the event files
 * with what was sent. All writers but the last send a body that differs after each restart, so the file sink can be judged to
 * the line: nothing else could have stored such a body twice.
 */
export async function torture({ kills, seed, maxMs, onKill }: TortureOptions): Promise<Report> {
  const dataDir = await mkdtemp(join(tmpdir(), 'torture-'))
  const attempts: Attempts = new Map()
  const complaints = new Set<string>()
  let strangers = 0
  const bulk = await createBulkServer({
    onCreated(text) {
      const sent = lineOf(attempts, text)
      if (sent) sent.attempt.documents[sent.number]! += 1
      else strangers += 1
    },
  })
  const place: Place = {
    dataDir,
    env: {
      SINKS: 'file,elasticsearch',
      FILE_MAX_BYTES: `${4 * 1024 ** 2}`,
      FILE_GZIP: 'true',
      ELASTICSEARCH_URL: bulk.url,
      ELASTICSEARCH_SETUP: 'off',
    },
    onLog(entry, line) {
      if (entry === undefined || entry.level >= ERROR_LEVEL) complaints.add(entry?.msg ?? line)
    },
  }
  const random = randomOf(seed)
  const starts: number[] = []
  const endsAt = Date.now() + maxMs
  let number = 0
  let ended = false
  let up = Promise.withResolvers<Address>()
  let life: Life | undefined

  const start = async () => {
    life = await startService(place)
    starts.push(life.startMs)
    number += 1
    up.resolve({ url: life.url, number })
    return life
  }

  try {
    const writers = Array.from({ length: WRITERS }, (_, writer) =>
      runWriter({
        writer,
        seed,
        attempts,
        address: () => up.promise,
        ended: () => ended,
        sameBody: writer === WRITERS - 1,
      }),
    )
    const failed = Promise.all(writers)
    failed.catch(() => {})

    let done = 0
    while (done < kills && Date.now() < endsAt) {
      if (random() < STARTS_HIT) await killDuringStart(place, random() * MOST_START_MS)
      else {
        const running = await start()
        await Promise.race([sleep(LEAST_LIFE_MS + random() * (MOST_LIFE_MS - LEAST_LIFE_MS)), failed])
        up = Promise.withResolvers()
        await running.kill()
      }
      done += 1
      onKill?.(done)
    }

    const last = await start()
    ended = true
    await failed
    const backlog = await pendingLines(last.adminUrl)
    await drained(last)
    const exitCode = await last.stop()
    life = undefined
    const verdict = await judge(join(dataDir, 'events'), attempts)
    starts.sort((a, b) => a - b)
    return {
      ...verdict,
      unknown: verdict.unknown + strangers,
      conflicts: bulk.conflicts,
      backlog,
      kills: done,
      attempts: attempts.size,
      slowestStartMs: starts.at(-1)!,
      medianStartMs: starts[starts.length >> 1]!,
      exitCode,
      complaints: [...complaints],
    }
  } finally {
    ended = true
    await life?.kill()
    await bulk.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** However much was stored while nothing could be delivered: it fails only where no line is settled for a while. */
async function drained(life: Life): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  for (let until = Date.now() + STUCK_MS; Date.now() < until; await sleep(100)) {
    const pending = await pendingLines(life.adminUrl)
    if (pending === 0) return
    if (pending < least) until = Date.now() + STUCK_MS
    least = Math.min(least, pending)
  }
  throw new Error(`The service does not go on with delivering: ${least} lines wait.`)
}

/** Everything in a report that must not be, one sentence each. */
export function violationsOf(report: Report): string[] {
  const rules: [boolean, string][] = [
    [report.missing > 0, `${report.missing} acknowledged lines are missing.`],
    [report.twice > 0, `${report.twice} lines are in the files twice.`],
    [report.missingDocuments > 0, `${report.missingDocuments} acknowledged lines are in no document.`],
    [report.twiceDocuments > 0, `${report.twiceDocuments} lines are in more than one document.`],
    [report.partial > 0, `${report.partial} batches are in the files in part.`],
    [report.torn > 0, `${report.torn} lines are torn.`],
    [report.unknown > 0, `${report.unknown} lines or files were not sent by anybody.`],
    [report.exitCode !== 0, `The service ended with ${report.exitCode} on SIGTERM.`],
    [report.acknowledgedBatches === 0, 'No batch was acknowledged.'],
    ...report.complaints.map((text): [boolean, string] => [true, `The service complained: ${text}`]),
  ]
  return rules.filter(([violated]) => violated).map(([, sentence]) => sentence)
}
