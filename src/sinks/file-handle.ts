import { dirname } from 'node:path'
import { fsyncFolder, makeFolder } from '../lib/durable-folder.ts'
import { hasCode } from '../lib/error-code.ts'
import type { Files, OpenFile } from '../lib/files.ts'
import type { Mark } from './file-marks.ts'
import { endOf, fitting } from './file-pieces.ts'
import { ifThere } from './file-system.ts'
import type { Piece } from './sink.ts'

/** An event file that is being written. Sizes are those that memory believes; `trim` makes the disk agree after a failure. */
export interface EventFile {
  readonly stem: string
  readonly path: string
  readonly handle: OpenFile
  readonly inode: bigint
  /** Unix milliseconds. */
  readonly begunAt: number
  /** Whole events. */
  size: number
  /** What the last successful fsync covers. */
  synced: number
  /** The batch whose events may follow without a new record in the journal. */
  batch: string | undefined
  /** What was written since `synced`, to take it back. */
  readonly unsynced: { readonly mark: Mark; readonly doneBefore: number; readonly end: number }[]
  /** The disk may hold more than `size`. */
  untrimmed: boolean
  /** An fsync failed: bytes after `synced` are not to be believed. */
  doubtful: boolean
}

type Known = Pick<EventFile, 'stem' | 'path' | 'handle' | 'inode' | 'begunAt' | 'size'>

function eventFile(known: Known): EventFile {
  return { ...known, synced: known.size, batch: undefined, unsynced: [], untrimmed: false, doubtful: false }
}

/** Makes an empty file and its folder; when it resolves the name is durable. Undefined where it is taken. */
export async function createFile(files: Files, stem: string, path: string, mode: number, begunAt: number) {
  await makeFolder(dirname(path), files)
  const handle = await files.open(path, 'wx', mode).catch(error => {
    if (!hasCode(error, 'EEXIST')) throw error
  })
  if (!handle) return undefined
  try {
    // The process's umask may have taken bits away.
    await handle.chmod(mode)
    await fsyncFolder(dirname(path), files)
    const { ino } = await handle.stat({ bigint: true })
    return eventFile({ stem, path, handle, inode: ino, begunAt, size: 0 })
  } catch (error) {
    await handle.close()
    await files.unlink(path).catch(() => {})
    throw error
  }
}

/** Opens a file of which `size` bytes are known. Undefined where it is not there as it was left. */
export async function reopenFile(
  files: Files,
  stem: string,
  path: string,
  size: number,
  begunAt: number,
): Promise<EventFile | undefined> {
  if (!(await ifThere(files.stat(path)))?.isFile()) return undefined
  const handle = await ifThere(files.open(path, 'r+'))
  if (!handle) return undefined
  const there = await handle.stat({ bigint: true })
  if (there.size === BigInt(size)) return eventFile({ stem, path, handle, inode: there.ino, begunAt, size })
  await handle.close()
  return undefined
}

/** True while the path leads to this file and nobody else has changed its size. */
export async function isInPlace(files: Files, file: EventFile): Promise<boolean> {
  const there = await ifThere(files.stat(file.path, { bigint: true }))
  return there !== undefined && there.ino === file.inode && there.size === BigInt(file.size)
}

/** Writes the piece's events from number `mark.done` up to `until`. Counts those that are whole in the file even when it fails. */
export async function appendEvents(file: EventFile, mark: Mark, { bytes, ends, first }: Piece, until: number) {
  const begin = endOf(ends, mark.done - first)
  const length = endOf(ends, until) - begin
  let written = 0
  try {
    while (written < length) {
      const result = await file.handle.write(bytes, begin + written, length - written, file.size + written)
      written += result.bytesWritten
    }
  } finally {
    const whole = fitting(ends, mark.done - first, written)
    const wholeBytes = endOf(ends, whole) - begin
    file.unsynced.push({ mark, doneBefore: mark.done, end: file.size + wholeBytes })
    file.size += wholeBytes
    mark.done = first + whole
    if (written < length) {
      file.untrimmed = true
      await trim(file).catch(() => {})
    }
  }
}

/** Cuts off what a failed write left behind the last whole event. A file that somebody else made shorter is left alone. */
export async function trim(file: EventFile): Promise<void> {
  const { size } = await file.handle.stat()
  if (size > file.size) await file.handle.truncate(file.size)
  file.untrimmed = false
}

/** Takes back what was written since the last fsync. */
export function forgetUnsynced(file: EventFile): void {
  for (const { mark, doneBefore } of file.unsynced.splice(0).reverse()) mark.done = doneBefore
  file.size = file.synced
  file.batch = undefined
  file.untrimmed = true
}
