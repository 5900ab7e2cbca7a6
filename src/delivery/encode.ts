import type { BatchContext, Mapped, Mapper } from '../mapper/types.ts'
import { createPieceBuilder, type EncodedPiece, type PieceBuilder } from './piece-builder.ts'
import { type BatchStatistics, countMapped, createStatistics } from './statistics.ts'
import { createTransform } from './transform.ts'

/** How batches are encoded: the same for all, plain data. */
export interface EncodeSettings {
  readonly maxLineBytes: number
  readonly dropFields: readonly string[]
  readonly dropDatasets: readonly string[]
  /** A piece is ready at this size; default 1 MiB. The last event may make it larger. */
  readonly pieceBytes?: number
  /** When the unfinished pieces of all datasets reach it, all are ready; default 8 MiB. */
  readonly heldBytes?: number
}

export interface EncoderOptions {
  readonly mapper: Mapper
  readonly settings: EncodeSettings
  readonly context: BatchContext
  readonly format: 'lines' | 'single' | 'timed'
  readonly gzip: boolean
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
    if (dropped.has(mapped.dataset)) {
      statistics.filtered++
      return
    }
    const builder = builders.get(mapped.dataset) ?? createPieceBuilder(mapped.dataset)
    builders.set(mapped.dataset, builder)
    const before = builder.size
    builder.add(mapped.line.number, JSON.stringify(mapped.event))
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
