import { PermanentError, RetryableError } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import type { Piece, Receipt, Sink } from '../sinks/sink.ts'
import type { Refusal } from './dead-letter.ts'
import type { Failure, Outage } from './outage.ts'
import { pickEvents, slicePiece } from './pieces.ts'

/** Whom a piece's outcome is told. Each event of a piece is told once: delivered or refused. */
export interface Owner {
  delivered(events: number): void
  refused(refusals: readonly Refusal[]): Promise<void>
}

export interface Item<O extends Owner> {
  readonly owner: O
  readonly piece: Piece
}

export interface WindowDeps<O extends Owner> {
  readonly sink: Sink
  readonly outage: Outage
  readonly metrics: Metrics
  /** The next piece, in order; undefined when no more will come. One call at a time. */
  readonly next: () => Promise<Item<O> | undefined>
  /** All events of a piece from next() are settled. */
  readonly settled: (owner: O) => void
  /** A write is aborted after so long; undefined leaves it its time. */
  readonly writeTimeoutMs: number | undefined
  readonly pause: (ms: number) => Promise<void>
  readonly signal: AbortSignal
}

interface Slot<O extends Owner> {
  readonly owner: O
  piece: Piece
  inFlight: boolean
  /** How many slots the piece from next() is in: halves share it. */
  readonly whole: { slots: number }
}

/**
 * Writes pieces to the sink in order, with at most sink.maxInFlight unsettled. After a failed write it waits for those in
 * flight, pauses, and begins again at the first unsettled piece, one at a time until one works. Resolves when all is settled;
 * rejects with the signal's reason.
 */
export async function writeInOrder<O extends Owner>(deps: WindowDeps<O>): Promise<void> {
  const { sink, outage, metrics, next, signal } = deps
  const slots: Slot<O>[] = []
  let inFlight = 0
  let limit = sink.maxInFlight
  let failure: Failure | undefined
  let halving = false
  let broken: { error: unknown } | undefined
  let source = 'open' as 'open' | 'asked' | 'ended'
  let wake = Promise.withResolvers<void>()

  const ask = async () => {
    source = 'asked'
    const item = await next()
    source = item === undefined ? 'ended' : 'open'
    if (item !== undefined) slots.push({ ...item, inFlight: false, whole: { slots: 1 } })
  }

  const issue = async (slot: Slot<O>) => {
    slot.inFlight = true
    inFlight++
    try {
      const outcome = await attempt(slot.piece)
      if ('receipt' in outcome) await take(slot, outcome.receipt)
      else if (!signal.aborted) await takeError(slot, outcome.error)
    } finally {
      slot.inFlight = false
      inFlight--
    }
  }

  const attempt = async (piece: Piece): Promise<{ receipt: Receipt } | { error: unknown }> => {
    const started = performance.now()
    try {
      return { receipt: await sink.write(piece, deadlineOf(deps)) }
    } catch (error) {
      return { error }
    } finally {
      metrics.sinkWriteDuration.observe({ sink: sink.name }, (performance.now() - started) / 1000)
    }
  }

  const take = async (slot: Slot<O>, receipt: Receipt) => {
    const total = slot.piece.ends.length
    const isEvent = (index: number) => index >= 0 && index < total
    const rejected = new Map(receipt.rejected.filter(({ index }) => isEvent(index)).map(each => [each.index, each]))
    const retry = [...new Set(receipt.retry)]
      .filter(index => isEvent(index) && !rejected.has(index))
      .sort((a, b) => a - b)
    metrics.sinkAttempts.inc({ sink: sink.name, outcome: rejected.size + retry.length === 0 ? 'ok' : 'partial' })
    slot.owner.delivered(total - rejected.size - retry.length)
    if (retry.length === 0) worked()
    if (rejected.size > 0) await slot.owner.refused([...rejected.values()].map(each => refusalOf(slot.piece, each)))
    if (retry.length === 0) return remove(slot)
    slot.piece = pickEvents(slot.piece, retry)
    fail({
      error: new RetryableError(`The sink took ${total - retry.length} of ${total} events.`),
      progress: retry.length < total,
    })
  }

  const takeError = async (slot: Slot<O>, error: unknown) => {
    if (error instanceof PermanentError) {
      metrics.sinkAttempts.inc({ sink: sink.name, outcome: 'permanent' })
      worked()
      return refuseWhole(slot, error)
    }
    metrics.sinkAttempts.inc({ sink: sink.name, outcome: 'retryable' })
    if (error instanceof RetryableError)
      fail({ error, retryAfterMs: error.retryAfterMs, needsOperator: error.needsOperator })
    else fail({ error })
  }

  const refuseWhole = async (slot: Slot<O>, error: PermanentError) => {
    const total = slot.piece.ends.length
    if (total === 1) {
      await slot.owner.refused([refusalOf(slot.piece, { index: 0, reason: 'refused', detail: error.message })])
      return remove(slot)
    }
    const half = total >> 1
    const second = { ...slot, piece: slicePiece(slot.piece, half, total), inFlight: false }
    slot.whole.slots++
    slot.piece = slicePiece(slot.piece, 0, half)
    slots.splice(slots.indexOf(slot) + 1, 0, second)
    halving = true
  }

  const worked = () => {
    limit = sink.maxInFlight
    outage.worked()
  }
  /** Of several failures at a time the one with the longest pause counts. */
  const fail = (more: Failure) => {
    limit = 1
    if (failure === undefined || more.needsOperator === true || (more.retryAfterMs ?? 0) > (failure.retryAfterMs ?? 0))
      failure = more
  }

  const remove = (slot: Slot<O>) => {
    slots.splice(slots.indexOf(slot), 1)
    if (--slot.whole.slots === 0) deps.settled(slot.owner)
  }

  const background = (task: Promise<void>) => {
    task.catch(error => (broken ??= { error })).finally(() => wake.resolve())
  }
  const onAbort = () => wake.resolve()
  signal.addEventListener('abort', onAbort, { once: true })

  try {
    for (;;) {
      if (inFlight === 0) {
        signal.throwIfAborted()
        if (broken !== undefined) throw broken.error
        if (failure !== undefined) {
          const pauseMs = outage.failed(failure)
          failure = undefined
          await deps.pause(pauseMs)
        }
        halving = false
        if (slots.length === 0 && source === 'ended') return
      }
      const waiting = slots.find(slot => !slot.inFlight)
      const held = failure !== undefined || halving || broken !== undefined || signal.aborted
      if (!held && waiting !== undefined && inFlight < limit) background(issue(waiting))
      else if (!held && waiting === undefined && slots.length < limit && source === 'open') background(ask())
      else {
        await wake.promise
        wake = Promise.withResolvers<void>()
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function deadlineOf<O extends Owner>({ signal, writeTimeoutMs }: WindowDeps<O>): AbortSignal {
  return writeTimeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(writeTimeoutMs)])
}

function refusalOf(piece: Piece, { index, reason, detail }: Receipt['rejected'][number]): Refusal {
  return { line: piece.lines[index]!, dataset: piece.dataset, reason, detail }
}
