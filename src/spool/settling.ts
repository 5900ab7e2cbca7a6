import { UnavailableError } from '../errors.ts'
import type { Files } from '../lib/files.ts'
import { insist } from '../lib/insist.ts'
import type { Timing } from '../lib/timing.ts'
import { removeFile } from './folders.ts'
import type { Log } from './log.ts'

/** What has to be written or removed in the end, however long the disk refuses it. */
export interface Settling {
  /** Tries until it succeeds. Rejects with UnavailableError once the spool closes. */
  insist(action: () => Promise<void>): Promise<void>
  /** Takes a file away, now or later. Never rejects, and waits for no more than one attempt. */
  abandon(path: string): Promise<void>
  /** Ends the pauses and waits for attempts under way. */
  close(): Promise<void>
}

export function createSettling(log: Log, files: Files, timing: Timing): Settling {
  const closing = new AbortController()
  const pending = new Set<Promise<void>>()

  const insistOn = (action: () => Promise<void>): Promise<void> => {
    const events = {
      failing: (err: unknown) =>
        log.error({ err }, 'The spool cannot settle a batch on its disk; it tries until it can.'),
      mended: () => log.info({}, 'The spool settled the batch.'),
    }
    const done = insist(action, closing.signal, events, timing)
    pending.add(done)
    const over = () => void pending.delete(done)
    done.then(over, over)
    return done
  }

  return {
    insist: insistOn,
    async abandon(path) {
      try {
        await removeFile(files, path)
      } catch {
        insistOn(() => removeFile(files, path)).catch(() => {})
      }
    },
    async close() {
      closing.abort(new UnavailableError('shutting down'))
      await Promise.allSettled(pending)
    },
  }
}
