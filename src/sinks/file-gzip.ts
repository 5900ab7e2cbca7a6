import { createReadStream, createWriteStream } from 'node:fs'
import { type FileHandle, open, rename, rm, stat, unlink, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { fsyncFolder } from '../lib/durable-folder.ts'
import { GZIPPED, PLAIN, UNFINISHED_GZIP } from './file-names.ts'

/**
 * Puts `<path>.ndjson.gz` in the place of `<path>.ndjson`. At every instant one of the two is there and complete; after a kill both
 * may be, see settlePair. The time of the last event (mtime) is kept. Rejects with the signal's reason, and then nothing is changed.
 */
export async function compress(path: string, mode: number, signal: AbortSignal): Promise<void> {
  const unfinished = path + UNFINISHED_GZIP
  const { mtime } = await stat(path + PLAIN)
  try {
    await rm(unfinished, { force: true })
    const options = { flags: 'wx', mode, flush: true }
    await pipeline(createReadStream(path + PLAIN), createGzip(), createWriteStream(unfinished, options), { signal })
    await finish(unfinished, mode, mtime)
    await rename(unfinished, path + GZIPPED)
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {})
    throw error
  }
  await fsyncFolder(dirname(path))
  await unlink(path + PLAIN)
}

async function finish(path: string, mode: number, mtime: Date): Promise<void> {
  const handle: FileHandle = await open(path, 'r+')
  try {
    // The process's umask may have taken bits away.
    await handle.chmod(mode)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await utimes(path, mtime, mtime)
}

/** Where both are there, keeps the one that is complete: no event is in two files, and none is lost. */
export async function settlePair(path: string, signal: AbortSignal): Promise<'gzip' | 'plain'> {
  const { size } = await stat(path + PLAIN)
  const complete = (await inflatedSize(path + GZIPPED, signal)) === size
  await unlink(path + (complete ? PLAIN : GZIPPED))
  return complete ? 'gzip' : 'plain'
}

async function inflatedSize(path: string, signal: AbortSignal): Promise<number | undefined> {
  let size = 0
  const count = new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.length
      done()
    },
  })
  try {
    await pipeline(createReadStream(path), createGunzip(), count, { signal })
    return size
  } catch (error) {
    signal.throwIfAborted()
    if ((error as NodeJS.ErrnoException).syscall) throw error
    return undefined
  }
}
