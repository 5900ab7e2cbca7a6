/** Lets in a limited number at a time; the others wait in line. Who keeps them waiting for nothing is sent off. */
export interface Gate {
  /** Throws when who comes now could not even wait: asked before anything is done for a guest. */
  refuseWhenFull(): void
  /**
   * Resolves with what must be called on leaving. Rejects when the line is full, the wait too long, or the gate closed meanwhile.
   *
   * @param signal ends the wait; it rejects with the signal's reason
   */
  enter(signal: AbortSignal, guest?: Guest): Promise<() => void>
  /** Who is inside stays; who waits, or would have to from now on, is refused with this reason. */
  close(reason: Error): void
}

export interface Guest {
  /** Asked again and again while others wait. Must be cheap. */
  isSlow(): boolean
  /** Called once, when it is slow and others wait: it has to leave soon. */
  sendOff(): void
}

export interface GateOptions {
  readonly places: number
  readonly maxWaiting: number
  readonly maxWaitMs: number
  /** What is thrown when the line is full or the wait too long. */
  readonly refusal: () => Error
  /** Hears of each change of how many are inside and how many wait. */
  readonly onChange?: (inside: number, waiting: number) => void
}

interface Waiting {
  admit(): void
  refuse(error: Error): void
}

/** While somebody waits, the guests inside are looked at so often. */
const LOOK_EVERY_MS = 250

export function createGate({ places, maxWaiting, maxWaitMs, refusal, onChange = () => {} }: GateOptions): Gate {
  let inside = 0
  let closed: Error | undefined
  let looking: NodeJS.Timeout | undefined
  const line = new Set<Waiting>()
  const guests = new Set<Guest>()
  const leaving = new Set<Guest>()

  const changed = () => {
    onChange(inside, line.size)
    if (line.size > 0) looking ??= setInterval(makeRoom, LOOK_EVERY_MS).unref()
    else {
      clearInterval(looking)
      looking = undefined
    }
  }
  /** Sends off no more guests than there are others for their places. */
  const makeRoom = () => {
    for (const guest of guests) {
      if (leaving.size >= line.size) return
      if (leaving.has(guest) || !guest.isSlow()) continue
      leaving.add(guest)
      guest.sendOff()
    }
  }
  const admitted = (guest: Guest | undefined) => {
    if (guest !== undefined) guests.add(guest)
    let here = true
    return () => {
      if (!here) return
      here = false
      if (guest !== undefined) {
        guests.delete(guest)
        leaving.delete(guest)
      }
      const [next] = line
      if (next !== undefined) next.admit()
      else inside--
      changed()
    }
  }
  const wait = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const end = () => {
        line.delete(waiting)
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        changed()
      }
      const refuse = (error: Error) => {
        end()
        reject(error)
      }
      const admit = () => {
        end()
        resolve()
      }
      const abort = () => refuse(signal.reason)
      const waiting = { admit, refuse }
      const timer = setTimeout(() => refuse(refusal()), maxWaitMs)
      signal.addEventListener('abort', abort)
      line.add(waiting)
      changed()
      makeRoom()
    })

  const refuseWhenFull = () => {
    if (inside < places) return
    if (closed !== undefined) throw closed
    if (line.size >= maxWaiting) throw refusal()
  }
  return {
    refuseWhenFull,
    async enter(signal, guest) {
      signal.throwIfAborted()
      refuseWhenFull()
      if (inside < places) {
        inside++
        changed()
      } else await wait(signal)
      return admitted(guest)
    },
    close(reason) {
      closed = reason
      for (const waiting of line) waiting.refuse(reason)
    },
  }
}
