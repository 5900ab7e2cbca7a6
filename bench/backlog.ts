import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from './service.ts'

export interface Backlog {
  /** More lines are accepted and not delivered than allowed, as of the last look. */
  readonly isTooLong: () => boolean
  stop(): void
}

/** A look is a reading of all metrics: so seldom that it costs the service nothing to speak of. */
const LOOK_MS = 100

/** Looks at what waits in the service until it is stopped. */
export function watchBacklog(service: Pick<Service, 'metric'>, mostLines: number): Backlog {
  let lines = 0
  let stopped = false
  const watch = async () => {
    while (!stopped) {
      lines = await service.metric('intake_pending_lines').catch(() => lines)
      await sleep(LOOK_MS)
    }
  }
  void watch()
  return {
    isTooLong: () => lines > mostLines,
    stop() {
      stopped = true
    },
  }
}
