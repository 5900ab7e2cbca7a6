import { setImmediate as turn } from 'node:timers/promises'
import type { Timing } from '../../src/lib/timing.ts'

/** Time that passes when it is told to. What waits for it after a crash waits for ever. */
export interface SimulatedTime extends Timing {
  now(): number
  /** The clock is set; elapsed time goes on. */
  setClock(byMs: number): void
  /** Lets so much pass, stopping at each moment at which something is due until all that follows from it is done. */
  pass(ms: number): Promise<void>
  /** As much as a call of the file system takes. */
  tick(): void
  /** Forgets all who wait, as the end of their process does. */
  forget(): void
}

interface Due {
  at: number
  readonly everyMs: number | undefined
  run(): void
}

export function createTime(startMs: number): SimulatedTime {
  let elapsed = 0
  let clock = startMs
  let waiting = new Set<Due>()

  const next = (until: number): Due | undefined => {
    let first: Due | undefined
    for (const due of waiting) if (due.at <= until && (first === undefined || due.at < first.at)) first = due
    return first
  }

  return {
    elapsed: () => elapsed,
    now: () => Math.floor(clock + elapsed),
    setClock(byMs) {
      clock += byMs
    },
    pause(ms, signal) {
      return new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const due: Due = { at: elapsed + ms, everyMs: undefined, run: resolve }
        waiting.add(due)
        signal.addEventListener('abort', () => {
          waiting.delete(due)
          reject(signal.reason)
        })
      })
    },
    every(ms, action) {
      const due: Due = { at: elapsed + ms, everyMs: ms, run: action }
      waiting.add(due)
      return () => void waiting.delete(due)
    },
    async pass(ms) {
      const until = elapsed + ms
      for (let due = next(until); due !== undefined; due = next(until)) {
        elapsed = Math.max(elapsed, due.at)
        if (due.everyMs === undefined) waiting.delete(due)
        else due.at += due.everyMs
        due.run()
        await turn()
      }
      elapsed = Math.max(elapsed, until)
      await turn()
    },
    tick() {
      elapsed += 0.25
    },
    forget() {
      waiting = new Set()
    },
  }
}
