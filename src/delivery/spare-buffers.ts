/** Buffers of pieces that were written, for those to come: a megabyte for every hundred events would keep the garbage collector busy. */
export interface SpareBuffers {
  /** At least so many bytes, of any content. */
  take(bytes: number): Buffer<ArrayBuffer>
  give(buffer: ArrayBuffer): void
}

export interface SpareBuffersOptions {
  /** What is usually needed: smaller ones are not kept, and what is more than half of it is made as large as it. */
  readonly usualBytes: number
  /** More than this is not kept. */
  readonly maxBytes: number
}

/** A piece and its last event; as many as may be on their way through a sink. */
export const PIECE_BUFFERS: SpareBuffersOptions = { usualBytes: 1.125 * 1024 ** 2, maxBytes: 16 * 1024 ** 2 }

export function createSpareBuffers({ usualBytes, maxBytes }: SpareBuffersOptions): SpareBuffers {
  const spare: ArrayBuffer[] = []
  let kept = 0
  return {
    take(bytes) {
      const index = spare.findIndex(each => each.byteLength >= bytes)
      if (index < 0) return Buffer.allocUnsafeSlow(bytes > usualBytes / 2 ? Math.max(bytes, usualBytes) : bytes)
      const [buffer] = spare.splice(index, 1) as [ArrayBuffer]
      kept -= buffer.byteLength
      return Buffer.from(buffer)
    },
    give(buffer) {
      if (buffer.byteLength < usualBytes || kept + buffer.byteLength > maxBytes) return
      spare.push(buffer)
      kept += buffer.byteLength
    },
  }
}
