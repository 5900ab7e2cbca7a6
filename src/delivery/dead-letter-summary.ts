import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '../lib/error-code.ts'
import { listFolder } from './dead-letter-files.ts'
import { type LetterFilter, meets } from './dead-letter-filter.ts'
import { readRows, type StoredRow } from './dead-letter-rows.ts'

/** Dead letters of one sink that have reason and dataset in common. */
export interface LetterGroup {
  readonly reason: string
  readonly dataset: string
  readonly rows: number
  /** More than rows where a row stands for several lines that nobody could read. */
  readonly lines: number
  readonly bytes: number
  /** RFC 3339; undefined where no row tells. */
  readonly oldest: string | undefined
  readonly newest: string | undefined
}

export interface Summary {
  /** The largest first. */
  readonly groups: readonly LetterGroup[]
  /** Files of rows that an interrupted redrive left on their way to the spool. */
  readonly underWay: number
}

/** Whoever writes rows by hand must not be able to fill the memory. */
const MAX_GROUPS = 10_000
const OTHER = '(other)'

/** Counts what is there now; needs no lock, and rows that are taken away meanwhile do no harm. */
export async function summarize(folder: string, filter: LetterFilter): Promise<Summary> {
  const groups = new Map<string, { -readonly [K in keyof LetterGroup]: LetterGroup[K] }>()
  const { letters, edited, taken } = await listFolder(folder)
  for (const name of letters) {
    const file = await openIfThere(join(folder, name))
    if (file === undefined) continue
    try {
      for await (const row of rowsThatMeet(file, filter)) count(row)
    } finally {
      await file.close()
    }
  }
  return {
    groups: [...groups.values()].sort((a, b) => b.lines - a.lines || (a.reason < b.reason ? -1 : 1)),
    underWay: taken.filter(each => !edited.includes(each.letters)).length,
  }

  function count({ letter, start, end }: StoredRow): void {
    const dataset = letter.dataset ?? 'unknown'
    const isOwn = groups.size < MAX_GROUPS || groups.has(`${letter.reason} ${dataset}`)
    const [reason, of] = isOwn ? [letter.reason, dataset] : [OTHER, OTHER]
    const key = `${reason} ${of}`
    const none = { reason, dataset: of, rows: 0, lines: 0, bytes: 0, oldest: undefined, newest: undefined }
    const group = groups.get(key) ?? none
    groups.set(key, group)
    group.rows++
    group.lines += letter.lines
    group.bytes += end - start
    const { time } = letter
    if (time === undefined) return
    if (group.oldest === undefined || time < group.oldest) group.oldest = time
    if (group.newest === undefined || time > group.newest) group.newest = time
  }
}

/**
 * The last rows that meet the filter, the newest last, each as its bytes in pieces, with LF. Needs no lock.
 *
 * @param write awaited for each piece; `isEnd` with the last one of a row
 */
export async function showLast(
  folder: string,
  filter: LetterFilter,
  limit: number,
  write: (bytes: Buffer, isEnd: boolean) => Promise<void>,
): Promise<void> {
  /** The newest first. Held open, so that a row is still where it was found. */
  const found: { readonly file: FileHandle; readonly rows: readonly Place[] }[] = []
  let missing = limit
  try {
    const { letters } = await listFolder(folder)
    for (const name of letters.toReversed()) {
      if (missing === 0) break
      const file = await openIfThere(join(folder, name))
      if (file === undefined) continue
      found.push({ file, rows: [] })
      const rows = await lastPlaces(rowsThatMeet(file, filter), missing)
      found[found.length - 1] = { file, rows }
      missing -= rows.length
    }
    for (const { file, rows } of found.reverse()) {
      for (const row of rows) await writeRow(file, row, write)
    }
  } finally {
    for (const { file } of found) await file.close()
  }
}

interface Place {
  readonly start: number
  readonly end: number
}

async function lastPlaces(rows: AsyncIterable<StoredRow>, limit: number): Promise<Place[]> {
  let places: Place[] = []
  for await (const { start, end } of rows) {
    places.push({ start, end })
    if (places.length >= 2 * limit) places = places.slice(-limit)
  }
  return places.slice(-limit)
}

const PIECE_BYTES = 1024 * 1024

async function writeRow(
  file: FileHandle,
  { start, end }: Place,
  write: (bytes: Buffer, isEnd: boolean) => Promise<void>,
): Promise<void> {
  for (let position = start; position < end; ) {
    const space = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - position))
    const { bytesRead } = await file.read(space, 0, space.length, position)
    if (bytesRead === 0) return
    position += bytesRead
    await write(space.subarray(0, bytesRead), position === end)
  }
}

async function* rowsThatMeet(file: FileHandle, filter: LetterFilter): AsyncGenerator<StoredRow> {
  const { size } = await file.stat()
  for await (const row of readRows(file, 0, size)) if (meets(row.letter, filter)) yield row
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  return open(path, 'r').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
}
