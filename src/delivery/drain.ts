import { setTimeout as sleepFor } from 'node:timers/promises'
import { createFieldDropper } from '../decode/drop-fields.ts'
import { RetryableError } from '../errors.ts'
import { abortable } from '../lib/abortable.ts'
import type { Metrics } from '../metrics.ts'
import type { Sink } from '../sinks/sink.ts'
import type { Batch, Spool } from '../spool/spool.ts'
import { batchRow } from './dead-letter.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { EncodeSettings } from './encode.ts'
import { createHand, type Hand } from './hand.ts'
import { type Ledger, reportStatistics } from './ledger.ts'
import type { Log } from './log.ts'
import { createOutage } from './outage.ts'
import type { Pool } from './pool.ts'
import { writePieces } from './window.ts'
import { writeRows } from './write-rows.ts'

export interface DrainOptions {
  readonly sink: Sink
  readonly spool: Pick<Spool, 'claim'>
  readonly pool: Pick<Pool, 'read' | 'workers'>
  readonly ledger: Ledger
  readonly deadLetters: DeadLetters
  readonly encode: Pick<EncodeSettings, 'maxLineBytes' | 'dropFields'>
  readonly metrics: Metrics
  readonly log: Log
  /** True for one drain only: it counts what the lines of each batch were (bad lines, rejected values, tags). */
  readonly reportsLines: boolean
  /** How many batches are read at a time at most; default one more than workers. */
  readonly maxBatchesAhead?: number
  /** How many refused events of a batch are held before they are written to the dead letters; default 1000. */
  readonly maxRefusals?: number
  /** A write is aborted after so long; default none, right for a sink on this machine. */
  readonly writeTimeoutMs?: number
  readonly now?: () => number
  readonly random?: () => number
  /** Rejects when the signal is aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

/**
 * Takes the batches of one sink from the spool to the sink: claims ahead so that several are mapped at a time, writes in order,
 * backs off while the sink is down, and acknowledges a batch when each of its lines is delivered, filtered or a dead letter.
 */
export interface Drain {
  readonly name: string
  /**
   * Once. Rejects only for a fault of the program; nothing is lost then, the next start of the service goes on. Resolves after
   * stop.
   */
  run(): Promise<void>
  /**
   * Claims no more and finishes what is in hand; what is not done after so long goes back to the spool. Resolves when all is
   * given back.
   */
  stop(deadlineMs: number): Promise<void>
  /**
   * Another sink set a batch aside before this one had it: its lines are dead letters here too. Nothing happens while it is in
   * hand here.
   */
  lost(batch: Batch, reason: string): void
}

/** How long a sink that was told to stop may take to notice. */
const ABORT_GRACE_MS = 500

export function createDrain(options: DrainOptions): Drain {
  const { sink, spool, pool, ledger, deadLetters, log, metrics, now = Date.now, random = Math.random } = options
  const { sleep = (ms, signal) => sleepFor(ms, undefined, { signal }) } = options
  const maxAhead = options.maxBatchesAhead ?? pool.workers + 1
  const noMore = new AbortController()
  const giveUp = new AbortController()
  const signal = giveUp.signal
  const pause = async (ms: number) => void (await sleep(ms, signal))
  const outage = createOutage({ sink: sink.name, log, now, random })
  const lines = { maxLineBytes: options.encode.maxLineBytes, dropFields: createFieldDropper(options.encode.dropFields) }
  const rows = { sink: sink.name, deadLetters, log, pause }
  const handDeps = { ...rows, pool, needs: sink, ledger, lines, maxRefusals: options.maxRefusals, now, signal }
  const inHand = new Map<Hand, { open: number; ended: boolean }>()
  const queue: Hand[] = []
  /** Lost, and perhaps on the way from the spool to us. */
  const gone = new Set<string>()
  let changed = Promise.withResolvers<void>()
  let claiming = true
  let running: Promise<void> | undefined
  let finishing: Promise<void> = Promise.resolve()
  let losing: Promise<void> = Promise.resolve()

  const change = () => {
    changed.resolve()
    changed = Promise.withResolvers()
  }

  /** A batch whose pieces are all given costs what the sink holds of it (window.ts). */
  const reading = () => [...inHand.values()].filter(state => !state.ended).length

  const claimAhead = async () => {
    try {
      while (!noMore.signal.aborted) {
        while (reading() >= maxAhead) await abortable(changed.promise, noMore.signal)
        const claim = await spool.claim(sink.name, noMore.signal)
        if (gone.delete(claim.batch.name)) {
          claim.release()
          continue
        }
        const hand = createHand(handDeps, claim)
        inHand.set(hand, { open: 0, ended: false })
        queue.push(hand)
        change()
      }
    } catch (error) {
      if (!noMore.signal.aborted) throw error
    } finally {
      claiming = false
      change()
    }
  }

  const next = async () => {
    for (;;) {
      const hand = queue[0]
      if (hand !== undefined) {
        const piece = await hand.next()
        const state = inHand.get(hand)!
        if (piece !== undefined) {
          state.open++
          return { owner: hand, piece }
        }
        state.ended = true
        queue.shift()
        change()
        finishIfDone(hand)
      } else if (claiming) await abortable(changed.promise, signal)
      else return undefined
    }
  }

  const settled = (hand: Hand) => {
    inHand.get(hand)!.open--
    finishIfDone(hand)
  }

  /** One after the other, so that batches are acknowledged in order. */
  const finishIfDone = (hand: Hand) => {
    const state = inHand.get(hand)!
    if (!state.ended || state.open > 0) return
    finishing = finishing.then(() => finish(hand))
    finishing.catch(error => giveUp.abort(error))
  }

  const finish = async (hand: Hand) => {
    const statistics = await hand.finish()
    inHand.delete(hand)
    change()
    sink.settled?.(hand.batch.name)
    if (statistics !== undefined && options.reportsLines && hand.batch.again === undefined)
      reportStatistics(metrics, statistics)
    log.debug({ sink: sink.name, batch: hand.batch.name, lines: hand.batch.lines }, 'A batch was delivered.')
  }

  const reach = async () => {
    for (;;) {
      try {
        return await sink.open(signal)
      } catch (error) {
        signal.throwIfAborted()
        const known = error instanceof RetryableError ? error : undefined
        await pauseUnlessIdle(
          outage.failed({ error, retryAfterMs: known?.retryAfterMs, needsOperator: known?.needsOperator ?? false }),
        )
      }
    }
  }

  /** Who has nothing in hand need not reach a sink any more when told to stop. */
  const pauseUnlessIdle = async (ms: number) => {
    if (noMore.signal.aborted) await pause(ms)
    else await abortable(pause(ms), noMore.signal).catch(() => signal.throwIfAborted())
    if (!noMore.signal.aborted || inHand.size > 0) return
    giveUp.abort(STOPPED)
    signal.throwIfAborted()
  }

  /** Never rejects. */
  const lose = async (batch: Batch, reason: string) => {
    const row = batchRow(batch, sink.name, new Date(now()).toISOString(), 'damaged', batch.lines, reason)
    try {
      await writeRows(rows, [row])
      ledger.settle(sink.name, 'dead_lettered', batch.lines)
    } catch (error) {
      log.error(
        { sink: sink.name, batch: batch.name, err: error },
        'A dead letter for a damaged batch could not be written.',
      )
    }
  }

  const drain = async () => {
    const claims = claimAhead()
    claims.catch(error => giveUp.abort(error))
    try {
      await reach()
      outage.worked()
      await writePieces({
        sink,
        outage,
        metrics,
        next,
        settled,
        writeTimeoutMs: options.writeTimeoutMs,
        pause,
        signal,
      })
      await finishing
      await losing
    } catch (error) {
      if (signal.reason !== STOPPED) throw error
    } finally {
      noMore.abort(STOPPED)
      if (!signal.aborted) giveUp.abort(STOPPED)
      await claims.catch(() => {})
      await finishing.catch(() => {})
      for (const hand of inHand.keys()) hand.release()
      await losing
    }
  }

  return {
    name: sink.name,
    run() {
      running ??= drain()
      return running
    },
    async stop(deadlineMs) {
      noMore.abort(STOPPED)
      const timer = setTimeout(() => giveUp.abort(STOPPED), deadlineMs)
      const limit = AbortSignal.timeout(deadlineMs + ABORT_GRACE_MS)
      await abortable(Promise.all([running, losing]), limit).catch(() => {})
      clearTimeout(timer)
    },
    lost(batch, reason) {
      if ([...inHand.keys()].some(hand => hand.batch.name === batch.name)) return
      gone.add(batch.name)
      losing = losing.then(() => lose(batch, reason))
    },
  }
}

const STOPPED = new Error('The drain was stopped.')
