import { DamagedError } from '../errors.ts'
import { uuidsOf } from '../lib/uuid.ts'
import type { Piece, PieceNeeds } from '../sinks/sink.ts'
import type { Batch, Claim } from '../spool/spool.ts'
import { type BatchReason, batchRow, type Refusal } from './dead-letter.ts'
import type { Ledger, Outcome } from './ledger.ts'
import { pieceOf, slicePiece } from './pieces.ts'
import type { Pool } from './pool.ts'
import type { Reading } from './reading.ts'
import { createRefusals, DISK_PAUSE_MS, type RefusalsDeps } from './refusals.ts'
import type { BatchStatistics } from './statistics.ts'
import { WorkerError } from './worker-thread.ts'
import { writeRows } from './write-rows.ts'

export interface HandDeps extends Omit<RefusalsDeps, 'onWritten'> {
  readonly pool: Pick<Pool, 'read'>
  readonly needs: PieceNeeds
  readonly ledger: Ledger
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

export function createHand(deps: HandDeps, claim: Claim): Hand {
  const { sink, pool, needs, ledger, log, now, pause, signal } = deps
  const { batch } = claim
  const id = uuidsOf(batch.batchId)
  /** Events given, by dataset. */
  const given = new Map<string, number>()
  let reading: Reading | undefined = pool.read(claim, needs, false)
  let strikes = 0
  let settled = 0
  let damage: string | undefined
  let statistics: BatchStatistics | undefined
  let unreadable = false
  let released = false

  const settle = (outcome: Outcome, lines: number) => {
    const counted = Math.min(lines, batch.lines - settled)
    settled += counted
    ledger.settle(sink, outcome, counted)
  }
  const refusals = createRefusals({ ...deps, onWritten: events => settle('dead_lettered', events) }, claim)

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
      if (!unreadable)
        log.warn({ sink, batch: batch.name, err: error }, 'A batch could not be read; it is tried again.')
      unreadable = true
      await pause(DISK_PAUSE_MS)
    }
  }

  const setAside = async (reason: string) => {
    const lost = batch.lines - settled
    await writeLost('damaged', lost, reason)
    await claim.setAside(reason)
    settle('dead_lettered', lost)
  }

  /** Nothing of it was lost, so it is not damaged. The books are closed over lines that it should hold and does not. */
  const closeMiscounted = async (found: number) => {
    log.error(
      { sink, batch: batch.name, stored: batch.lines, found },
      `A batch was stored as ${batch.lines} lines and holds ${found}; none of those is lost.`,
    )
    const missing = batch.lines - settled
    if (missing === 0) return
    await writeLost('miscounted', missing, `it was stored as ${batch.lines} lines and holds ${found}`)
    settle('dead_lettered', missing)
  }

  const writeLost = (reason: BatchReason, lines: number, detail: string) =>
    writeRows(deps, [batchRow(batch, sink, new Date(now()).toISOString(), reason, lines, detail)])

  return {
    batch,
    async next() {
      while (damage === undefined) {
        reading ??= pool.read(claim, needs, strikes > 0)
        const from = reading
        try {
          const encoded = await from.next()
          if (encoded === undefined) {
            statistics = from.statistics
            return undefined
          }
          const release = () => from.giveBack(encoded.bytes)
          const piece = notGiven({ ...pieceOf(encoded, batch, id), release })
          if (piece !== undefined) {
            unreadable = false
            return piece
          }
          release()
        } catch (error) {
          await recover(error)
        }
      }
      return undefined
    },
    delivered: events => settle('delivered', events),
    refused: refusals.add,
    async finish() {
      await refusals.flush()
      await refusals.close()
      if (damage !== undefined) await setAside(damage)
      else {
        const { lines, filtered } = statistics!
        settle('filtered', filtered)
        if (lines !== batch.lines) await closeMiscounted(lines)
        await claim.ack()
      }
      return statistics
    },
    release() {
      if (released) return
      released = true
      reading?.cancel()
      refusals.close().catch(() => {})
      claim.release()
    },
  }
}
