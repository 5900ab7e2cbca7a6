import type { RawLine } from '../decode/lines.ts'
import { createBatchSplitter } from '../decode/split.ts'
import { createInflater } from '../lib/inflate.ts'

export interface WalkOptions {
  readonly maxLineBytes: number
  readonly format: 'lines' | 'single' | 'timed' | 'rows'
  readonly gzip: boolean
  /** Each line in its order; the bytes are good until it returns. */
  readonly onLine: (raw: RawLine) => void
  /** Called after every few lines: a promise it returns is the back-pressure. */
  readonly onStep: () => void | Promise<void>
}

/** The first half of a batch's walk: stored bytes in, lines out. */
export interface Walk {
  /** The next stored bytes. Rejects with InflateError where they are damaged, and with what the callbacks threw. */
  push(bytes: Uint8Array): Promise<void>
  /** After the last bytes; all lines are out when it resolves. */
  end(): Promise<void>
  /** Gives the memory back. Idempotent. */
  destroy(): void
}

/** So much is taken in one step: bounds what short lines can grow to before the callback may slow them down. */
const STEP_BYTES = 64 * 1024

export function createWalk({ format, gzip, maxLineBytes, onLine, onStep }: WalkOptions): Walk {
  const splitter = createBatchSplitter(format, maxLineBytes, onLine)
  const take = async (inflated: Uint8Array) => {
    for (let start = 0; start < inflated.length; start += STEP_BYTES) {
      splitter.push(inflated.subarray(start, start + STEP_BYTES))
      const step = onStep()
      if (step !== undefined) await step
    }
  }
  const inflater = gzip ? createInflater(take) : undefined
  return {
    push: bytes => (inflater === undefined ? take(bytes) : inflater.write(bytes)),
    async end() {
      await inflater?.end()
      splitter.end()
      await onStep()
    },
    destroy: () => inflater?.destroy(),
  }
}
