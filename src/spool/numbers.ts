import { fsyncFolder } from '../lib/durable-folder.ts'
import { hasCode } from '../lib/error-code.ts'
import { nextNumber, numberAt } from './file-name.ts'
import type { Folders } from './folders.ts'

/**
 * The numbers of batches. None comes twice, also when the clock is set back, everything was delivered and removed, and the process or the power
 * goes: the time of change of the spool's own folder is put ahead of the numbers that are given, and numbers begin behind it after a
 * start. A sink that knows batches by their names would take the second of two for the first.
 */
export interface Numbers {
  /** Before anything changes the folder: finds where an earlier run was. */
  open(): Promise<void>
  /** Numbers go on behind it. */
  seen(number: number): void
  next(): number
  /** Resolves when none of the numbers given so far can be given after a restart. Rejects with the error of the disk. */
  secure(): Promise<void>
}

/** So that it is done once in so many seconds, not for each batch. */
const AHEAD_MS = 10_000
/** A file system may tell times in whole seconds. */
const FILE_TIME_MS = 1000

export function createNumbers({ files, root, batches }: Folders, now: () => number): Numbers {
  let last = 0
  let secured = 0

  const seen = (number: number) => {
    last = Math.max(last, number)
  }

  const changedAt = async (folder: string): Promise<number> => {
    try {
      return (await files.stat(folder)).mtimeMs
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return 0
      throw error
    }
  }

  return {
    seen,
    async open() {
      // Of the batches as well: versions before this one did not put the other ahead.
      for (const folder of [root, batches]) seen(numberAt((await changedAt(folder)) + FILE_TIME_MS))
    },
    next() {
      last = nextNumber(last, now())
      return last
    },
    async secure() {
      if (last <= secured) return
      const aheadMs = Math.ceil(last / 1000) + AHEAD_MS
      const time = new Date(aheadMs)
      await files.utimes(root, time, time)
      await fsyncFolder(root, files)
      secured = numberAt(aheadMs)
    },
  }
}
