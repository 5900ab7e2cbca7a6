import { StartError } from '../errors.ts'
import { makeFolder } from '../lib/durable-folder.ts'
import { hasCode } from '../lib/error-code.ts'
import { type FolderLock, LockHeldError, lockFolder } from '../lib/socket-lock.ts'

/**
 * Makes the data folder if it is missing and takes its lock, for as long as the process lives or until release.
 *
 * @param dir absolute path
 * @throws StartError with one sentence for the operator.
 */
export async function createLock(dir: string): Promise<FolderLock> {
  try {
    await makeFolder(dir)
    return await lockFolder(dir)
  } catch (error) {
    throw new StartError(sentence(dir, error), { cause: error })
  }
}

function sentence(dir: string, error: unknown): string {
  if (error instanceof LockHeldError) return `The data folder ${dir} is in use by another logpush-intake.`
  const reason = error instanceof Error ? error.message : String(error)
  const isSocket = error instanceof Error && 'syscall' in error && error.syscall === 'listen'
  if (isSocket && !hasCode(error, 'EACCES', 'EROFS', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE'))
    return `The data folder ${dir} must be on a file system that can hold Unix sockets, which lock it (${reason}).`
  return `The data folder ${dir} cannot be made or written (${reason}).`
}
