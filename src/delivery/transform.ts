import { decodeLine } from '../decode/decode-line.ts'
import { createFieldDropper } from '../decode/drop-fields.ts'
import type { BatchContext, Mapped, Mapper } from '../mapper/types.ts'
import { createWalk, type Walk, type WalkOptions } from './walk.ts'

export interface TransformOptions extends Omit<WalkOptions, 'onLine'> {
  readonly mapper: Mapper
  readonly dropFields: readonly string[]
  readonly context: BatchContext
  /** Each line's event, in the order of the lines. */
  readonly onMapped: (mapped: Mapped) => void
}

/** The walk of one batch without its ends: stored bytes in, events out as objects, for who prints them. The same bytes always give the same events. */
export interface Transform extends Walk {
  /** Hands out what the mapper holds back, for a reader who waits. */
  flush(): void | Promise<void>
}

export function createTransform(options: TransformOptions): Transform {
  const { maxLineBytes, onStep } = options
  const decoding = { maxLineBytes, dropFields: createFieldDropper(options.dropFields) }
  const batch = options.mapper.batch(options.context, options.onMapped)
  const walk = createWalk({ ...options, onLine: raw => batch.push(decodeLine(raw, decoding)) })
  return {
    push: walk.push,
    flush() {
      batch.flush()
      return onStep()
    },
    async end() {
      await walk.end()
      batch.end()
      await onStep()
    },
    destroy: walk.destroy,
  }
}
