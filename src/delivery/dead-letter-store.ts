import { readdir } from 'node:fs/promises'
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

export function createDeadLetterStore(options: DeadLettersOptions): DeadLetterStore {
  const opened = new Map<string, DeadLetters & DeadLetterEdits>()
  return {
    of(sink) {
      if (!SINK.test(sink)) throw new RangeError(`no sink has the name ${JSON.stringify(sink)}`)
      const letters = opened.get(sink) ?? createDeadLetters({ ...options, folder: join(options.folder, sink) })
      opened.set(sink, letters)
      return letters
    },
  }
}

const SINK = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/

/** The sinks that have dead letters, or some on their way, in the order of the alphabet. Needs no lock. */
export async function sinksWithLetters(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  })
  const sinks: string[] = []
  for (const { name } of entries.filter(entry => entry.isDirectory() && SINK.test(entry.name))) {
    const { letters, taken } = await listFolder(join(folder, name))
    if (letters.length + taken.length > 0) sinks.push(name)
  }
  return sinks.sort()
}
