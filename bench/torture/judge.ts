import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { type Attempts, lineOf } from './attempts.ts'

export interface Verdict {
  readonly acknowledgedBatches: number
  readonly acknowledgedLines: number
  /** Lines that were acknowledged and are in no file. */
  readonly missing: number
  /** Lines that are in the files more often than their body can have been stored. */
  readonly twice: number
  /** Lines that were acknowledged and that no document holds. */
  readonly missingDocuments: number
  /** Lines that more than one document holds, whatever was sent: each has one id. */
  readonly twiceDocuments: number
  /** Attempts of which some lines are there and some are not. */
  readonly partial: number
  /** Lines that are no whole event, and files that end within one. */
  readonly torn: number
  /** Lines in the files that nobody sent. */
  readonly unknown: number
  /** Attempts that were stored although their 200 was lost. */
  readonly storedUnanswered: number
  /** The same body, sent again after it was delivered and gone from the spool: stored again, as at least once allows. */
  readonly resentAfterDelivered: number
  readonly files: number
}

/** Reads all event files and compares them with what was sent. */
export async function judge(eventsDir: string, attempts: Attempts): Promise<Verdict> {
  const count = { torn: 0, unknown: 0 }
  const entries = await readdir(eventsDir, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  for (const path of paths) {
    if (/-\d{6}\.ndjson(\.gz)?$/.test(path)) await readFile(path, attempts, count)
    else count.unknown += 1
  }
  return { ...weigh(attempts), ...count, files: paths.length }
}

async function readFile(path: string, attempts: Attempts, count: { torn: number; unknown: number }): Promise<void> {
  const file = createReadStream(path)
  const bytes: Readable = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  file.on('error', error => bytes.destroy(error))
  let last = 0x0a
  bytes.on('data', chunk => {
    last = chunk.at(-1)
  })
  for await (const line of createInterface({ input: bytes, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!isEvent(line)) count.torn += 1
    const sent = lineOf(attempts, line)
    if (sent) sent.attempt.found[sent.number]! += 1
    else count.unknown += 1
  }
  if (last !== 0x0a) count.torn += 1
}

function isEvent(line: string): boolean {
  try {
    return typeof JSON.parse(line)['@timestamp'] === 'string'
  } catch {
    return false
  }
}

function weigh(attempts: Attempts): Omit<Verdict, 'torn' | 'unknown' | 'files'> {
  const sum = {
    acknowledgedBatches: 0,
    acknowledgedLines: 0,
    missing: 0,
    twice: 0,
    missingDocuments: 0,
    twiceDocuments: 0,
    partial: 0,
    storedUnanswered: 0,
    resentAfterDelivered: 0,
  }
  for (const { lines, sends, acknowledged, found, documents } of attempts.values()) {
    const there = found.reduce((total, times) => total + (times > 0 ? 1 : 0), 0)
    const most = found.reduce((a, b) => Math.max(a, b), 0)
    const least = found.reduce((a, b) => Math.min(a, b), 255)
    if (acknowledged) {
      sum.acknowledgedBatches += 1
      sum.acknowledgedLines += lines
      sum.missing += lines - there
      sum.missingDocuments += documents.filter(count => count === 0).length
    } else if (there > 0) sum.storedUnanswered += 1
    sum.twiceDocuments += documents.filter(count => count > 1).length
    // A body that was sent once is stored once at most; each stored body is in the files as a whole.
    if (most !== least) sum.partial += 1
    if (most > sends) sum.twice += found.reduce((total, times) => total + Math.max(0, times - sends), 0)
    else if (most > 1) sum.resentAfterDelivered += 1
  }
  return sum
}
