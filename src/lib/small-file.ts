import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

export interface SmallFile {
  /** Differs when the file was written, replaced, or its link leads elsewhere. */
  readonly version: string
  readonly text: string
}

/**
 * Reads a file that ought to be small, and is given by a person who may err: never more than `maxBytes`, never waiting for the other end of a
 * pipe. A version that is known already is not read again.
 *
 * @throws Error whose message is a clause about the file (`it is empty`), without a word of its content
 */
export async function readSmallFile(path: string, maxBytes: number, known?: SmallFile): Promise<SmallFile> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(unreadable)
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw new Error('it is not a file')
    const version = `${stat.mtimeMs} ${stat.size} ${stat.ino}`
    if (known?.version === version) return known
    const buffer = Buffer.alloc(Math.min(stat.size, maxBytes) + 1)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0).catch(unreadable)
    if (bytesRead > maxBytes) throw new Error(`it is longer than ${maxBytes} bytes`)
    const text = buffer.toString('utf8', 0, bytesRead)
    if (text.trim() === '') throw new Error('it is empty')
    return { version, text }
  } finally {
    await handle.close()
  }
}

function unreadable(cause: NodeJS.ErrnoException): never {
  throw new Error(`it cannot be read (${cause.code})`, { cause })
}
