import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { loadConfig } from '../../src/config.ts'
import { createDeadLetters } from '../../src/delivery/dead-letters.ts'
import { createDrain, type Drain, type DrainOptions } from '../../src/delivery/drain.ts'
import { createLedger } from '../../src/delivery/ledger.ts'
import type { Log } from '../../src/delivery/log.ts'
import type { Pool } from '../../src/delivery/pool.ts'
import type { WorkerSettings } from '../../src/delivery/protocol.ts'
import { mapperSettings } from '../../src/mapping-settings.ts'
import { createMetrics } from '../../src/metrics.ts'
import { DELIVERED, type Piece, type Receipt, type Sink } from '../../src/sinks/sink.ts'
import { createDiskSpool } from '../../src/spool/disk.ts'
import type { Claim, Seal } from '../../src/spool/spool.ts'

export const ODD_WORKER = new URL('./odd-worker.ts', import.meta.url)

export const workerSettings = (encode: Partial<WorkerSettings['encode']> = {}): WorkerSettings => ({
  mapper: mapperSettings(loadConfig({}, []).config),
  encode: {
    maxLineBytes: 1024 * 1024,
    dropFields: [],
    dropDatasets: [],
    documents: { profile: 'ecs', namespace: 'default' },
    ...encode,
  },
})

export interface Entry {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: object
  readonly sentence: string
}

export function createTestLog() {
  const entries: Entry[] = []
  const at = (level: Entry['level']) => (fields: object, sentence: string) =>
    void entries.push({ level, fields, sentence })
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return {
    log,
    entries,
    sentences: (level: Entry['level']) => entries.filter(entry => entry.level === level).map(entry => entry.sentence),
  }
}

export const body = (...records: readonly (object | string)[]): Buffer =>
  Buffer.from(records.map(record => `${typeof record === 'string' ? record : JSON.stringify(record)}\n`).join(''))

/** What a piece says of its batch. */
export const BATCH = { name: 'b', dataset: undefined, time: '2026-01-01T00:00:00Z', again: undefined }

/** A batch outside of any spool. */
export function claimOf(
  text: Buffer,
  options: { gzip?: boolean; chunkBytes?: number; lines?: number; stored?: Buffer } = {},
): Claim {
  const { gzip = true, chunkBytes = 64 * 1024 } = options
  const bytes = options.stored ?? (gzip ? gzipSync(text, { level: 1 }) : text)
  return {
    batch: {
      name: `batch-${randomBytes(4).toString('hex')}`,
      batchId: randomBytes(32),
      dataset: undefined,
      lines:
        options.lines ??
        text
          .toString()
          .split('\n')
          .filter(line => line.trim() !== '').length,
      format: 'lines',
      gzip,
      bytes: bytes.length,
      storedAt: 0,
      time: '2026-01-01T00:00:00Z',
      again: undefined,
    },
    async *read() {
      for (let i = 0; i < bytes.length; i += chunkBytes) yield new Uint8Array(bytes.subarray(i, i + chunkBytes))
    },
    ack: async () => {},
    release: () => {},
    setAside: async () => {},
  }
}

export type Event = Record<string, unknown>
export const eventsOf = (piece: Piece): Event[] =>
  Array.from(piece.ends, (end, i) =>
    JSON.parse(Buffer.from(piece.bytes.subarray(i === 0 ? 0 : piece.ends[i - 1]!, end)).toString()),
  )

export type Script = (
  piece: Piece,
  signal: AbortSignal,
  attempt: number,
) => Receipt | undefined | Promise<Receipt | undefined>

/** Takes everything unless the script says otherwise; keeps what it took. */
export function createScriptedSink(
  name: string,
  script: Script = () => undefined,
  maxInFlight = 1,
  more: Partial<Pick<Sink, 'ordered' | 'form' | 'present' | 'returnsBytes'>> = {},
) {
  const events: Event[] = []
  const ids: string[] = []
  const settled: string[] = []
  const state = { attempts: 0, inFlight: 0, mostInFlight: 0, opens: 0 }
  const sink: Sink = {
    name,
    form: 'event',
    ordered: true,
    maxInFlight,
    ...more,
    open: async () => void state.opens++,
    async write(piece, signal) {
      state.inFlight++
      state.mostInFlight = Math.max(state.mostInFlight, state.inFlight)
      try {
        const receipt = (await script(piece, signal, ++state.attempts)) ?? DELIVERED
        const failed = new Set([...receipt.retry, ...receipt.rejected.map(each => each.index)])
        eventsOf(piece).forEach((event, i) => {
          if (failed.has(i)) return
          events.push(event)
          ids.push(piece.id(piece.lines[i]!))
        })
        return receipt
      } finally {
        state.inFlight--
      }
    },
    settled: batch => void settled.push(batch),
    close: async () => {},
  }
  return { sink, events, ids, settled, state }
}

export interface Scene {
  readonly dir: string
  store(text: Buffer, seal?: Partial<Seal> & { stored?: Buffer }): Promise<void>
  drain(sink: Sink, options?: Partial<DrainOptions>): Drain
  /** Metric values of the sink, by outcome, and what is pending. */
  books(sink: string): Promise<Record<string, number>>
  counter(name: string): Promise<Record<string, number>>
  deadLetters(sink: string): Promise<Event[]>
  readonly ledger: ReturnType<typeof createLedger>
  /** Resolves when nothing is pending for the sink. */
  idle(sink: string): Promise<void>
  readonly spool: ReturnType<typeof createDiskSpool>
  readonly log: ReturnType<typeof createTestLog>
  close(): Promise<void>
}

/** A real spool in a temporary folder, with its books. Pauses of drains last no time; `paused` has how long they were meant to be. */
export async function createScene(
  pool: Pool,
  sinks: readonly string[],
  options: { deadLettersMaxBytes?: number } = {},
): Promise<Scene & { paused: number[] }> {
  const dir = await mkdtemp(join(tmpdir(), 'delivery-'))
  const metrics = createMetrics()
  const ledger = createLedger(metrics, sinks)
  const log = createTestLog()
  const drains = new Map<string, Drain>()
  const paused: number[] = []
  const spool = createDiskSpool({
    dir: join(dir, 'spool'),
    sinks,
    maxBytes: 2 ** 30,
    minFreeBytes: 0,
    duplicateWindowMs: 0,
    onStored: batch => ledger.stored(batch),
    onSetAside: (batch, waiting) => {
      for (const sink of waiting) drains.get(sink)?.lost(batch, 'damaged')
    },
    log: log.log,
  })
  ledger.recovered(await spool.open())
  const values = async (name: string) => {
    const text = await metrics.render(() => {})
    const rows = text.split('\n').filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    return Object.fromEntries(
      rows.map(row => [row.slice(name.length, row.lastIndexOf(' ')), Number(row.slice(row.lastIndexOf(' ') + 1))]),
    )
  }
  return {
    dir,
    ledger,
    spool,
    log,
    paused,
    async idle(sink) {
      while (ledger.pending(sink) > 0) await new Promise(resolve => setTimeout(resolve, 1))
    },
    async store(text, { stored, ...seal } = {}) {
      const draft = await spool.draft()
      await draft.write(stored ?? gzipSync(text))
      await draft.commit({
        batchId: randomBytes(32),
        dataset: undefined,
        format: 'lines',
        gzip: true,
        time: '2026-01-01T00:00:00Z',
        deduplicate: false,
        lines: claimOf(text).batch.lines,
        ...seal,
      })
    },
    drain(sink, more = {}) {
      const deadLetters = createDeadLetters({
        folder: join(dir, 'dead-letters', sink.name),
        maxBytes: options.deadLettersMaxBytes ?? 2 ** 20,
        now: () => Date.UTC(2026, 0, 2),
      })
      const drain = createDrain({
        sink,
        spool,
        pool,
        ledger,
        deadLetters,
        metrics,
        log: log.log,
        encode: workerSettings().encode,
        reportsLines: true,
        random: () => 0.5,
        sleep: async (ms, signal) => {
          paused.push(ms)
          await new Promise(resolve => setTimeout(resolve, 1))
          signal.throwIfAborted()
        },
        ...more,
      })
      drains.set(sink.name, drain)
      drain.run().catch(() => {})
      return drain
    },
    async books(sink) {
      const events = await values('intake_events_total')
      const of = (outcome: string) => events[`{sink="${sink}",outcome="${outcome}"}`] ?? 0
      const pending = (await values('intake_pending_lines'))[`{sink="${sink}"}`] ?? 0
      return { delivered: of('delivered'), filtered: of('filtered'), dead: of('dead_lettered'), pending }
    },
    counter: values,
    async deadLetters(sink) {
      const folder = join(dir, 'dead-letters', sink)
      const names = await readdir(folder).catch(() => [])
      const texts = await Promise.all(names.map(name => readFile(join(folder, name), 'utf8')))
      const rows = texts.join('').split('\n').filter(Boolean)
      return rows.map(row => JSON.parse(row))
    },
    async close() {
      await Promise.all([...drains.values()].map(drain => drain.stop(0)))
      await spool.close()
      metrics.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
