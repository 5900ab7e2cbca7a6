import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import pino from 'pino'
import { createOperations } from '../../src/control/operations.ts'
import { startControl } from '../../src/control/server.ts'
import { registry } from '../../src/datasets/index.ts'
import { createDeadLetterStore } from '../../src/delivery/dead-letter-store.ts'
import { createDrain, type Drain } from '../../src/delivery/drain.ts'
import { createLedger } from '../../src/delivery/ledger.ts'
import type { Pool } from '../../src/delivery/pool.ts'
import { abortable } from '../../src/lib/abortable.ts'
import { createMetrics } from '../../src/metrics.ts'
import { createFileSink } from '../../src/sinks/file.ts'
import { DELIVERED, type Piece, type Sink } from '../../src/sinks/sink.ts'
import { createDiskSpool } from '../../src/spool/disk.ts'
import { createTestLog, workerSettings } from '../delivery/harness.ts'

export const SINKS = ['file', 'store'] as const
export type SinkName = (typeof SINKS)[number]

/** How often each line arrived: by its mark, `t-<batch>-<line>-`. */
export type Arrivals = Map<string, number>

/** What came of a start on a folder. */
export interface Outcome {
  /** Why it did not start, or did not settle all that it found. */
  readonly failure: string | undefined
  readonly arrived: Readonly<Record<SinkName, Arrivals>>
  /** Lines of whole batches that are dead letters, by sink. */
  readonly lostLines: Readonly<Record<SinkName, number>>
  readonly setAside: number
  readonly errors: readonly string[]
}

export const LINE_MARK = /t-[A-Z]-\d+-/
const SETTLED_MS = 15_000

/** A store that knows ids, in memory. */
export function createStore(): Sink & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>()
  return {
    name: 'store',
    form: 'event',
    ordered: false,
    maxInFlight: 2,
    texts,
    open: async () => {},
    async write(piece: Piece) {
      piece.ends.forEach((end, index) => {
        const text = Buffer.from(piece.bytes.subarray(index === 0 ? 0 : piece.ends[index - 1], end)).toString()
        texts.set(piece.id(piece.lines[index]!), text)
      })
      return DELIVERED
    },
    close: async () => {},
  }
}

export const fileSinkIn = (dir: string, log: Parameters<typeof createFileSink>[0]['log'] = SILENT) =>
  createFileSink({
    dir: join(dir, 'events'),
    stateDir: join(dir, 'file-sink'),
    maxBytes: 2 ** 30,
    maxAgeMs: 0,
    gzip: false,
    retentionMs: 0,
    log,
  })

const SILENT = pino({ enabled: false })

export const spoolIn = (dir: string, more: Partial<Parameters<typeof createDiskSpool>[0]> = {}) =>
  createDiskSpool({
    dir: join(dir, 'spool'),
    lockDir: dir,
    sinks: SINKS,
    maxBytes: 2 ** 30,
    minFreeBytes: 0,
    duplicateWindowMs: 0,
    keepBytes: 2 ** 20,
    onStored: () => {},
    log: createTestLog().log,
    ...more,
  })

/** Starts on the folder as the service does, delivers what is there, and stops. */
export async function serve(dir: string, pool: Pool): Promise<Outcome> {
  const { log, sentences } = createTestLog()
  const metrics = createMetrics()
  const ledger = createLedger(metrics, SINKS)
  const drains: Drain[] = []
  let setAside = 0
  const spool = spoolIn(dir, {
    onStored: ledger.stored,
    onSetAside(batch, waiting) {
      setAside++
      for (const drain of drains) if (waiting.includes(drain.name as SinkName)) drain.lost(batch, 'set aside')
    },
    log,
  })
  const store = createStore()
  const sinks = [fileSinkIn(dir), store]
  const closers: (() => unknown)[] = [() => metrics.close()]
  const run = async () => {
    const recovered = await spool.open()
    closers.push(() => spool.close())
    setAside += recovered.setAside
    ledger.recovered(recovered)
    const folder = join(dir, 'dead-letters')
    const letters = createDeadLetterStore({ folder, maxBytes: 2 ** 20, now: () => Date.UTC(2026, 0, 2) })
    const datasets = registry.map(({ name }) => name)
    const operations = createOperations({ spool, sinks: SINKS, datasets, letters, folder, keeps: true, log })
    await operations.recover()
    const control = await startControl({ dir, operations, log })
    closers.push(() => control.close())
    for (const sink of sinks) {
      const drain = createDrain({
        sink,
        spool,
        pool,
        ledger,
        deadLetters: letters.of(sink.name),
        metrics,
        log,
        encode: workerSettings().encode,
        reportsLines: false,
        sleep: async (_ms, signal) => {
          await new Promise(resolve => setTimeout(resolve, 5))
          signal.throwIfAborted()
        },
      })
      drains.push(drain)
      closers.push(() => sink.close())
      closers.push(() => drain.stop(100))
      drain.run().catch(error => log.error({}, `A drain ended: ${error}`))
    }
    while (SINKS.some(sink => ledger.pending(sink) > 0)) await new Promise(resolve => setTimeout(resolve, 2))
    // What the drains still do behind the last line: acknowledge it.
    await Promise.all(drains.map(drain => drain.stop(1000)))
  }
  let failure: string | undefined
  try {
    await abortable(run(), AbortSignal.timeout(SETTLED_MS))
  } catch (error) {
    failure = error instanceof Error && error.name === 'TimeoutError' ? 'It hangs.' : String(error)
  }
  for (const close of closers.reverse()) await abortable(Promise.try(close), AbortSignal.timeout(2000)).catch(() => {})
  return {
    failure: failure === undefined ? undefined : `${failure} ${sentences('warn').join(' ')}`.trim(),
    arrived: { file: await arrivalsInFiles(dir), store: countMarks([...store.texts.values()]) },
    lostLines: { file: await lostIn(dir, 'file'), store: await lostIn(dir, 'store') },
    setAside,
    errors: sentences('error'),
  }
}

function countMarks(lines: readonly string[]): Arrivals {
  const arrivals: Arrivals = new Map()
  for (const line of lines) {
    const mark = LINE_MARK.exec(line)?.[0] ?? 'unknown'
    arrivals.set(mark, (arrivals.get(mark) ?? 0) + 1)
  }
  return arrivals
}

async function arrivalsInFiles(dir: string): Promise<Arrivals> {
  const lines: string[] = []
  for (const path of await filesOf(join(dir, 'events'))) {
    if (!/\.ndjson(\.gz)?$/.test(path)) continue
    const bytes = await readFile(path)
    const text = path.endsWith('.gz') ? inflated(bytes) : bytes.toString()
    lines.push(...text.split('\n').slice(0, -1))
  }
  return countMarks(lines)
}

/** One that was damaged holds nothing that counts. */
function inflated(bytes: Buffer): string {
  try {
    return gunzipSync(bytes).toString()
  } catch {
    return ''
  }
}

async function lostIn(dir: string, sink: SinkName): Promise<number> {
  let lines = 0
  for (const path of await filesOf(join(dir, 'dead-letters', sink))) {
    if (!path.endsWith('.ndjson')) continue
    for (const row of (await readFile(path, 'utf8')).split('\n').filter(Boolean)) {
      const letter = parsed(row)
      if (letter?.reason === 'damaged' || letter?.reason === 'miscounted') lines += letter.lines ?? 0
    }
  }
  return lines
}

function parsed(row: string): { readonly reason?: string; readonly lines?: number } | undefined {
  try {
    return JSON.parse(row)
  } catch {
    return undefined
  }
}

export async function filesOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}
