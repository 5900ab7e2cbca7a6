import { type Files, type OpenFile, realFiles } from './files.ts'
import { writeAll } from './whole-file.ts'

/** A file that is written from its beginning to its end; it must not exist before. Used by one caller, one call at a time. */
export interface NewFile {
  readonly bytes: number
  write(chunk: Uint8Array): Promise<void>
  /** A part of another file, read in pieces. Throws where that file ends before. */
  copy(source: OpenFile, from: number, to: number): Promise<void>
  /** Makes it durable (its name is the folder's) and closes it. */
  finish(): Promise<void>
  /** Closes it as it is. Idempotent, also after finish; never rejects. */
  abandon(): Promise<void>
}

const BUFFER_BYTES = 64 * 1024
const COPY_BYTES = 256 * 1024

export async function createNewFile(path: string, files: Files = realFiles): Promise<NewFile> {
  const file = await files.open(path, 'wx', 0o600)
  let chunks: Uint8Array[] = []
  let waiting = 0
  let bytes = 0

  const flush = async () => {
    const text = Buffer.concat(chunks)
    chunks = []
    waiting = 0
    await writeAll(file, text)
  }
  const write = async (chunk: Uint8Array) => {
    chunks.push(chunk)
    waiting += chunk.length
    bytes += chunk.length
    if (waiting >= BUFFER_BYTES) await flush()
  }

  return {
    get bytes() {
      return bytes
    },
    write,
    async copy(source, from, to) {
      for (let position = from; position < to; ) {
        const space = Buffer.allocUnsafe(Math.min(COPY_BYTES, to - position))
        const { bytesRead } = await source.read(space, 0, space.length, position)
        if (bytesRead === 0) throw new Error(`the file ends at ${position}, before ${to}`)
        await write(space.subarray(0, bytesRead))
        position += bytesRead
      }
    },
    async finish() {
      try {
        await flush()
        await file.sync()
      } finally {
        await file.close()
      }
    },
    abandon: () => file.close().catch(() => {}),
  }
}
