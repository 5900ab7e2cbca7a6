import { realTiming, type Timing } from './timing.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000

/**
 * Does something again and again, with growing pauses, until it succeeds. For what has to happen in the end and fails only while
 * a disk does.
 *
 * @param events.failing called once, at the first failure; events.mended once, when it succeeded after all
 * @throws the signal's reason when it is aborted before an attempt or during a pause
 */
export async function insist(
  action: () => Promise<void>,
  signal: AbortSignal,
  events: { failing(error: unknown): void; mended(): void },
  timing: Timing = realTiming,
): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS, failed = false; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted()
    try {
      await action()
      if (failed) events.mended()
      return
    } catch (error) {
      if (!failed) events.failing(error)
      failed = true
    }
    await timing.pause(pauseMs, signal).catch(() => signal.throwIfAborted())
  }
}
