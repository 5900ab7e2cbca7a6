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
  /** Their size. What is larger than this, or less than half of it, gets a buffer of its own. */
  readonly usualBytes: number
  /** How many are made at most: what is taken when all are out, and what never comes back, are buffers of their own as well. */
  readonly most: number
}

/** What a builder takes for a piece that is as large as those before; as many as may be on their way through a sink. */
export const PIECE_BUFFERS: SpareBuffersOptions = { usualBytes: 1.25 * 1024 ** 2, most: 12 }

export function createSpareBuffers({ usualBytes, most }: SpareBuffersOptions): SpareBuffers {
  const spare: SharedArrayBuffer[] = []
  let made = 0
  const spareOne = () => {
    if (spare.length > 0 || made >= most) return spare.pop()
    made++
    return new SharedArrayBuffer(usualBytes)
  }
  return {
    take(bytes) {
      const buffer = bytes > usualBytes || bytes <= usualBytes / 2 ? undefined : spareOne()
      return buffer === undefined ? Buffer.allocUnsafeSlow(bytes) : Buffer.from(buffer)
    },
    give(buffer) {
      if (buffer instanceof SharedArrayBuffer) spare.push(buffer)
    },
  }
}
