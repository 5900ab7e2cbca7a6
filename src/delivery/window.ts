import { PermanentError, RetryableError } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import { DELIVERED, MAPPING_CONFLICT, type Piece, type Receipt, type Sink } from '../sinks/sink.ts'
import type { Refusal } from './dead-letter.ts'
import type { Failure, Outage } from './outage.ts'
import { pickEvents } from './pieces.ts'
import { createSlots, type Slot } from './slots.ts'

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

interface Trouble {
  readonly error: unknown
  /** It says nothing of other pieces. */
  readonly alone: boolean
}

/** What rests may hold so many bytes and pieces; beyond it nothing new is asked for. */
const MAX_RESTING_BYTES = 32 * 1024 * 1024
const MAX_RESTING = 2048
const FAILURES_TO_HALVE = 2

/**
 * Writes pieces to the sink with at most sink.maxInFlight unsettled. After a failed write it waits for those in flight, pauses, and
 * begins again at the first unsettled piece, one at a time until one works. Where the sink is not `ordered`, the next to be tried is
 * another piece, and what fails while others work rests by itself: events that a receipt wants sent again, a piece that is refused for
 * itself. Resolves when all is settled; rejects with the signal's reason.
 */
export async function writePieces<O extends Owner>(deps: WindowDeps<O>): Promise<void> {
  const { sink, outage, metrics, next, signal } = deps
  const slots = createSlots<O>()
  let inFlight = 0
  let limit = sink.maxInFlight
  let successes = 0
  let failure: Failure | undefined
  let halving = false
  let broken: { error: unknown } | undefined
  let source = 'open' as 'open' | 'asked' | 'ended'
  let wake = Promise.withResolvers<void>()

  const ask = async () => {
    source = 'asked'
    const item = await next()
    source = item === undefined ? 'ended' : 'open'
    if (item !== undefined) slots.add(item.owner, item.piece)
  }

  const issue = async (slot: Slot<O>) => {
    slot.state = 'in flight'
    inFlight++
    try {
      const outcome = await attempt(slot)
      if ('receipt' in outcome) await take(slot, outcome.receipt)
      else if (!signal.aborted) await takeError(slot, outcome)
    } finally {
      if (slot.state === 'in flight') slot.state = 'waiting'
      inFlight--
    }
  }

  const attempt = async (slot: Slot<O>): Promise<{ receipt: Receipt } | Trouble> => {
    const started = performance.now()
    // Who may write need not have the right to ask.
    let isAsking = false
    const deadline = deadlineOf(deps)
    try {
      if (slot.piece.again && sink.present !== undefined) {
        isAsking = true
        skip(slot, await sink.present(slot.piece, deadline))
        isAsking = false
      }
      return { receipt: slot.piece.ends.length === 0 ? DELIVERED : await sink.write(slot.piece, deadline) }
    } catch (error) {
      // A write that was given up may still read the bytes.
      if (deadline.aborted) slot.whole.release = undefined
      return { error, alone: isAsking || (error instanceof RetryableError && error.ofPieceAlone) }
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

  const takeError = async (slot: Slot<O>, { error, alone }: Trouble) => {
    if (error instanceof PermanentError) {
      metrics.sinkAttempts.inc({ sink: sink.name, outcome: 'permanent' })
      worked()
      return refuseWhole(slot, error)
    }
    metrics.sinkAttempts.inc({ sink: sink.name, outcome: 'retryable' })
    if (isWorthHalving(slot, error, alone)) slots.halve(slot)
    failed(slot, failureOf(error), alone)
  }

  /** So that in the end one event waits and not all that came with it, or that what is sent at a time can be answered in time. */
  const isWorthHalving = (slot: Slot<O>, error: unknown, alone: boolean) => {
    const timedOut = error instanceof RetryableError && error.timedOut
    if (alone || slot.piece.ends.length === 1 || !(timedOut || othersWork(slot))) return false
    return ++slot.ownFailures >= FAILURES_TO_HALVE
  }
  /** Others have worked since it failed before, so it is not the sink. */
  const othersWork = (slot: Slot<O>) => slot.failedAt !== undefined && successes > slot.failedAt

  const refuseWhole = async (slot: Slot<O>, error: PermanentError) => {
    const total = slot.piece.ends.length
    if (total === 1) {
      await slot.owner.refused([refusalOf(slot.piece, { index: 0, reason: 'refused', detail: error.message })])
      return remove(slot)
    }
    slots.halve(slot)
    halving = sink.ordered
  }

  const worked = () => {
    successes++
    limit = sink.maxInFlight
    outage.worked()
  }
  const failed = (slot: Slot<O>, more: Failure, alone: boolean) => {
    if (!sink.ordered && (alone || othersWork(slot))) {
      outage.someWait(more)
      slot.patience ??= outage.patience()
      slot.state = 'resting'
      return background(rest(slot, slot.patience.next(more)))
    }
    slot.failedAt = successes
    if (!sink.ordered) slots.moveToEnd(slot)
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
    if (!slots.remove(slot)) return
    if (sink.returnsBytes) slot.whole.release?.()
    deps.settled(slot.owner)
  }

  /** Whether one more piece may be held. */
  const hasRoom = () => {
    const { count, bytes } = slots.resting()
    // While the sink is down too, there has to be another one to try.
    const most = sink.ordered ? limit : Math.max(limit, 2)
    if (slots.length - count >= most) return false
    if (count < MAX_RESTING && bytes < MAX_RESTING_BYTES) return true
    outage.othersWait()
    return false
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
      const waiting = slots.waiting()
      const held = failure !== undefined || halving || broken !== undefined || signal.aborted
      if (!held && waiting !== undefined && inFlight < limit) background(issue(waiting))
      else if (!held && source === 'open' && waiting === undefined && hasRoom()) background(ask())
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

function failureOf(error: unknown): Failure {
  if (!(error instanceof RetryableError)) return { error }
  return { error, retryAfterMs: error.retryAfterMs, needsOperator: error.needsOperator }
}

function refusalOf(piece: Piece, { index, reason, detail }: Receipt['rejected'][number]): Refusal {
  return { line: piece.lines[index]!, dataset: piece.dataset, reason, detail }
}
