import { DamagedError } from '../errors.ts'
import { InflateError } from '../lib/inflate.ts'
import { uuidsOf } from '../lib/uuid.ts'
import type { Piece } from '../sinks/sink.ts'
import type { Batch, Claim } from '../spool/spool.ts'
import { damagedRow, type Original, type Refusal, refusalRow } from './dead-letter.ts'
import type { DeadLetters, Row } from './dead-letters.ts'
import type { Ledger, Outcome } from './ledger.ts'
import { createLineReader, type LineReaderOptions } from './line-reader.ts'
import type { Log } from './log.ts'
import { pieceOf, slicePiece } from './pieces.ts'
import type { Pool } from './pool.ts'
import type { Reading } from './reading.ts'
import type { BatchStatistics } from './statistics.ts'
import { WorkerError } from './worker-thread.ts'

export interface HandDeps {
  readonly sink: string
  readonly pool: Pick<Pool, 'read'>
  readonly ledger: Ledger
  readonly deadLetters: DeadLetters
  readonly lines: LineReaderOptions
  readonly log: Log
  readonly now: () => number
  /** Rejects when the drain gives up. */
  readonly pause: (ms: number) => Promise<void>
  /** Aborted when the drain gives up. */
  readonly signal: AbortSignal
}

/**
 * A batch on its way to one sink: gives its pieces, keeps its books, and ends in ack or set aside. Each line is settled once,
 * also where the batch is read again because a worker died: what was given before is not given again.
 */
export interface Hand {
  readonly batch: Batch
  /** The next piece; undefined when no more will come. Rejects only when the drain gives up. */
  next(): Promise<Piece | undefined>
  delivered(events: number): void
  /** Refused events of pieces that were given. Resolves when there is room for more. */
  refused(refusals: readonly Refusal[]): Promise<void>
  /**
   * All pieces were given and are settled. Resolves when the batch has left this sink's queue, with what its lines were, if it
   * was read whole.
   */
  finish(): Promise<BatchStatistics | undefined>
  /** Gives it back to the spool as it is. Idempotent. */
  release(): void
}

/** A batch whose mapping fails so often is set aside; from the second time on it is alone in its worker. */
const MAX_STRIKES = 3
const DISK_PAUSE_MS = 1000
/** How many refusals, and how many bytes of their rows, are held at most. */
const MAX_REFUSALS = 1000
const MAX_ROWS_BYTES = 4 * 1024 * 1024
const FULL_PAUSE_MS = 5000

export function createHand(deps: HandDeps, claim: Claim): Hand {
  const { sink, pool, ledger, deadLetters, log, now, pause, signal } = deps
  const { batch } = claim
  const id = uuidsOf(batch.batchId)
  const reader = createLineReader(claim, deps.lines, signal)
  /** Events given, by dataset. */
  const given = new Map<string, number>()
  let reading: Reading | undefined = pool.read(claim, false)
  let strikes = 0
  let settled = 0
  let damage: string | undefined
  let statistics: BatchStatistics | undefined
  let refusals: Refusal[] = []
  let released = false

  const settle = (outcome: Outcome, lines: number) => {
    const counted = Math.min(lines, batch.lines - settled)
    settled += counted
    ledger.settle(sink, outcome, counted)
  }

  const notGiven = (piece: Piece): Piece | undefined => {
    const skipped = Math.max(0, (given.get(piece.dataset) ?? 0) - piece.first)
    if (skipped >= piece.ends.length) return undefined
    given.set(piece.dataset, piece.first + piece.ends.length)
    return slicePiece(piece, skipped, piece.ends.length)
  }

  /** Decides how to go on after the reading failed. */
  const recover = async (error: unknown) => {
    signal.throwIfAborted()
    reading = undefined
    if (error instanceof DamagedError) damage = error.message
    else if (error instanceof WorkerError) {
      strikes++
      log.warn({ sink, batch: batch.name, strikes, err: error }, 'Mapping a batch failed.')
      if (strikes >= MAX_STRIKES) damage = `mapping it failed ${strikes} times: ${error.message}`
    } else {
      log.warn({ sink, batch: batch.name, err: error }, 'A batch could not be read; it is tried again.')
      await pause(DISK_PAUSE_MS)
    }
  }

  const insist = async (rows: readonly Row[]) => {
    for (let said = false; ; said = true) {
      try {
        if (await deadLetters.append(rows)) return
        if (!said)
          log.error(
            { sink },
            'The dead letters have reached DEAD_LETTERS_MAX_BYTES; the sink waits until some are redriven or discarded.',
          )
      } catch (error) {
        if (!said) log.error({ sink, err: error }, 'Dead letters cannot be written; the sink waits.')
      }
      await pause(FULL_PAUSE_MS)
    }
  }

  /** Rows are durable before their lines count as settled. */
  const writeRefusals = async () => {
    const waiting = refusals.sort((a, b) => a.line - b.line)
    refusals = []
    const time = new Date(now()).toISOString()
    let rows: Row[] = []
    let bytes = 0
    const flush = async () => {
      if (rows.length > 0) await insist(rows)
      settle('dead_lettered', rows.length)
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
    for (;;) {
      const numbers = sorted.slice(done).map(refusal => refusal.line)
      try {
        await reader.read(numbers, (_number, line) => take(sorted[done++]!, line))
        return
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof DamagedError || error instanceof InflateError) return
        log.warn({ sink, batch: batch.name, err: error }, 'A batch could not be read; it is tried again.')
        await pause(DISK_PAUSE_MS)
      }
    }
  }

  const setAside = async (reason: string) => {
    const lost = batch.lines - settled
    await insist([damagedRow(batch, sink, new Date(now()).toISOString(), lost, reason)])
    await claim.setAside(reason)
    settle('dead_lettered', lost)
  }

  return {
    batch,
    async next() {
      while (damage === undefined) {
        reading ??= pool.read(claim, strikes > 0)
        try {
          const encoded = await reading.next()
          if (encoded === undefined) {
            statistics = reading.statistics
            return undefined
          }
          const piece = notGiven(pieceOf(encoded, batch.name, id))
          if (piece !== undefined) return piece
        } catch (error) {
          await recover(error)
        }
      }
      return undefined
    },
    delivered: events => settle('delivered', events),
    async refused(more) {
      refusals.push(...more)
      if (refusals.length >= MAX_REFUSALS) await writeRefusals()
    },
    async finish() {
      if (refusals.length > 0) await writeRefusals()
      await reader.close()
      settle('filtered', statistics?.filtered ?? 0)
      if (damage === undefined && settled < batch.lines)
        damage = `it holds ${statistics?.lines} lines, not ${batch.lines}`
      if (damage !== undefined) await setAside(damage)
      else await claim.ack()
      return statistics
    },
    release() {
      if (released) return
      released = true
      reading?.cancel()
      reader.close().catch(() => {})
      claim.release()
    },
  }
}
