import { rename } from 'node:fs/promises'
import { fsyncFolder } from '../lib/durable-folder.ts'
import { createGroup } from '../lib/group.ts'
import { batchOf, fileNameOf, type NameParts, nextNumber } from './file-name.ts'
import type { Folders } from './folders.ts'
import type { Batch } from './spool.ts'

/** A file in `incoming`, written and fsynced, and what its name will say. */
export interface Sealed {
  readonly path: string
  readonly parts: Omit<NameParts, 'number' | 'storedAt'>
}

export type StoreResult = { readonly storedAt: number } | { readonly error: unknown }

/**
 * Gives received files their names among the batches. One group at a time: all that wait are renamed, one fsync of the folder makes all
 * names durable, then they are handed on in the order of their numbers, so that the order of claims is the same after a restart.
 *
 * @param handOn called once for each batch that is durable; must not throw
 * @param abandon takes away a file whose name may not be durable
 */
export function createStore(
  folders: Folders,
  now: () => number,
  handOn: (batch: Batch, file: string) => void,
  abandon: (path: string) => Promise<void>,
) {
  let last = 0

  const storeGroup = async (group: readonly Sealed[]): Promise<StoreResult[]> => {
    const named = group.map(({ path, parts }) => {
      last = nextNumber(last, now())
      const storedAt = Math.max(0, Math.trunc(now()))
      return { path, file: fileNameOf({ ...parts, number: last, storedAt }), storedAt }
    })
    const renames = await Promise.allSettled(named.map(({ path, file }) => rename(path, folders.batchFile(file))))
    const failure = renames.some(({ status }) => status === 'fulfilled')
      ? await fsyncFailure(folders.batches)
      : undefined
    if (failure !== undefined) {
      await Promise.all(
        named.map(({ file }, index) => {
          return renames[index]?.status === 'fulfilled' ? abandon(folders.batchFile(file)) : undefined
        }),
      )
      return named.map(() => failure)
    }
    return named.map(({ file, storedAt }, index) => {
      const outcome = renames[index]!
      if (outcome.status === 'rejected') return { error: outcome.reason }
      handOn(batchOf(file)!, file)
      return { storedAt }
    })
  }

  return {
    /** Resolves when the batch is handed on, or with the error for which it could not be stored. */
    store: createGroup(storeGroup),
    /** Numbers go on behind it. */
    seen(number: number) {
      last = Math.max(last, number)
    },
  }
}

async function fsyncFailure(folder: string): Promise<{ error: unknown } | undefined> {
  try {
    await fsyncFolder(folder)
    return undefined
  } catch (error) {
    return { error }
  }
}
