import { fsyncFolder } from '../lib/durable-folder.ts'
import { createGroup } from '../lib/group.ts'
import { batchOf, fileNameOf, type NameParts } from './file-name.ts'
import type { Folders } from './folders.ts'
import type { Numbers } from './numbers.ts'
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
 * The function that it answers with resolves when the batch is handed on, or with the error for which it could not be stored.
 *
 * @param handOn called once for each batch that is durable; must not throw
 * @param abandon takes away a file whose name may not be durable
 */
export function createStore(
  folders: Folders,
  now: () => number,
  numbers: Numbers,
  handOn: (batch: Batch, file: string) => void,
  abandon: (path: string) => Promise<void>,
) {
  const storeGroup = async (group: readonly Sealed[]): Promise<StoreResult[]> => {
    const named = group.map(({ path, parts }) => {
      const number = numbers.next()
      const storedAt = Math.max(0, Math.trunc(now()))
      return { path, file: fileNameOf({ ...parts, number, storedAt }), storedAt }
    })
    await numbers.secure()
    const renames = await Promise.allSettled(
      named.map(({ path, file }) => folders.files.rename(path, folders.batchFile(file))),
    )
    const failure = renames.some(({ status }) => status === 'fulfilled') ? await fsyncFailure(folders) : undefined
    if (failure !== undefined) {
      await Promise.all(named.map(({ file }) => abandon(folders.batchFile(file))))
      return named.map(() => failure)
    }
    // A rename may have happened although the disk says that it failed.
    await Promise.all(
      named.map(({ file }, index) =>
        renames[index]!.status === 'rejected' ? abandon(folders.batchFile(file)) : undefined,
      ),
    )
    return named.map(({ file, storedAt }, index) => {
      const outcome = renames[index]!
      if (outcome.status === 'rejected') return { error: outcome.reason }
      handOn(batchOf(file)!, file)
      return { storedAt }
    })
  }

  return createGroup(async (group: readonly Sealed[]): Promise<readonly StoreResult[]> => {
    try {
      return await storeGroup(group)
    } catch (error) {
      return group.map(() => ({ error }))
    }
  })
}

async function fsyncFailure({ batches, files }: Folders): Promise<{ error: unknown } | undefined> {
  try {
    await fsyncFolder(batches, files)
    return undefined
  } catch (error) {
    return { error }
  }
}
