import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '../lib/error-code.ts'
import type { DeadLetterEdits } from './dead-letter-edits.ts'
import { listFolder } from './dead-letter-files.ts'
import { createDeadLetters, type DeadLetters, type DeadLettersOptions } from './dead-letters.ts'

/** The dead letters of all sinks. One a process, so that what is appended and what is taken away know of each other. */
export interface DeadLetterStore {
  /** The same for each call. @throws RangeError for a name that is no folder name */
  of(sink: string): DeadLetters & DeadLetterEdits
}

export interface DeadLetterStoreOptions extends Omit<DeadLettersOptions, 'oldestBatch'> {
  /** As in DeadLettersOptions, by sink. */
  readonly oldestBatch?: ((sink: string) => string | undefined) | undefined
}

export function createDeadLetterStore(options: DeadLetterStoreOptions): DeadLetterStore {
  const { folder, oldestBatch } = options
  const opened = new Map<string, DeadLetters & DeadLetterEdits>()
  return {
    of(sink) {
      if (!SINK.test(sink)) throw new RangeError(`no sink has the name ${JSON.stringify(sink)}`)
      const letters =
        opened.get(sink) ??
        createDeadLetters({
          ...options,
          folder: join(folder, sink),
          oldestBatch: oldestBatch && (() => oldestBatch(sink)),
        })
      opened.set(sink, letters)
      return letters
    },
  }
}

const SINK = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/

/** The sinks that have dead letters, or some on their way, in the order of the alphabet. Needs no lock. */
export async function sinksWithLetters(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  })
  const sinks: string[] = []
  for (const name of names.filter(name => SINK.test(name))) {
    if (!(await isFolder(join(folder, name)))) continue
    const { letters, taken } = await listFolder(join(folder, name))
    if (letters.length + taken.length > 0) sinks.push(name)
  }
  return sinks.sort()
}

/** A link to a folder is one; a link to nothing, or what went meanwhile, is none. */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ELOOP')) return false
    throw error
  }
}
