import type { SpareBuffers } from '../lib/spare-buffers.ts'
import type { BatchContext, Mapper } from '../mapper/types.ts'
import type { Form } from '../sinks/sink.ts'
import type { DocumentSettings } from './forms.ts'
import { createLineMapper } from './line-mapper.ts'
import { createPieceBuilder, type EncodedPiece, type PieceBuilder } from './piece-builder.ts'
import { type BatchStatistics, createStatistics } from './statistics.ts'
import { createWalk } from './walk.ts'

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
  /** How many stored bytes there are, where that is known. */
  readonly storedBytes?: number | undefined
  readonly form: Form
  /** Takes the pieces in order; a promise it returns is the back-pressure. */
  readonly onPiece: (piece: EncodedPiece) => void | Promise<void>
  /** Where pieces' buffers come from; default: each is new. */
  readonly spare?: SpareBuffers
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
const NO_SPARE: SpareBuffers = { take: bytes => Buffer.allocUnsafeSlow(bytes), give() {} }

export function createEncoder(options: EncoderOptions): Encoder {
  const { settings, onPiece, spare = NO_SPARE } = options
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

  const add = (dataset: string, line: number, event: string | Buffer, id: string | undefined) => {
    if (dropped.has(dataset)) {
      statistics.filtered++
      return
    }
    let builder = builders.get(dataset)
    if (builder === undefined) {
      builder = createPieceBuilder(dataset, spare)
      builders.set(dataset, builder)
    }
    const before = builder.size
    builder.add(line, event, id)
    held += builder.size - before
    if (builder.size >= pieceBytes) release(builder)
    else if (held >= heldBytes) for (const each of builders.values()) release(each)
  }

  const handOut = async () => {
    for (let piece = ready.shift(); piece !== undefined; piece = ready.shift()) await onPiece(piece)
  }
  const lines = createLineMapper({ ...options, statistics, onEvent: add })
  const walk = createWalk({
    ...options,
    maxLineBytes: settings.maxLineBytes,
    onLine: lines.push,
    onStep: () => (ready.length > 0 ? handOut() : undefined),
  })

  return {
    push: walk.push,
    async end() {
      await walk.end()
      lines.end()
      for (const builder of builders.values()) release(builder)
      await handOut()
      return statistics
    },
    destroy() {
      walk.destroy()
      for (const builder of builders.values()) release(builder)
      for (const { bytes } of ready.splice(0)) spare.give(bytes.buffer)
    },
  }
}
