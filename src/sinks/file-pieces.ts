/** Where the first `count` events end. */
export const endOf = (ends: Uint32Array, count: number): number => (count === 0 ? 0 : ends[count - 1]!)

/** How many events of the piece end within `room` bytes after the first `from`; at least `from`. */
export function fitting(ends: Uint32Array, from: number, room: number): number {
  const limit = endOf(ends, from) + room
  let low = from
  let high = ends.length
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (ends[middle - 1]! <= limit) low = middle
    else high = middle - 1
  }
  return low
}
