import { mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes durable what was created, renamed or removed in a folder before the call. */
export async function fsyncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Makes a folder and those above it where they are missing. A file in a folder is only as durable as the folder's own name, so
 * every folder that holds a new name is fsynced. Does nothing for a folder that exists.
 *
 * Not by mkdir's own `recursive`: Node tries for ever where a folder that exists takes no new one (/proc).
 *
 * @param path absolute
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const parent = dirname(path)
    switch ((error as NodeJS.ErrnoException).code) {
      case 'EEXIST':
        if ((await stat(path)).isDirectory()) return
        throw error
      case 'ENOENT':
        if (parent === path || (await exists(parent))) throw error
        await makeFolder(parent)
        return makeFolder(path)
      default:
        throw error
    }
  }
  await fsyncFolder(dirname(path))
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
