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
  /** Their sizes, rising. What is larger than the last, or no more than a tenth of the first, gets a buffer of its own, which is not shared. */
  readonly sizes: readonly number[]
  /** Of each size more are not kept. How many are out is bounded by whoever takes them. */
  readonly most: number
}

/** For pieces of small batches, and for those of the usual size; as many as may be on their way through a sink. */
export const PIECE_BUFFERS: SpareBuffersOptions = { sizes: [160 * 1024, 1.25 * 1024 ** 2], most: 12 }

export function createSpareBuffers({ sizes, most }: SpareBuffersOptions): SpareBuffers {
  const spare = new Map<number, SharedArrayBuffer[]>(sizes.map(size => [size, []]))
  const least = sizes[0]! / 10
  return {
    take(bytes) {
      const size = bytes <= least ? undefined : sizes.find(size => size >= bytes)
      if (size === undefined) return Buffer.allocUnsafeSlow(bytes)
      return Buffer.from(spare.get(size)!.pop() ?? new SharedArrayBuffer(size))
    },
    give(buffer) {
      const kept = buffer instanceof SharedArrayBuffer ? spare.get(buffer.byteLength) : undefined
      if (kept !== undefined && kept.length < most) kept.push(buffer as SharedArrayBuffer)
    },
  }
}
