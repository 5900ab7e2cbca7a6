import { decodeLine } from '../decode/decode-line.ts'
import { createFieldDropper } from '../decode/drop-fields.ts'
import type { RawLine } from '../decode/lines.ts'
import { createBatchSplitter } from '../decode/split.ts'
import { createInflater } from '../lib/inflate.ts'
import type { BatchContext, Line, Mapped, Mapper } from '../mapper/types.ts'

export interface TransformOptions {
  readonly mapper: Mapper
  readonly maxLineBytes: number
  readonly dropFields: readonly string[]
  readonly context: BatchContext
  readonly format: 'lines' | 'single' | 'timed' | 'rows'
  readonly gzip: boolean
  /** Each line before it is mapped; the bytes are good until it returns. */
  readonly onLine?: ((raw: RawLine, line: Line) => void) | undefined
  /** Each line's event, in the order of the lines. */
  readonly onMapped: (mapped: Mapped) => void
  /** A line was cut by so many bytes. */
  readonly onTruncated: (bytes: number) => void
  /** Called after every few lines: a promise it returns is the back-pressure. */
  readonly onStep: () => void | Promise<void>
}

/** The walk of one batch without its ends: stored bytes in, events out. The same bytes always give the same events. */
export interface Transform {
  /** The next stored bytes. Rejects with InflateError where they are damaged, and with what the callbacks threw. */
  push(bytes: Uint8Array): Promise<void>
  /** Hands out what the mapper holds back, for a reader who waits. */
  flush(): void | Promise<void>
  /** After the last bytes; all events are out when it resolves. */
  end(): Promise<void>
  /** Gives the memory back. Idempotent. */
  destroy(): void
}

/** So much is mapped in one step: bounds what short lines can grow to before the callback may slow them down. */
const STEP_BYTES = 64 * 1024

export function createTransform(options: TransformOptions): Transform {
  const { maxLineBytes, format, onStep, onLine } = options
  const decoding = { maxLineBytes, dropFields: createFieldDropper(options.dropFields) }
  const batch = options.mapper.batch(options.context, options.onMapped)
  const splitter = createBatchSplitter(format, maxLineBytes, raw => {
    if (raw.lost > 0) options.onTruncated(raw.lost)
    const line = decodeLine(raw, decoding)
    onLine?.(raw, line)
    batch.push(line)
  })
  const take = async (inflated: Uint8Array) => {
    for (let start = 0; start < inflated.length; start += STEP_BYTES) {
      splitter.push(inflated.subarray(start, start + STEP_BYTES))
      const step = onStep()
      if (step !== undefined) await step
    }
  }
  const inflater = options.gzip ? createInflater(take) : undefined

  return {
    push: bytes => (inflater === undefined ? take(bytes) : inflater.write(bytes)),
    flush() {
      batch.flush()
      return onStep()
    },
    async end() {
      await inflater?.end()
      splitter.end()
      batch.end()
      await onStep()
    },
    destroy: () => inflater?.destroy(),
  }
}
