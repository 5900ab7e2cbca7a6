import { PermanentError, RetryableError } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import { DELIVERED, type Piece, type Receipt, type Sink } from '../sinks/sink.ts'
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
  state: 'waiting' | 'in flight' | 'resting'
  /** How many slots the piece from next() is in: halves share it. */
  readonly whole: { slots: number }
  /** Once it has rested. */
  patience?: ReturnType<Outage['patience']>
}

/** What rests may hold so many bytes and pieces; beyond it nothing new is asked for. */
const MAX_RESTING_BYTES = 16 * 1024 * 1024
const MAX_RESTING = 256

/**
 * Writes pieces to the sink with at most sink.maxInFlight unsettled. After a failed write it waits for those in flight, pauses, and
 * begins again at the first unsettled piece, one at a time until one works. Where the sink is not `ordered`, events that a receipt wants
 * sent again, and a piece that failed by itself, rest by themselves and others go on. Resolves when all is settled; rejects with the
 * signal's reason.
 */
export async function writePieces<O extends Owner>(deps: WindowDeps<O>): Promise<void> {
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
    if (item !== undefined) slots.push({ ...item, state: 'waiting', whole: { slots: 1 } })
  }

  const issue = async (slot: Slot<O>) => {
    slot.state = 'in flight'
    inFlight++
    try {
      const outcome = await attempt(slot)
      if ('receipt' in outcome) await take(slot, outcome.receipt)
      else if (!signal.aborted) await takeError(slot, outcome.error)
    } finally {
      if (slot.state === 'in flight') slot.state = 'waiting'
      inFlight--
    }
  }

  const attempt = async (slot: Slot<O>): Promise<{ receipt: Receipt } | { error: unknown }> => {
    const started = performance.now()
    try {
      const deadline = deadlineOf(deps)
      if (slot.piece.again && sink.present !== undefined) skip(slot, await sink.present(slot.piece, deadline))
      return { receipt: slot.piece.ends.length === 0 ? DELIVERED : await sink.write(slot.piece, deadline) }
    } catch (error) {
      return { error }
    } finally {
      metrics.sinkWriteDuration.observe({ sink: sink.name }, (performance.now() - started) / 1000)
    }
  }

  /** What is there already is delivered. */
  const skip = (slot: Slot<O>, present: readonly number[]) => {
    if (present.length === 0) return
    const there = new Set(present)
    const rest = [...slot.piece.ends.keys()].filter(index => !there.has(index))
    slot.owner.delivered(slot.piece.ends.length - rest.length)
    slot.piece = pickEvents(slot.piece, rest)
  }

  const take = async (slot: Slot<O>, receipt: Receipt) => {
    const total = slot.piece.ends.length
    const isEvent = (index: number) => index >= 0 && index < total
    const rejected = new Map(receipt.rejected.filter(({ index }) => isEvent(index)).map(each => [each.index, each]))
    const retry = [...new Set(receipt.retry)]
      .filter(index => isEvent(index) && !rejected.has(index))
      .sort((a, b) => a - b)
    metrics.sinkAttempts.inc({ sink: sink.name, outcome: rejected.size + retry.length === 0 ? 'ok' : 'partial' })
    if (receipt.conflicts) metrics.taggedEvents.inc({ tag: MAPPING_CONFLICT }, receipt.conflicts)
    slot.owner.delivered(total - rejected.size - retry.length)
    const isProgress = retry.length < total
    if (retry.length === 0 || (isProgress && !sink.ordered)) worked()
    const refusals = [...rejected.values()].map(each => refusalOf(slot.piece, each))
    if (retry.length > 0) slot.piece = pickEvents(slot.piece, retry)
    if (refusals.length > 0) await slot.owner.refused(refusals)
    if (retry.length === 0) return remove(slot)
    const error = receipt.cause ?? new RetryableError(`The sink took ${total - retry.length} of ${total} events.`)
    failed(slot, { ...failureOf(error), progress: isProgress }, true)
  }

  const takeError = async (slot: Slot<O>, error: unknown) => {
    if (error instanceof PermanentError) {
      metrics.sinkAttempts.inc({ sink: sink.name, outcome: 'permanent' })
      worked()
      return refuseWhole(slot, error)
    }
    metrics.sinkAttempts.inc({ sink: sink.name, outcome: 'retryable' })
    failed(slot, failureOf(error), error instanceof RetryableError && error.ofPieceAlone)
  }

  const refuseWhole = async (slot: Slot<O>, error: PermanentError) => {
    const total = slot.piece.ends.length
    if (total === 1) {
      await slot.owner.refused([refusalOf(slot.piece, { index: 0, reason: 'refused', detail: error.message })])
      return remove(slot)
    }
    const half = total >> 1
    const second: Slot<O> = {
      owner: slot.owner,
      whole: slot.whole,
      piece: slicePiece(slot.piece, half, total),
      state: 'waiting',
    }
    slot.whole.slots++
    slot.piece = slicePiece(slot.piece, 0, half)
    slots.splice(slots.indexOf(slot) + 1, 0, second)
    halving = sink.ordered
  }

  const worked = () => {
    limit = sink.maxInFlight
    outage.worked()
  }
  const failed = (slot: Slot<O>, more: Failure, alone: boolean) => {
    if (alone && !sink.ordered) {
      outage.someWait(more)
      slot.patience ??= outage.patience()
      slot.state = 'resting'
      return background(rest(slot, slot.patience.next(more)))
    }
    limit = 1
    // Of several failures at a time the one with the longest pause counts.
    if (failure === undefined || more.needsOperator === true || (more.retryAfterMs ?? 0) > (failure.retryAfterMs ?? 0))
      failure = more
  }
  const rest = async (slot: Slot<O>, ms: number) => {
    await deps.pause(ms)
    slot.state = 'waiting'
  }

  const remove = (slot: Slot<O>) => {
    slots.splice(slots.indexOf(slot), 1)
    if (--slot.whole.slots === 0) deps.settled(slot.owner)
  }

  /** Whether one more piece may be held. */
  const hasRoom = () => {
    const resting = slots.filter(slot => slot.state === 'resting')
    if (slots.length - resting.length >= limit || resting.length >= MAX_RESTING) return false
    return resting.reduce((sum, slot) => sum + slot.piece.bytes.length, 0) < MAX_RESTING_BYTES
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
      const waiting = slots.find(slot => slot.state === 'waiting')
      const held = failure !== undefined || halving || broken !== undefined || signal.aborted
      if (!held && waiting !== undefined && inFlight < limit) background(issue(waiting))
      else if (!held && waiting === undefined && source === 'open' && hasRoom()) background(ask())
      else {
        await wake.promise
        wake = Promise.withResolvers<void>()
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

const MAPPING_CONFLICT = 'logpush.mapping_conflict'

function deadlineOf<O extends Owner>({ signal, writeTimeoutMs }: WindowDeps<O>): AbortSignal {
  return writeTimeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(writeTimeoutMs)])
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof RetryableError)) return { error }
  return { error, retryAfterMs: error.retryAfterMs, needsOperator: error.needsOperator }
}

function refusalOf(piece: Piece, { index, reason, detail }: Receipt['rejected'][number]): Refusal {
  return { line: piece.lines[index]!, dataset: piece.dataset, reason, detail }
}
