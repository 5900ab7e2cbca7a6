import { setTimeout as pause } from 'node:timers/promises'
import { abortable } from '../lib/abortable.ts'
import type { PieceNeeds } from '../sinks/sink.ts'
import type { Claim } from '../spool/spool.ts'
import type { Log } from './log.ts'
import type { WorkerSettings } from './protocol.ts'
import { type Lease, type Reading, startReading } from './reading.ts'
import { startWorkerThread, type WorkerThread } from './worker-thread.ts'

export interface PoolOptions {
  readonly workers: number
  readonly settings: WorkerSettings
  readonly log: Log
  /** Heap of one worker; default 256 MiB. */
  readonly heapMb?: number
  /** A worker that has work and says nothing for so long is ended; default 2 minutes. */
  readonly stallMs?: number
  /** What the workers run; default worker.ts. */
  readonly entry?: URL
}

/**
 * The worker threads. A reading runs on the worker with the fewest others; one whose pieces nobody takes costs that worker memory,
 * no time, so that a sink that is down does not hold others.
 */
export interface Pool {
  readonly workers: number
  /** Resolves when all workers have started. */
  ready(): Promise<void>
  /**
   * @param needs of the sink that the pieces are for
   * @param alone in a worker of its own, so that if it dies it is known why
   */
  read(claim: Pick<Claim, 'batch' | 'read'>, needs: PieceNeeds, alone: boolean): Reading
  /** Readings that go on fail. Idempotent. */
  close(): Promise<void>
}

const RESTART_PAUSE_MS = 1000
const CLOSED = 'The workers were stopped.'

export function createPool({ workers, settings, log, heapMb = 256, stallMs = 120_000, entry }: PoolOptions): Pool {
  const closing = new AbortController()
  const threads = new Set<WorkerThread>()
  const readings = new Map<Reading, Lease>()
  let lastJob = 0

  const start = () => {
    const thread = startWorkerThread(settings, heapMb, entry)
    threads.add(thread)
    void thread.died.then(() => threads.delete(thread))
    return thread
  }

  const slots = Array.from({ length: workers }, () => {
    const slot = { thread: start(), leases: 0 }
    const keep = async () => {
      while (!closing.signal.aborted) {
        const started = await slot.thread.ready.then(
          () => true,
          () => false,
        )
        const error = await slot.thread.died
        if (closing.signal.aborted) return
        log.error(
          { err: error },
          started
            ? 'A worker died and is replaced; its batches are mapped again.'
            : 'A worker does not start; it is tried again.',
        )
        if (!started) await pause(RESTART_PAUSE_MS, undefined, { ref: false, signal: closing.signal }).catch(() => {})
        if (!closing.signal.aborted) slot.thread = start()
      }
    }
    void keep()
    return slot
  })

  const leaseOf = (thread: WorkerThread, after: () => void): Lease => {
    const job = ++lastJob
    let given = false
    return {
      job,
      thread,
      giveBack() {
        if (given) return
        given = true
        thread.forget(job)
        after()
      },
    }
  }

  /** A worker that dies before it is ready is no reason to blame a batch. */
  const shared = async (signal: AbortSignal): Promise<Lease> => {
    for (;;) {
      closing.signal.throwIfAborted()
      const slot = slots.reduce((least, each) => (each.leases < least.leases ? each : least))
      const { thread } = slot
      // Counted before the first await: readings that begin together go to different workers.
      slot.leases++
      const uncount = () => void slot.leases--
      const ready = await abortable(
        thread.ready.then(
          () => true,
          () => false,
        ),
        signal,
      ).catch(error => {
        uncount()
        throw error
      })
      if (ready && threads.has(thread)) return leaseOf(thread, uncount)
      uncount()
      await pause(RESTART_PAUSE_MS / 4, undefined, { ref: false, signal })
    }
  }

  const single = async (signal: AbortSignal): Promise<Lease> => {
    for (;;) {
      closing.signal.throwIfAborted()
      const thread = start()
      const ready = await abortable(
        thread.ready.then(
          () => true,
          () => false,
        ),
        signal,
      ).catch(async error => {
        await thread.terminate(CLOSED)
        throw error
      })
      if (ready) return leaseOf(thread, () => void thread.terminate('Its only job is over.'))
      await pause(RESTART_PAUSE_MS, undefined, { ref: false, signal })
    }
  }

  const watch = setInterval(
    () => {
      for (const [{ waitsSince }, lease] of readings) {
        if (waitsSince !== undefined && performance.now() - waitsSince > stallMs) {
          void lease.thread.terminate(`no sign of life for ${stallMs} ms`)
        }
      }
    },
    Math.min(stallMs, 10_000),
  )
  watch.unref()

  return {
    workers,
    async ready() {
      await Promise.all(slots.map(slot => slot.thread.ready))
    },
    read(claim, needs, alone) {
      const reading = startReading(claim, needs, async signal => {
        const lease = await (alone ? single : shared)(signal)
        readings.set(reading, lease)
        const giveBack = () => {
          readings.delete(reading)
          lease.giveBack()
        }
        return { ...lease, giveBack }
      })
      return reading
    },
    async close() {
      if (!closing.signal.aborted) closing.abort(new Error(CLOSED))
      clearInterval(watch)
      await Promise.all([...threads].map(thread => thread.terminate(CLOSED)))
    },
  }
}
