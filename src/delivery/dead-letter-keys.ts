import type { FileHandle } from 'node:fs/promises'

/** Keys of rows, `<batch>:<line>`. A bit a line, in pages: the rows of a batch that is refused line by line may be millions. */
export interface RowKeys {
  add(key: string): void
  has(key: string): boolean
}

const PAGE_LINES = 1024
const NUMBERED = /^(.+):(\d{1,12})$/

export function createRowKeys(): RowKeys {
  const pages = new Map<string, Uint32Array>()
  /** Keys without a line, such as those of damaged batches. */
  const others = new Set<string>()
  const placeOf = (key: string) => {
    const match = NUMBERED.exec(key)
    if (match === null) return undefined
    const line = Number(match[2])
    const bit = line % PAGE_LINES
    return { page: `${match[1]}:${(line - bit) / PAGE_LINES}`, word: bit >>> 5, mask: 1 << (bit & 31) }
  }
  return {
    add(key) {
      const place = placeOf(key)
      if (place === undefined) return void others.add(key)
      const page = pages.get(place.page) ?? new Uint32Array(PAGE_LINES / 32)
      pages.set(place.page, page)
      page[place.word]! |= place.mask
    },
    has(key) {
      const place = placeOf(key)
      if (place === undefined) return others.has(key)
      return ((pages.get(place.page)?.[place.word] ?? 0) & place.mask) !== 0
    },
  }
}

const CHUNK_BYTES = 1024 * 1024
const LF = 0x0a
/** The key is the first member of a row. */
const KEY = /^\{"key":"([^"\\]+)"/
const MAX_HEAD = 200

/** Calls with the key of each whole row. Memory does not depend on the size of file or rows. */
export async function readKeys(file: FileHandle, onKey: (key: string) => void): Promise<void> {
  const space = Buffer.allocUnsafe(CHUNK_BYTES)
  /** The beginning of the row that `position` is in. */
  let head = ''
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(space, 0, space.length, position)
    if (bytesRead === 0) return
    const chunk = space.subarray(0, bytesRead)
    for (let at = 0; at < bytesRead; ) {
      const lf = chunk.indexOf(LF, at)
      const end = lf < 0 ? bytesRead : lf
      head += chunk.toString('latin1', at, Math.min(end, at + MAX_HEAD - head.length))
      at = end + 1
      if (lf < 0) break
      const key = KEY.exec(head)?.[1]
      if (key !== undefined) onKey(key)
      head = ''
    }
    position += bytesRead
  }
}
