import { hasCode } from './error-code.ts'
import type { Files } from './files.ts'

/**
 * Makes a name of ours free: what lies there is removed; of a link not what it leads to. A folder is not ours; it is moved to another
 * name beside it.
 */
export async function freePlace(path: string, files: Pick<Files, 'unlink' | 'rename'>): Promise<void> {
  try {
    await files.unlink(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    // What unlink says of a folder: Linux the one, others the other.
    if (!hasCode(error, 'EISDIR', 'EPERM')) throw error
    await files.rename(path, `${path}.aside-${Date.now()}`)
  }
}
