import { makeFolder } from '../lib/durable-folder.ts'
import { hasCode } from '../lib/error-code.ts'
import type { Timing } from '../lib/timing.ts'
import { batchOf, bytesOf, storedAtOf } from './file-name.ts'
import { type Folders, removeFile } from './folders.ts'
import type { Log } from './log.ts'
import { createNameList } from './name-list.ts'
import type { KeptFilter, Usage } from './spool.ts'

/** Delivered batches, kept for replay: the newest, up to a size and an age. */
export interface Kept {
  readonly usage: Usage
  /** Finds what an earlier run kept, and begins to remove what is too much. Answers with the last name. */
  open(): Promise<string | undefined>
  /** Takes a delivered batch out of `batches`: to the kept ones, or away. Fails only when it can do neither. */
  retire(file: string): Promise<void>
  /** Removes the oldest, of so many bytes; false: there are none. */
  makeRoom(bytes: number): Promise<boolean>
  /** Their names, in the order of storing. */
  names(which: KeptFilter): readonly string[]
  close(): Promise<void>
}

export interface KeptOptions {
  readonly folders: Folders
  /** 0: none is kept. */
  readonly keepBytes: number
  readonly keepMs: number
  readonly now: () => number
  readonly timing: Timing
  readonly log: Log
  /** None is removed (disk.ts, forCommand). */
  readonly leaves: boolean
}

const LOOK_MS = 60_000
const REPEAT_LOG_MS = 60_000

export function createKept({ folders, keepBytes, keepMs, now, timing, log, leaves }: KeptOptions): Kept {
  const list = createNameList()
  let closing = false
  let pruning: Promise<void> | undefined
  let stopTimer: (() => void) | undefined
  let cannotKeep = false
  let cannotRemove = false
  let madeRoomAt = Number.NEGATIVE_INFINITY

  const removeOldest = async (): Promise<void> => {
    const file = list.shift()!
    try {
      await removeFile(folders.files, folders.keptFile(file))
      cannotRemove = false
    } catch (err) {
      // Forgotten until the next start: one that cannot be removed must not hold the others.
      if (!cannotRemove) log.warn({ err, file }, 'A kept batch cannot be removed; it is left.')
      cannotRemove = true
    }
  }

  const isTooMuch = () => {
    const oldest = list.first()
    if (oldest === undefined || closing || leaves) return false
    return keepBytes === 0 || list.bytes > keepBytes || now() - storedAtOf(oldest) >= keepMs
  }

  const removeTooMuch = async () => {
    while (isTooMuch()) await removeOldest()
    pruning = undefined
  }

  const prune = () => {
    if (pruning === undefined && isTooMuch()) pruning = removeTooMuch()
  }

  const keep = async (file: string): Promise<boolean> => {
    // A power loss may have left it under both names.
    if (list.has(file)) return false
    try {
      await moveIn(folders, file)
      if (cannotKeep) log.info({}, 'Delivered batches are kept again.')
      cannotKeep = false
      return true
    } catch (err) {
      // The batch itself is gone.
      if (hasCode(err, 'ENOENT')) return false
      if (!cannotKeep) log.warn({ err }, 'Delivered batches cannot be kept for replay now; they are removed.')
      cannotKeep = true
      return false
    }
  }

  return {
    get usage() {
      return { bytes: list.bytes, batches: list.length }
    },
    async open() {
      const { names, strangers } = await readKept(folders, keepBytes > 0 && !leaves).catch(err => {
        // What was kept is delivered: no reason to take no batch.
        log.error({ err, folder: folders.kept }, 'The folder of kept batches cannot be used.')
        return { names: [], strangers: [] }
      })
      for (const name of names) list.add(name)
      if (strangers.length > 0)
        log.warn(
          { folder: folders.kept, files: strangers.length, first: strangers[0] },
          'The folder of kept batches holds what is none; it is left.',
        )
      prune()
      if (keepBytes > 0) stopTimer = timing.every(LOOK_MS, prune)
      return names.at(-1)
    },
    async retire(file) {
      // One that is larger than all that may be kept would only drive the others out.
      const isWanted = keepBytes > 0 && bytesOf(file) <= keepBytes && batchOf(file)?.again === undefined
      if (!isWanted || !(await keep(file))) return removeFile(folders.files, folders.batchFile(file))
      list.add(file)
      prune()
    },
    async makeRoom(bytes) {
      if (leaves) return false
      let [freed, batches] = [0, 0]
      for (; list.length > 0 && freed < bytes; batches++) {
        freed += bytesOf(list.first()!)
        await removeOldest()
      }
      if (batches > 0 && timing.elapsed() - madeRoomAt >= REPEAT_LOG_MS) {
        madeRoomAt = timing.elapsed()
        log.warn({ batches, bytes: freed }, 'Kept batches were removed, as the disk is nearly full.')
      }
      return batches > 0
    },
    names: ({ since = 0, until = Number.POSITIVE_INFINITY }) =>
      list.all().filter(name => storedAtOf(name) >= since && storedAtOf(name) < until),
    async close() {
      closing = true
      stopTimer?.()
      await pruning
    },
  }
}

/** No fsync: the batch is delivered. After a power loss it may lie where it was and is delivered again, or may not be kept. */
async function moveIn(folders: Folders, file: string): Promise<void> {
  const move = () => folders.files.rename(folders.batchFile(file), folders.keptFile(file))
  try {
    await move()
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
    await makeFolder(folders.kept, folders.files)
    await move()
  }
  // Of two names of one file a rename removes none, and the list does not tell all kept ones while their folder cannot be read.
  await removeFile(folders.files, folders.batchFile(file))
}

async function readKept(folders: Folders, isMade: boolean): Promise<{ names: string[]; strangers: string[] }> {
  if (isMade) await makeFolder(folders.kept, folders.files)
  const found = await folders.files.readdir(folders.kept).catch(error => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  })
  const isKept = (name: string) => {
    const batch = batchOf(name)
    return batch !== undefined && batch.again === undefined
  }
  const names = found.filter(isKept).sort()
  return { names, strangers: found.filter(name => !isKept(name)) }
}
