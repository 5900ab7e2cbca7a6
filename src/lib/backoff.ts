/** Pauses between attempts: exponential with full jitter. */
export interface Backoff {
  /**
   * How long to pause now, in milliseconds; the next one may be twice as long.
   *
   * @param leastMs what the other side asked for; taken up to the cap
   */
  next(leastMs?: number): number
  /** After a success. */
  reset(): void
}

export interface BackoffOptions {
  readonly baseMs: number
  /** No pause is longer. */
  readonly capMs: number
  /** 0 up to, not including, 1. */
  readonly random?: () => number
}

export function createBackoff({ baseMs, capMs, random = Math.random }: BackoffOptions): Backoff {
  let ceilingMs = baseMs
  return {
    next(leastMs = 0) {
      const pauseMs = Math.max(random() * Math.min(ceilingMs, capMs), Math.min(leastMs, capMs))
      ceilingMs = Math.min(ceilingMs * 2, capMs)
      return pauseMs
    },
    reset() {
      ceilingMs = baseMs
    },
  }
}
