import type { SpareBuffers, SpareBuffersOptions } from '../lib/spare-buffers.ts'

/** Events of one dataset, encoded. A Piece (sinks/sink.ts) without its batch and ids, so that it can cross threads. */
export interface EncodedPiece {
  readonly dataset: string
  readonly first: number
  /** On a shared buffer where it comes from the spare ones. */
  readonly bytes: Uint8Array
  readonly ends: Uint32Array<ArrayBuffer>
  readonly lines: Uint32Array<ArrayBuffer>
  /** The ids of the events where they do not follow from the batch's. */
  readonly ids: readonly string[] | undefined
}

/** Collects the events of one dataset until they make a piece. */
export interface PieceBuilder {
  readonly dataset: string
  /** Bytes collected and not taken. */
  readonly size: number
  /** @param id where it does not follow from the batch's; of all events or of none */
  add(line: number, event: string | Buffer, id?: string): void
  /** What was collected since the last time, in buffers of its own; undefined when there is nothing. */
  take(): EncodedPiece | undefined
}

/** For pieces of small batches, and for those of the usual size; as many as may be on their way through a sink. */
export const PIECE_BUFFERS: SpareBuffersOptions = { sizes: [160 * 1024, 1.25 * 1024 ** 2], most: 12 }

const NOTHING: Buffer<ArrayBufferLike> = Buffer.alloc(0)
const LF = 10
const FIRST_BYTES = 64 * 1024
const FIRST_EVENTS = 64
/** UTF-8 needs at most three bytes for one UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3

export function createPieceBuilder(dataset: string, spare: SpareBuffers): PieceBuilder {
  let buffer = NOTHING
  let size = 0
  let ends = new Uint32Array(0)
  let lines = new Uint32Array(0)
  let count = 0
  let first = 0
  let ids: string[] = []
  let expected = FIRST_BYTES

  const makeRoom = (bytes: number) => {
    if (size + bytes > buffer.length) {
      const larger = spare.take(Math.max(size + bytes, buffer.length === 0 ? expected : 2 * buffer.length))
      buffer.copy(larger, 0, 0, size)
      spare.give(buffer.buffer)
      buffer = larger
    }
    if (count === ends.length) {
      const capacity = Math.max(2 * count, FIRST_EVENTS)
      ends = resized(ends, count, capacity)
      lines = resized(lines, count, capacity)
    }
  }

  return {
    dataset,
    get size() {
      return size
    },
    add(line, event, id) {
      makeRoom(event.length * (typeof event === 'string' ? MAX_BYTES_PER_UNIT : 1) + 1)
      if (typeof event === 'string') size += buffer.write(event, size, 'utf8')
      else {
        // Not `set`: where the buffer is shared that copies a word at a time.
        size += event.copy(buffer, size)
      }
      if (id !== undefined) ids.push(id)
      buffer[size++] = LF
      ends[count] = size
      lines[count] = line
      count++
    },
    take() {
      if (count === 0) return undefined
      // A buffer that is mostly empty would keep its memory through the queues.
      const isEmpty = size * 2 < buffer.length
      const bytes = isEmpty ? copied(buffer, size) : buffer.subarray(0, size)
      if (isEmpty) spare.give(buffer.buffer)
      const piece = {
        dataset,
        first,
        bytes,
        ends: resized(ends, count, count),
        lines: resized(lines, count, count),
        ids: ids.length === 0 ? undefined : ids,
      }
      ids = []
      first += count
      expected = size + Math.ceil(size / 8) + FIRST_BYTES
      buffer = NOTHING
      size = 0
      count = 0
      return piece
    },
  }
}

function copied(buffer: Buffer<ArrayBufferLike>, size: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(size)
  buffer.copy(copy, 0, 0, size)
  return copy
}

function resized(numbers: Uint32Array, count: number, capacity: number): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(capacity)
  copy.set(numbers.subarray(0, count))
  return copy
}
