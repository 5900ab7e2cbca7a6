import type { RawLine } from '../decode/lines.ts'
import type { BatchContext, Mapped, Mapper } from '../mapper/types.ts'
import type { Form } from '../sinks/sink.ts'
import { createFormWriter, type DocumentSettings } from './forms.ts'
import { createPieceBuilder, type EncodedPiece, type PieceBuilder } from './piece-builder.ts'
import { type BatchStatistics, countMapped, createStatistics } from './statistics.ts'
import { createTransform } from './transform.ts'

/** How batches are encoded: the same for all, plain data. */
export interface EncodeSettings {
  readonly maxLineBytes: number
  readonly dropFields: readonly string[]
  readonly dropDatasets: readonly string[]
  readonly documents: DocumentSettings
  /** A piece is ready at this size; default 1 MiB. The last event may make it larger. */
  readonly pieceBytes?: number
  /** When the unfinished pieces of all datasets reach it, all are ready; default 8 MiB. */
  readonly heldBytes?: number
}

export interface EncoderOptions {
  readonly mapper: Mapper
  readonly settings: EncodeSettings
  readonly context: BatchContext
  readonly format: 'lines' | 'single' | 'timed' | 'rows'
  readonly gzip: boolean
  readonly form: Form
  /** Takes the pieces in order; a promise it returns is the back-pressure. */
  readonly onPiece: (piece: EncodedPiece) => void | Promise<void>
}

/** One batch on its way: stored bytes in, pieces of encoded events out. The same bytes always give the same pieces. */
export interface Encoder {
  /** The next stored bytes. Rejects with InflateError where they are damaged, and with what onPiece threw. */
  push(bytes: Uint8Array): Promise<void>
  /** After the last bytes; all pieces are out when it resolves. */
  end(): Promise<BatchStatistics>
  /** Gives the memory back. Idempotent. */
  destroy(): void
}

const MIB = 1024 * 1024

export function createEncoder(options: EncoderOptions): Encoder {
  const { settings, onPiece } = options
  const { pieceBytes = MIB, heldBytes = 8 * MIB } = settings
  const statistics = createStatistics()
  const dropped = new Set(settings.dropDatasets)
  const writer = createFormWriter(options.form, settings.documents)
  const ids = options.format === 'rows' ? createRowIds(options.context) : undefined
  const builders = new Map<string, PieceBuilder>()
  const ready: EncodedPiece[] = []
  let held = 0

  const release = (builder: PieceBuilder) => {
    held -= builder.size
    const piece = builder.take()
    if (piece !== undefined) ready.push(piece)
  }

  const encode = (mapped: Mapped) => {
    statistics.lines++
    countMapped(statistics, mapped)
    const id = ids?.take(mapped.line.number)
    const written = writer.write(mapped)
    if (dropped.has(mapped.dataset)) {
      statistics.filtered++
      return
    }
    const builder = builders.get(mapped.dataset) ?? createPieceBuilder(mapped.dataset)
    builders.set(mapped.dataset, builder)
    const before = builder.size
    builder.add(mapped.line.number, written, id)
    held += builder.size - before
    if (builder.size >= pieceBytes) release(builder)
    else if (held >= heldBytes) for (const each of builders.values()) release(each)
  }

  const handOut = async () => {
    for (let piece = ready.shift(); piece !== undefined; piece = ready.shift()) await onPiece(piece)
  }
  const transform = createTransform({
    ...options,
    ...settings,
    ...(ids && { context: ids.context }),
    onLine:
      ids || writer.onLine
        ? (raw, line) => {
            ids?.see(raw)
            writer.onLine?.(raw, line)
          }
        : undefined,
    onMapped: encode,
    onTruncated(bytes) {
      statistics.truncatedBytes += bytes
    },
    onStep: () => (ready.length > 0 ? handOut() : undefined),
  })

  return {
    push: transform.push,
    async end() {
      await transform.end()
      for (const builder of builders.values()) release(builder)
      await handOut()
      return statistics
    },
    destroy: transform.destroy,
  }
}

/** The ids that rows of dead letters bring, while their lines are on the way through the mapper. */
function createRowIds(context: BatchContext) {
  const own = new Map<number, string>()
  const idOf = (line: number) => own.get(line) ?? context.id(line)
  return {
    context: { ...context, id: idOf },
    see({ number, id }: RawLine): void {
      if (id !== undefined) own.set(number, id)
    },
    take(line: number): string {
      const id = idOf(line)
      own.delete(line)
      return id
    },
  }
}
