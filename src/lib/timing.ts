import { setTimeout as pause } from 'node:timers/promises'

/** Time as it passes, apart from what the clock says. Nothing here keeps a process alive. */
export interface Timing {
  /** Milliseconds since some moment; never goes back. */
  elapsed(): number
  /** Rejects when the signal is aborted. */
  pause(ms: number, signal: AbortSignal): Promise<unknown>
  /** Calls again and again, until the function that it answers with is called. */
  every(ms: number, action: () => void): () => void
}

export const realTiming: Timing = {
  elapsed: () => performance.now(),
  pause: (ms, signal) => pause(ms, undefined, { ref: false, signal }),
  every(ms, action) {
    const timer = setInterval(action, ms).unref()
    return () => clearInterval(timer)
  },
}
