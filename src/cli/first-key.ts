import { randomBytes } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StartError } from '../errors.ts'
import { fsyncFolder } from '../lib/durable-folder.ts'
import { hasCode } from '../lib/error-code.ts'

export interface FirstKey {
  readonly file: string
  /** Only where this call made it. */
  readonly newKey: string | undefined
}

/**
 * The keys file of a service that was given no keys: `intake-keys` in the data folder (0600), made with one random key of 256 bits
 * if it is missing or empty. Call it under the folder's lock. Throws StartError.
 */
export async function ensureKeysFile(dataDir: string): Promise<FirstKey> {
  const file = join(dataDir, 'intake-keys')
  try {
    const present = await readFile(file, 'utf8').catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return ''
      throw error
    })
    if (present.trim() !== '') return { file, newKey: undefined }
    const newKey = randomBytes(32).toString('base64url')
    await writeDurably(file, `${newKey}\n`)
    return { file, newKey }
  } catch (error) {
    throw new StartError(`The keys file ${file} cannot be read or made: ${(error as Error).message}.`, { cause: error })
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const draft = `${file}.new`
  const handle = await open(draft, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
  await fsyncFolder(dirname(file))
}
