/** Lets in a limited number at a time; the others wait in line. */
export interface Gate {
  /**
   * Resolves with what must be called on leaving. Rejects when the line is full or the wait too long.
   *
   * @param signal ends the wait; it rejects with the signal's reason
   */
  enter(signal: AbortSignal): Promise<() => void>
}

export interface GateOptions {
  readonly places: number
  readonly maxWaiting: number
  readonly maxWaitMs: number
  /** What is thrown when the line is full or the wait too long. */
  readonly refusal: () => Error
}

export function createGate({ places, maxWaiting, maxWaitMs, refusal }: GateOptions): Gate {
  let inside = 0
  const line = new Set<() => void>()

  const leave = () => {
    const [next] = line
    if (next === undefined) inside--
    else next()
  }
  const once = (action: () => void) => {
    let done = false
    return () => {
      if (!done) action()
      done = true
    }
  }

  return {
    async enter(signal) {
      signal.throwIfAborted()
      if (inside < places) {
        inside++
        return once(leave)
      }
      if (line.size >= maxWaiting) throw refusal()
      await new Promise<void>((resolve, reject) => {
        const settle = (act: () => void) => () => {
          line.delete(admit)
          clearTimeout(timer)
          signal.removeEventListener('abort', abort)
          act()
        }
        const admit = settle(resolve)
        const abort = settle(() => reject(signal.reason))
        const timer = setTimeout(
          settle(() => reject(refusal())),
          maxWaitMs,
        )
        signal.addEventListener('abort', abort)
        line.add(admit)
      })
      return once(leave)
    },
  }
}
