import type { OpenFile } from '../lib/files.ts'

const CHUNK_BYTES = 1024 * 1024
const LF = 0x0a
const OPENING = 0x7b
const CLOSING = 0x7d

/**
 * Visits the whole lines from byte `from` on, which is where a line begins. A line that does not look like an event (not complete, not
 * from `{` to `}`, or with a NUL, as a power loss may leave behind) ends it or, where it `passes`, is left out.
 *
 * @param size of the file, as far as is known: no more memory than that is taken
 * @returns where the last line ends that was visited
 */
export async function scanLines(
  handle: OpenFile,
  from: number,
  size: number,
  signal: AbortSignal,
  visit: (begin: number) => void,
  passes = false,
): Promise<number> {
  const buffer = bufferFor(size - from)
  let begin = from
  let end = from
  let first: number | undefined
  let last = 0
  let hasNul = false
  for (let position = from; ; ) {
    signal.throwIfAborted()
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return end
    const chunk = buffer.subarray(0, bytesRead)
    let nul = chunk.indexOf(0)
    for (let at = 0; at < bytesRead; ) {
      const feed = chunk.indexOf(LF, at)
      const stop = feed < 0 ? bytesRead : feed
      if (nul >= 0 && nul < at) nul = chunk.indexOf(0, at)
      hasNul ||= nul >= 0 && nul < stop
      if (stop > at) {
        first ??= chunk[at]
        last = chunk[stop - 1]!
      }
      if (feed < 0) break
      const isEvent = first === OPENING && last === CLOSING && !hasNul
      if (!isEvent && !passes) return end
      at = feed + 1
      if (isEvent) {
        visit(begin)
        end = position + at
      }
      begin = position + at
      first = undefined
      last = 0
      hasNul = false
    }
    position += bytesRead
  }
}

const bufferFor = (bytes: number): Buffer => Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK_BYTES, bytes)))

/** Where a line begins at or after `from`; undefined where none does. */
export async function nextLine(handle: OpenFile, from: number, size: number): Promise<number | undefined> {
  if (from <= 0) return 0
  const buffer = bufferFor(size - from + 1)
  for (let position = from - 1; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return undefined
    const feed = buffer.subarray(0, bytesRead).indexOf(LF)
    if (feed >= 0) return position + feed + 1
    position += bytesRead
  }
}
