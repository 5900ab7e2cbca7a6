import type { MapperSettings } from '../mapper/types.ts'
import type { Form } from '../sinks/sink.ts'
import type { LineFormat } from '../spool/spool.ts'
import type { EncodeSettings } from './encode.ts'
import type { EncodedPiece } from './piece-builder.ts'
import type { BatchStatistics } from './statistics.ts'

/**
 * What main thread and workers say to each other. A worker has several jobs at a time; each job is one reading of one batch.
 *
 * Memory is bounded by credit in both directions, whatever the size of the batch: the main thread sends at most CHUNKS_AHEAD chunks
 * that were not answered by `more`, a worker at most PIECES_AHEAD pieces that were not answered by `taken`. A job ends with one
 * `done` or `failed` by the worker or one `cancel` by the main thread; what still comes for it is ignored.
 */

export const CHUNKS_AHEAD = 2
export const PIECES_AHEAD = 4

const MAX_ERROR_CHARS = 500

/** What is told of an error in a worker. It is logged, and may quote a line: V8's messages do. */
export const wordsOf = (error: unknown): string => String(error).slice(0, MAX_ERROR_CHARS)

export interface JobDescription {
  readonly batchId: Uint8Array
  readonly dataset: string | undefined
  readonly time: string
  readonly format: LineFormat
  readonly gzip: boolean
  readonly storedBytes: number
  /** What the pieces hold. */
  readonly form: Form
  /** Their buffers come back as `spare`. */
  readonly returnsBytes: boolean
}

export type ToWorker =
  | { readonly kind: 'begin'; readonly job: number; readonly description: JobDescription }
  /** Stored bytes, transferred. */
  | { readonly kind: 'chunk'; readonly job: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end'; readonly job: number }
  | { readonly kind: 'taken'; readonly job: number }
  | { readonly kind: 'cancel'; readonly job: number }
  /** The shared buffer of a piece that was written, of whatever job, for another. */
  | { readonly kind: 'spare'; readonly buffer: SharedArrayBuffer }

export type FromWorker =
  /** All modules are loaded. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'more'; readonly job: number }
  /** Its buffers are transferred or shared. */
  | { readonly kind: 'piece'; readonly job: number; readonly piece: EncodedPiece }
  | { readonly kind: 'done'; readonly job: number; readonly statistics: BatchStatistics }
  /** `damaged`: the stored bytes cannot be inflated. Otherwise the fault is in the program. */
  | { readonly kind: 'failed'; readonly job: number; readonly damaged: boolean; readonly message: string }

/** Given to a worker when it starts. */
export interface WorkerSettings {
  readonly mapper: MapperSettings
  readonly encode: EncodeSettings
}
