import { createAllowance } from '../lib/allowance.ts'
import { realTiming, type Timing } from '../lib/timing.ts'

/**
 * When senders are told that nothing can be taken now. The first are told at once. Where many come, they wait a while for it: a crowd that
 * comes again the moment it was refused would take the time in which what is stored could leave, and stand in the way of all others who
 * connect, the probes too.
 */
export interface RefusalPace {
  /** Resolves when the answer may leave, or the signal is aborted: who is gone holds no place. Never rejects. */
  wait(signal: AbortSignal): Promise<void>
}

const AT_ONCE = { burst: 20, everyMs: 50, maxHolders: 1 }
const WAIT_MS = 1000
/** Each costs a connection and what Node reads ahead of its body, up to 128 KiB. Who comes beyond is told at once. */
const MAX_WAITING = 512

export function createRefusalPace(timing: Timing = realTiming): RefusalPace {
  const allowance = createAllowance({ ...AT_ONCE, now: timing.elapsed })
  let waiting = 0
  return {
    async wait(signal) {
      if (signal.aborted || waiting === MAX_WAITING || allowance.take('') === 0) return
      waiting++
      await timing.pause(WAIT_MS, signal).catch(() => {})
      waiting--
    },
  }
}
