import { dirname } from 'node:path'
import { hasCode } from './error-code.ts'
import { type Files, realFiles } from './files.ts'

/** Makes durable what was created, renamed or removed in a folder before the call. */
export async function fsyncFolder(path: string, files: Files = realFiles): Promise<void> {
  const handle = await files.open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Makes durable the names of a folder and of all above it. A run that was killed between mkdir and fsync leaves a folder that is there for all
 * who look and would not survive a power loss, with everything that was fsynced in it since.
 *
 * @param path absolute
 */
export async function fsyncAbove(path: string, files: Files = realFiles): Promise<void> {
  for (let [folder, above] = [path, dirname(path)]; above !== folder; [folder, above] = [above, dirname(above)])
    await fsyncIfOurs(above, files)
}

/**
 * One that may not be opened, or of a file system that knows no fsync of folders, is not ours: somebody else made what is in it. Any other failure of
 * the fsync is one of the disk, whatever its code says.
 */
async function fsyncIfOurs(path: string, files: Files): Promise<void> {
  const handle = await files.open(path, 'r').catch(error => {
    if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'EINVAL', 'ENOTSUP')) throw error
  })
  if (handle === undefined) return
  try {
    await handle.sync()
  } catch (error) {
    if (!hasCode(error, 'EINVAL', 'ENOTSUP')) throw error
  } finally {
    await handle.close()
  }
}

/**
 * Makes a folder and those above it where they are missing. A file in a folder is only as durable as the folder's own name, so
 * every folder that holds a new name is fsynced; of a folder that is there already it is not known whether that was, so its name is
 * fsynced again.
 *
 * Not by mkdir's own `recursive`: Node tries for ever where a folder that exists takes no new one (/proc).
 *
 * @param path absolute
 */
export async function makeFolder(path: string, files: Files = realFiles): Promise<void> {
  try {
    await files.mkdir(path, { mode: 0o700 })
  } catch (error) {
    const parent = dirname(path)
    switch ((error as NodeJS.ErrnoException).code) {
      case 'EEXIST':
        if ((await files.stat(path)).isDirectory()) return fsyncIfOurs(parent, files)
        throw error
      case 'ENOENT':
        if (parent === path || (await exists(parent, files))) throw error
        await makeFolder(parent, files)
        return makeFolder(path, files)
      default:
        throw error
    }
  }
  await fsyncFolder(dirname(path), files)
}

async function exists(path: string, files: Files): Promise<boolean> {
  return files.stat(path).then(
    () => true,
    () => false,
  )
}
