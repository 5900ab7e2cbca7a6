/**
 * Buffers of pieces that were written, for those to come: a megabyte for every hundred events would keep the garbage collector busy. They are
 * shared with the main thread: V8 counts the bytes of an ArrayBuffer that changes its thread as garbage to come, those of a shared one not.
 */
export interface SpareBuffers {
  /** At least so many bytes, of any content. */
  take(bytes: number): Buffer<ArrayBufferLike>
  /** Others than shared ones are left to the garbage collector. */
  give(buffer: ArrayBufferLike): void
}

export interface SpareBuffersOptions {
  /** Their size. What is larger than this, or no more than half of it, gets a buffer of its own, which is not shared. */
  readonly usualBytes: number
  /** More are not kept. How many are out is bounded by whoever takes them. */
  readonly most: number
}

/** What a builder takes for a piece that is as large as those before; as many as may be on their way through a sink. */
export const PIECE_BUFFERS: SpareBuffersOptions = { usualBytes: 1.25 * 1024 ** 2, most: 12 }

export function createSpareBuffers({ usualBytes, most }: SpareBuffersOptions): SpareBuffers {
  const spare: SharedArrayBuffer[] = []
  return {
    take(bytes) {
      if (bytes > usualBytes || bytes <= usualBytes / 2) return Buffer.allocUnsafeSlow(bytes)
      return Buffer.from(spare.pop() ?? new SharedArrayBuffer(usualBytes))
    },
    give(buffer) {
      if (buffer instanceof SharedArrayBuffer && spare.length < most) spare.push(buffer)
    },
  }
}
