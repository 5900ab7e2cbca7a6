import { DamagedError } from '../errors.ts'
import { InflateError } from '../lib/inflate.ts'
import { createSerial } from '../lib/serial.ts'
import { uuidsOf } from '../lib/uuid.ts'
import type { Claim } from '../spool/spool.ts'
import { type Original, type Refusal, refusalRow } from './dead-letter.ts'
import type { Row } from './dead-letters.ts'
import { createLineReader, type LineReaderOptions } from './line-reader.ts'
import { type WriteRowsDeps, writeRows } from './write-rows.ts'

export interface RefusalsDeps extends WriteRowsDeps {
  readonly lines: LineReaderOptions
  readonly now: () => number
  /** How many are held at most before their rows are written; default 1000. */
  readonly maxRefusals?: number | undefined
  /** Aborted when the drain gives up. */
  readonly signal: AbortSignal
  /** So many refused events are durable as dead letters. */
  readonly onWritten: (events: number) => void
}

/** The refused events of one batch on their way to the dead letters, each with its original line. */
export interface Refusals {
  /** Resolves when there is room for more. May be called while an earlier call goes on. Rejects only when the drain gives up. */
  add(refusals: readonly Refusal[]): Promise<void>
  /** Resolves when all that were added are written. Rejects only when the drain gives up. */
  flush(): Promise<void>
  close(): Promise<void>
}

const MAX_REFUSALS = 1000
/** How many bytes of rows are held at most. */
const MAX_ROWS_BYTES = 4 * 1024 * 1024
/** How long to wait before a batch is read again that could not be read. */
export const DISK_PAUSE_MS = 1000

export function createRefusals(deps: RefusalsDeps, claim: Pick<Claim, 'batch' | 'read'>): Refusals {
  const { sink, log, now, pause, signal, maxRefusals = MAX_REFUSALS } = deps
  const { batch } = claim
  const id = uuidsOf(batch.batchId)
  const reader = createLineReader(claim, deps.lines, signal)
  /** Pieces in flight are refused at a time, and there is one reader: two that pulled it would get each other's lines. */
  const serial = createSerial()
  let refusals: Refusal[] = []

  /** Rows are durable before their lines count as settled. */
  const write = async () => {
    const waiting = refusals.sort((a, b) => a.line - b.line)
    refusals = []
    const time = new Date(now()).toISOString()
    let rows: Row[] = []
    let bytes = 0
    const flush = async () => {
      if (rows.length > 0) await writeRows(deps, rows)
      deps.onWritten(rows.length)
      rows = []
      bytes = 0
    }
    let written = 0
    const take = async (refusal: Refusal, original: Original | undefined) => {
      const row = refusalRow(batch, sink, id(refusal.line), time, refusal, original)
      rows.push(row)
      bytes += row.json.length
      written++
      if (bytes >= MAX_ROWS_BYTES) await flush()
    }
    await withOriginals(waiting, take)
    // What is left has no original that could be read.
    for (const refusal of waiting.slice(written)) await take(refusal, undefined)
    await flush()
  }

  const withOriginals = async (
    sorted: readonly Refusal[],
    take: (refusal: Refusal, original: Original) => Promise<void>,
  ) => {
    let done = 0
    for (let said = false; ; said = true) {
      const numbers = sorted.slice(done).map(refusal => refusal.line)
      try {
        await reader.read(numbers, (_number, line) => take(sorted[done++]!, line))
        return
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof DamagedError || error instanceof InflateError) return
        if (!said) log.warn({ sink, batch: batch.name, err: error }, 'A batch could not be read; it is tried again.')
        await pause(DISK_PAUSE_MS)
      }
    }
  }

  return {
    add: more =>
      serial(async () => {
        refusals.push(...more)
        if (refusals.length >= maxRefusals) await write()
      }),
    flush: () =>
      serial(async () => {
        if (refusals.length > 0) await write()
      }),
    close: reader.close,
  }
}
