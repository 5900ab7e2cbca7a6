import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fsyncFolder, makeFolder } from '../lib/durable-folder.ts'
import { createSerial } from '../lib/serial.ts'
import { createEdits, type DeadLetterEdits } from './dead-letter-edits.ts'
import { listFolder } from './dead-letter-files.ts'
import { createRowKeys, readKeys } from './dead-letter-keys.ts'

/**
 * Dead letters of one sink: `<folder>/<YYYY-MM-DD>.ndjson`, mode 0600, a JSON object a line (dead-letter.ts). Rows are appended here;
 * how they leave, and the other files of the folder, is told in dead-letter-files.ts.
 *
 * - A row is durable before its line counts as settled, so before its batch is acknowledged.
 * - Only whole rows: what a crash or a full disk left of one is cut off before the next append to its file.
 * - A batch that is delivered again after a crash brings its rows again; those that were on the disk at the start are left out, also where
 *   they have been redriven or discarded since.
 */
export interface DeadLetters {
  /**
   * Resolves with false when there is no room for all of the rows: those that fit are written, from the first on, and are left out when the
   * same rows are given again. Throws on a disk error; then no more of them count than before.
   */
  append(rows: readonly Row[]): Promise<boolean>
}

export interface Row {
  /** Equal for the same line of the same batch: `<name of the batch>:<line>`. */
  readonly key: string
  /** One line of JSON, without LF, whose first member is `key`. */
  readonly json: string
}

export interface DeadLettersOptions {
  /** Absolute; made when it is missing. */
  readonly folder: string
  /** One row always fits into an empty folder. */
  readonly maxBytes: number
  /** Unix milliseconds. */
  readonly now: () => number
  /**
   * The name of the oldest batch that waits for the sink since an earlier run, which may bring rows that are on the disk already; undefined:
   * none does. Asked once. By default any row may come again.
   */
  readonly oldestBatch?: (() => string | undefined) | undefined
}

const TAIL_BYTES = 256 * 1024
const LF = 0x0a

export function createDeadLetters(options: DeadLettersOptions): DeadLetters & DeadLetterEdits {
  const { folder, maxBytes, now, oldestBatch = () => '' } = options
  const serial = createSerial()
  /** Rows of earlier runs, which may come again. */
  const found = createRowKeys()
  /** Rows that a caller gives again, as not all of them had room. */
  const written = new WeakSet<Row>()
  /** Paths of files whose rows are whole. */
  const mended = new Set<string>()
  let isSearched = false
  let size: number | undefined

  const measure = async () => {
    const { letters, taken } = await listFolder(folder)
    const sizes = await Promise.all(
      [...letters, ...taken.map(({ name }) => name)].map(name =>
        stat(join(folder, name)).then(
          file => file.size,
          () => 0,
        ),
      ),
    )
    return sizes.reduce((sum, bytes) => sum + bytes, 0)
  }

  /** Rows found here are not written again, and whoever wrote them may have been killed before they were durable. */
  const search = async () => {
    const oldest = oldestBatch()
    if (oldest === undefined) return
    const { letters, taken } = await listFolder(folder)
    let hasFound = false
    for (const name of [...letters, ...taken.map(({ name }) => name)]) {
      const comeAgain = await findKeys(join(folder, name), key => {
        if (key.slice(0, key.lastIndexOf(':')) < oldest) return false
        found.add(key)
        return true
      })
      hasFound ||= comeAgain
    }
    if (hasFound) await fsyncFolder(folder)
  }

  const begin = async () => {
    await makeFolder(folder)
    if (!isSearched) await search()
    isSearched = true
    size = await measure()
  }

  const write = async (text: string) => {
    const path = join(folder, `${new Date(now()).toISOString().slice(0, 10)}.ndjson`)
    const file = await open(path, 'a+', 0o600)
    try {
      if (!mended.has(path)) await cutTornRow(file)
      mended.add(path)
      const before = (await file.stat()).size
      try {
        await file.writeFile(text)
        await file.datasync()
      } catch (error) {
        mended.delete(path)
        await file.truncate(before)
        throw error
      }
      if (before === 0) await fsyncFolder(folder)
    } finally {
      await file.close()
    }
  }

  /** The first of the rows, as many as there is room for. */
  const fitting = (rows: readonly Row[]) => {
    let bytes = 0
    let count = 0
    for (const row of rows) {
      const more = Buffer.byteLength(row.json) + 1
      if (size! + bytes + more > maxBytes && size! + bytes > 0) break
      bytes += more
      count++
    }
    return { rows: rows.slice(0, count), bytes }
  }

  const append = async (rows: readonly Row[]): Promise<boolean> => {
    if (size === undefined) await begin()
    const added = rows.filter(row => !written.has(row) && !found.has(row.key))
    if (added.length === 0) return true
    let fits = fitting(added)
    if (fits.rows.length < added.length) {
      // Rows may have been redriven or discarded since.
      size = await measure()
      fits = fitting(added)
    }
    if (fits.rows.length === 0) return false
    try {
      await write(`${fits.rows.map(row => row.json).join('\n')}\n`)
    } catch (error) {
      size = undefined
      throw error
    }
    for (const row of fits.rows) written.add(row)
    size! += fits.bytes
    return fits.rows.length === added.length
  }

  const alone = <T>(task: () => Promise<T>) =>
    serial(async () => {
      if (size === undefined) await begin()
      return task()
    })

  return {
    append: rows => serial(() => append(rows)),
    ...createEdits({ folder, alone }),
  }
}

/** Whether one of the file's rows may come again; it is durable then. */
async function findKeys(path: string, comesAgain: (key: string) => boolean): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    let found = false
    await readKeys(file, key => {
      if (comesAgain(key)) found = true
    })
    if (found) await file.datasync()
    return found
  } finally {
    await file.close()
  }
}

/** Cuts off what follows the last LF. */
async function cutTornRow(file: FileHandle): Promise<void> {
  const { size } = await file.stat()
  let end = size
  const space = Buffer.alloc(Math.min(TAIL_BYTES, size))
  for (let start = size; start > 0 && end === start; ) {
    start = Math.max(0, start - TAIL_BYTES)
    const { bytesRead } = await file.read(space, 0, end - start, start)
    if (bytesRead < end - start) throw new Error(`the file ends at ${start + bytesRead}, before ${end}`)
    end = start + space.subarray(0, bytesRead).lastIndexOf(LF) + 1
  }
  if (end < size) await file.truncate(end)
}
