/** A place for the lines that wait for their batch's dataset, used again for the next batch: buffers of their own would be garbage. */
export interface HeldBytes {
  /** @returns a copy, good until `clear` */
  keep(bytes: Buffer): Buffer
  clear(): void
}

/** As much as usual batches hold back (mapper/sorter.ts); more gets buffers of its own. */
const USUAL_BYTES = 512 * 1024

/** Gives one place out to one batch at a time; batches that are read side by side have others. */
export function createHeldBytes(): () => HeldBytes {
  let free: Buffer | undefined
  return () => {
    let place: Buffer | undefined
    let size = 0
    return {
      keep(bytes) {
        if (place === undefined) {
          place = free ?? Buffer.allocUnsafeSlow(USUAL_BYTES)
          free = undefined
        }
        if (size + bytes.length > place.length) return Buffer.from(bytes)
        const start = size
        size += bytes.copy(place, size)
        return place.subarray(start, size)
      },
      clear() {
        free ??= place
        place = undefined
        size = 0
      },
    }
  }
}
