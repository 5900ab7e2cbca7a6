import type { RawLine } from '../decode/lines.ts'
import { createBatchSplitter } from '../decode/split.ts'
import { freeBuffer } from '../lib/free-buffer.ts'
import { createInflater, type Inflater, inflateWhole } from '../lib/inflate.ts'

export interface WalkOptions {
  readonly maxLineBytes: number
  readonly format: 'lines' | 'single' | 'timed' | 'rows'
  readonly gzip: boolean
  /** How many stored bytes there are, where that is known. */
  readonly storedBytes?: number | undefined
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
/** A batch that is no larger inflated, and comes as one chunk, is inflated at once. */
const WHOLE_BYTES = 8 * 1024 ** 2

export function createWalk({ format, gzip, storedBytes, maxLineBytes, onLine, onStep }: WalkOptions): Walk {
  const splitter = createBatchSplitter(format, maxLineBytes, onLine)
  const take = async (inflated: Uint8Array) => {
    for (let start = 0; start < inflated.length; start += STEP_BYTES) {
      splitter.push(inflated.subarray(start, start + STEP_BYTES))
      const step = onStep()
      if (step !== undefined) await step
    }
  }
  let inflater: Inflater | undefined
  const inflate = (bytes: Uint8Array) => {
    const whole = bytes.length === storedBytes ? inflateWhole(bytes, WHOLE_BYTES) : undefined
    if (whole !== undefined) return take(whole).finally(() => freeBuffer(whole))
    inflater ??= createInflater(take)
    return inflater.write(bytes)
  }
  return {
    push: gzip ? inflate : take,
    async end() {
      await inflater?.end()
      splitter.end()
      await onStep()
    },
    destroy: () => inflater?.destroy(),
  }
}
