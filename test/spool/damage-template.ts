import { cpSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createDeadLetters } from '../../src/delivery/dead-letters.ts'
import { createDrain } from '../../src/delivery/drain.ts'
import { createLedger } from '../../src/delivery/ledger.ts'
import type { Pool } from '../../src/delivery/pool.ts'
import { createRowSender } from '../../src/delivery/redrive.ts'
import { createMetrics } from '../../src/metrics.ts'
import type { Piece, Sink } from '../../src/sinks/sink.ts'
import type { LineFormat, Spool } from '../../src/spool/spool.ts'
import { createTestLog, workerSettings } from '../delivery/harness.ts'
import { createStore, fileSinkIn, SINKS, spoolIn } from './damage-kit.ts'

/** A dns_logs record that carries its mark. */
export const record = (batch: string, line: number): string =>
  `{"ColoCode":"FRA","QueryName":"t-${batch}-${line}-.example.com","QueryType":1,"ResponseCached":false,"ResponseCode":0,"SourceIP":"192.0.2.7","Timestamp":"2026-01-01T00:00:00Z"}`

export const letterRow = (batch: string, line: number): string =>
  `${JSON.stringify({ key: `${batch}:${line}`, time: '2026-01-01T00:00:00.000Z', sink: 'store', reason: 'mapping', detail: 'no', dataset: 'dns_logs', id: `01940000-0000-8000-8000-0000000${batch.charCodeAt(0)}00${line}`, batch, line, received: '2026-01-01T00:00:00Z', original: record(batch, line) })}\n`

/**
 * What a service leaves that was killed in the midst of its work, made by its own modules. By their letters:
 *
 *     A      delivered and kept
 *     B      done by the store, half of it in the event file
 *     C…G    waiting for both sinks: gzip, one line, timed, plain, gzip
 *     H      dead letters of the store that were redriven, waiting for it
 *     I      rows taken from the dead letters and not yet in the spool
 *     J      dead letters of the store
 */
export async function makeTemplate(pool: Pool, how: 'killed' | 'stopped' = 'killed'): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'damage-'))
  const spool = spoolIn(dir)
  await spool.open()
  await store(spool, 'A', 2)
  const file = fileSinkIn(dir)
  await drainUntil(spool, pool, file, 1)
  await drainUntil(spool, pool, createStore(), 1)
  await store(spool, 'B', 4)
  await drainUntil(spool, pool, createStore(), 1)
  await drainUntil(spool, pool, halfOf(file), 0)
  for (const [batch, format] of [
    ['C', 'lines'],
    ['D', 'single'],
    ['E', 'timed'],
    ['F', 'lines'],
    ['G', 'lines'],
  ] as const)
    await store(spool, batch, format === 'single' ? 1 : 2, format, batch !== 'F')
  const rows = join(dir, 'rows')
  writeFileSync(rows, letterRow('H', 0) + letterRow('H', 1))
  await createRowSender({ spool, sink: 'store' })({ path: rows, dataset: 'dns_logs' })
  const killed = await mkdtemp(join(tmpdir(), 'damage-'))
  if (how === 'stopped') await file.close()
  // As it is now, with what the file sink has not secured: what a kill leaves.
  cpSync(dir, killed, { recursive: true, filter: path => !lstatSync(path).isSocket() && path !== rows })
  await file.close()
  await spool.close()
  const letters = join(killed, 'dead-letters/store')
  mkdirSync(letters, { recursive: true })
  writeFileSync(join(letters, '2026-01-01.ndjson'), letterRow('J', 0) + letterRow('J', 1))
  writeFileSync(join(letters, '2026-01-01.ndjson.0001.dns_logs.taken'), letterRow('I', 0))
  writeFileSync(join(killed, 'spool/v1/incoming/0000000000000007.part'), 'half a body')
  return killed
}

async function store(
  spool: Spool,
  batch: string,
  lines: number,
  format: Exclude<LineFormat, 'rows'> = 'lines',
  gzip = true,
): Promise<void> {
  const rows = Array.from({ length: lines }, (_, line) => record(batch, line))
  const text = rows.map(row => (format === 'timed' ? `2026-01-01T00:00:00Z ${row}` : row)).join('\n')
  const draft = await spool.draft()
  await draft.write(gzip ? gzipSync(text) : Buffer.from(text))
  await draft.commit({
    batchId: Buffer.alloc(32, batch),
    dataset: batch === 'G' ? 'dns_logs' : undefined,
    lines,
    format,
    gzip,
    time: '2026-01-01T00:00:00Z',
    deduplicate: false,
  })
}

/** Takes half of each piece, then no more: as a process that dies within a write. */
function halfOf(file: Sink): Sink {
  return {
    ...file,
    async write(piece: Piece, signal) {
      const half = piece.ends.length >> 1
      const { ends, lines, bytes } = piece
      const first = {
        ends: ends.subarray(0, half),
        lines: lines.subarray(0, half),
        bytes: bytes.subarray(0, ends[half - 1]),
      }
      await file.write({ ...piece, ...first }, signal)
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      throw new Error('not reached')
    },
    close: async () => {},
  }
}

/** @param acknowledged how many batches the sink is to have done */
async function drainUntil(spool: Spool, pool: Pool, sink: Sink, acknowledged: number): Promise<void> {
  const metrics = createMetrics()
  let done = 0
  const drain = createDrain({
    sink: {
      ...sink,
      settled: batch => {
        sink.settled?.(batch)
        done++
      },
      close: async () => {},
    },
    spool,
    pool,
    ledger: createLedger(metrics, SINKS),
    deadLetters: createDeadLetters({ folder: join(tmpdir(), 'damage-none'), maxBytes: 2 ** 20, now: Date.now }),
    metrics,
    encode: workerSettings().encode,
    log: createTestLog().log,
    reportsLines: false,
  })
  drain.run().catch(() => {})
  const until = Date.now() + (acknowledged === 0 ? 300 : 5000)
  while (Date.now() < until && (acknowledged === 0 || done < acknowledged)) await new Promise(r => setTimeout(r, 5))
  await drain.stop(0)
  metrics.close()
}
