import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from '../errors.ts'
import { hasCode } from '../lib/error-code.ts'

/**
 * Before a command writes in the data folder in place of a service that is stopped. It makes no folder for a name that was mistyped, and leaves
 * no file that the service could not read.
 *
 * @throws StartError
 */
export async function checkDataFolder(dir: string): Promise<void> {
  const facts = await statOf(dir)
  if (facts === undefined) throw new StartError(`There is no data folder ${dir} (DATA_DIR).`)
  if (!facts.isDirectory()) throw new StartError(`The data folder ${dir} (DATA_DIR) is no folder.`)
  const me = process.geteuid?.()
  // The service makes the spool: a volume that it was given may belong to another.
  const { uid } = (await statOf(join(dir, 'spool'))) ?? facts
  if (me === undefined || uid === me) return
  throw new StartError(
    `The data folder ${dir} belongs to the user ${uid}, and this command runs as ${me}: while the service is stopped, run it as ${uid} (sudo -u '#${uid}'), so that the service can read what it writes.`,
  )
}

async function statOf(path: string) {
  return stat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
}
