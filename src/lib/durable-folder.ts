import { mkdir, open } from 'node:fs/promises'
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
 * @param path absolute
 */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let parent = dirname(path); parent.length >= dirname(first).length; parent = dirname(parent)) {
    await fsyncFolder(parent)
    if (parent === dirname(parent)) return
  }
}
