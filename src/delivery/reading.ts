import { DamagedError } from '../errors.ts'
import { createDeque } from '../lib/deque.ts'
import { freeBuffer } from '../lib/free-buffer.ts'
import type { PieceNeeds } from '../sinks/sink.ts'
import type { Claim } from '../spool/spool.ts'
import type { EncodedPiece } from './piece-builder.ts'
import { CHUNKS_AHEAD, PIECES_AHEAD } from './protocol.ts'
import type { BatchStatistics } from './statistics.ts'
import { type JobListener, WorkerError, type WorkerThread } from './worker-thread.ts'

/** One passage of a batch through a worker. Begins at once, and goes on by itself until PIECES_AHEAD pieces wait. */
export interface Reading {
  /**
   * The next piece, in order, always the same ones for a batch; undefined at the end. Throws DamagedError, UnavailableError or
   * WorkerError, after the pieces that came before.
   */
  next(): Promise<EncodedPiece | undefined>
  /** Takes back the bytes of a piece, which nobody reads any more. */
  giveBack(bytes: Uint8Array): void
  /** There after next() gave undefined. */
  readonly statistics: BatchStatistics | undefined
  /** Since when it waits for its worker and not for whoever takes the pieces, by performance.now(). */
  readonly waitsSince: number | undefined
  /** Idempotent; next() then rejects. */
  cancel(): void
}

/** A worker for one job. */
export interface Lease {
  readonly job: number
  readonly thread: WorkerThread
  /** Idempotent. */
  giveBack(): void
}

export function startReading(
  claim: Pick<Claim, 'batch' | 'read'>,
  { form, returnsBytes }: PieceNeeds,
  lend: (signal: AbortSignal) => Promise<Lease>,
): Reading {
  const stop = new AbortController()
  const pieces = createDeque<EncodedPiece>()
  let lease: Lease | undefined
  let credit = CHUNKS_AHEAD
  let creditCame: (() => void) | undefined
  let pieceCame: (() => void) | undefined
  let statistics: BatchStatistics | undefined
  let failure: unknown
  let over = false
  /** When something last went to the worker or came from it. */
  let movedAt = performance.now()

  const finish = () => {
    over = true
    stop.abort(failure)
    lease?.giveBack()
    creditCame?.()
    pieceCame?.()
  }
  const fail = (error: unknown) => {
    if (over) return
    failure = error
    finish()
  }

  const listener: JobListener = message => {
    movedAt = performance.now()
    if (message.kind === 'died') return fail(message.error)
    if (message.kind === 'failed')
      return fail(message.damaged ? new DamagedError(message.message) : new WorkerError(message.message))
    if (message.kind === 'more') {
      credit++
      creditCame?.()
    } else if (message.kind === 'piece') {
      pieces.push(message.piece)
      pieceCame?.()
    } else if (message.kind === 'done') {
      statistics = message.statistics
      finish()
    }
  }

  const feed = async () => {
    lease = await lend(stop.signal)
    if (over) return lease.giveBack()
    const { job, thread } = lease
    const { batchId, dataset, time, format, gzip, bytes: storedBytes } = claim.batch
    thread.listen(job, listener)
    thread.send({
      kind: 'begin',
      job,
      description: { batchId, dataset, time, format, gzip, storedBytes, form, returnsBytes: returnsBytes === true },
    })
    for await (const chunk of claim.read(stop.signal)) {
      while (credit === 0 && !over) await new Promise<void>(resolve => (creditCame = resolve))
      if (over) return
      credit--
      movedAt = performance.now()
      thread.send({ kind: 'chunk', job, bytes: chunk }, [chunk.buffer])
    }
    if (over) return
    credit--
    movedAt = performance.now()
    thread.send({ kind: 'end', job })
  }
  feed().catch(error => {
    if (lease !== undefined && !over) lease.thread.send({ kind: 'cancel', job: lease.job })
    fail(error)
  })

  const giveBack = (bytes: Uint8Array) => {
    const { buffer } = bytes
    if (buffer instanceof SharedArrayBuffer) lease?.thread.send({ kind: 'spare', buffer })
    else freeBuffer(bytes)
  }

  return {
    async next() {
      while (pieces.length === 0 && !over) await new Promise<void>(resolve => (pieceCame = resolve))
      const piece = pieces.shift()
      if (piece !== undefined) {
        movedAt = performance.now()
        if (!over) lease?.thread.send({ kind: 'taken', job: lease.job })
        return piece
      }
      if (statistics === undefined) throw failure
      return undefined
    },
    giveBack,
    get statistics() {
      return statistics
    },
    get waitsSince() {
      const waits = !over && lease !== undefined && credit < CHUNKS_AHEAD && pieces.length < PIECES_AHEAD
      return waits ? movedAt : undefined
    },
    cancel() {
      if (over) return
      lease?.thread.send({ kind: 'cancel', job: lease.job })
      for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) giveBack(piece.bytes)
      fail(new Error('The reading was cancelled.'))
    },
  }
}
