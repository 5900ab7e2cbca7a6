/**
 * Large buffers that nobody reads any more, for who needs the next: new ones each time would keep the garbage collector busy. They are shared
 * between threads, also where only one uses them: V8 takes the bytes of ArrayBuffers for a heap that grows, those of shared ones not.
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
