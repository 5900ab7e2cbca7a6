import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fsyncFolder, makeFolder } from '../lib/durable-folder.ts'
import { createSerial } from '../lib/serial.ts'
import { createEdits, type DeadLetterEdits } from './dead-letter-edits.ts'
import { listFolder } from './dead-letter-files.ts'

/**
 * Dead letters of one sink: `<folder>/<YYYY-MM-DD>.ndjson`, mode 0600, a JSON object a line (dead-letter.ts). Rows are appended here;
 * how they leave, and the other files of the folder, is told in dead-letter-files.ts.
 *
 * - A row is durable before its line counts as settled, so before its batch is acknowledged.
 * - Only whole rows: what a crash or a full disk left of one is cut off before the next append.
 * - A batch that is delivered again after a crash brings its rows again; those among the last ones on the disk are left out, also where they
 *   have been redriven or discarded since.
 */
export interface DeadLetters {
  /**
   * Resolves with false, and nothing written, when there is no room for the rows. Throws on a disk error; then none of the rows
   * counts.
   */
  append(rows: readonly Row[]): Promise<boolean>
}

export interface Row {
  /** Equal for the same line of the same batch. */
  readonly key: string
  /** One line of JSON, without LF, that holds the key as its member `key`. */
  readonly json: string
}

export interface DeadLettersOptions {
  /** Absolute; made when it is missing. */
  readonly folder: string
  /** One row always fits into an empty folder. */
  readonly maxBytes: number
  /** Unix milliseconds. */
  readonly now: () => number
}

/** How much of the newest file is looked at for a torn row and for keys. */
const TAIL_BYTES = 4 * 1024 * 1024

export function createDeadLetters({ folder, maxBytes, now }: DeadLettersOptions): DeadLetters & DeadLetterEdits {
  const serial = createSerial()
  const recent = new Set<string>()
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
    return { newest: letters.at(-1), size: sizes.reduce((sum, bytes) => sum + bytes, 0) }
  }

  /** Rows found here are not written again, and whoever wrote them may have been killed before they were durable. */
  const find = async () => {
    await makeFolder(folder)
    const found = await measure()
    if (found.newest !== undefined) {
      await mend(join(folder, found.newest), recent)
      await fsyncFolder(folder)
    }
    size = (await measure()).size
  }

  const write = async (text: string) => {
    const path = join(folder, `${new Date(now()).toISOString().slice(0, 10)}.ndjson`)
    const file = await open(path, 'a+', 0o600)
    try {
      const before = (await file.stat()).size
      try {
        await file.writeFile(text)
        await file.datasync()
      } catch (error) {
        await file.truncate(before)
        throw error
      }
      if (before === 0) await fsyncFolder(folder)
    } finally {
      await file.close()
    }
  }

  const append = async (rows: readonly Row[]): Promise<boolean> => {
    if (size === undefined) await find()
    const added = rows.filter(row => !recent.has(row.key))
    if (added.length === 0) return true
    const text = `${added.map(row => row.json).join('\n')}\n`
    const bytes = Buffer.byteLength(text)
    // Rows may have been redriven or discarded since.
    if (size! + bytes > maxBytes) size = (await measure()).size
    if (size! > 0 && size! + bytes > maxBytes) return false
    try {
      await write(text)
    } catch (error) {
      size = undefined
      throw error
    }
    size! += bytes
    return true
  }

  const alone = <T>(task: () => Promise<T>) =>
    serial(async () => {
      if (size === undefined) await find()
      return task()
    })

  return {
    append: rows => serial(() => append(rows)),
    ...createEdits({ folder, alone }),
  }
}

/** Cuts off a torn last row, makes the others durable, and collects the keys of the last ones. */
async function mend(path: string, keys: Set<string>): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const { size } = await file.stat()
    const start = Math.max(0, size - TAIL_BYTES)
    const tail = await readAll(file, start, size - start)
    const whole = tail.lastIndexOf(0x0a) + 1
    if (whole < tail.length && (whole > 0 || start === 0)) {
      await file.truncate(start + whole)
    } else if (whole === 0 && tail.length > 0) {
      // A torn row larger than the tail is ended, so that it spoils no other.
      await file.write('\n', size)
    }
    await file.datasync()
    for (const row of tail.toString('utf8', 0, whole).split('\n')) {
      const key = keyOf(row)
      if (key !== undefined) keys.add(key)
    }
  } finally {
    await file.close()
  }
}

async function readAll(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  const { bytesRead } = await file.read(bytes, 0, length, position)
  return bytes.subarray(0, bytesRead)
}

function keyOf(row: string): string | undefined {
  try {
    const { key } = JSON.parse(row) as { key?: unknown }
    return typeof key === 'string' ? key : undefined
  } catch {
    return undefined
  }
}
