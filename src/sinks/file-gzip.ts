import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { fsyncFolder } from '../lib/durable-folder.ts'
import type { Files, OpenFile } from '../lib/files.ts'
import { readAll, writeAll } from '../lib/whole-file.ts'
import { GZIPPED, PLAIN, UNFINISHED_GZIP } from './file-names.ts'
import { ifThere } from './file-system.ts'

/**
 * Puts `<path>.ndjson.gz` in the place of `<path>.ndjson`. At every instant one of the two is there and complete; after a kill both
 * may be, see settlePair. The time of the last event (mtime) is kept. Rejects with the signal's reason, and then nothing is changed.
 */
export async function compress(files: Files, path: string, mode: number, signal: AbortSignal): Promise<void> {
  const unfinished = path + UNFINISHED_GZIP
  const { mtime } = await files.stat(path + PLAIN)
  try {
    await ifThere(files.unlink(unfinished))
    await writeCompressed(files, path + PLAIN, unfinished, mode, signal)
    await files.utimes(unfinished, mtime, mtime)
    await files.rename(unfinished, path + GZIPPED)
  } catch (error) {
    await files.unlink(unfinished).catch(() => {})
    throw error
  }
  await fsyncFolder(dirname(path), files)
  await files.unlink(path + PLAIN)
}

async function writeCompressed(files: Files, from: string, to: string, mode: number, signal: AbortSignal) {
  const source = await files.open(from, 'r')
  try {
    const target = await files.open(to, 'wx', mode)
    try {
      await pipeline(readAll(source), createGzip(), compressed => writeEach(target, compressed), { signal })
      // The process's umask may have taken bits away.
      await target.chmod(mode)
      await target.sync()
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

async function writeEach(target: OpenFile, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) await writeAll(target, chunk)
}

/** Where both are there, keeps the one that is complete: no event is in two files, and none is lost. */
export async function settlePair(files: Files, path: string, signal: AbortSignal): Promise<'gzip' | 'plain'> {
  const { size } = await files.stat(path + PLAIN)
  const complete = (await inflatedSize(files, path + GZIPPED, signal)) === size
  // The run that gave it this name may not have come to the fsync.
  if (complete) await fsyncFolder(dirname(path), files)
  await files.unlink(path + (complete ? PLAIN : GZIPPED))
  return complete ? 'gzip' : 'plain'
}

async function inflatedSize(files: Files, path: string, signal: AbortSignal): Promise<number | undefined> {
  const file = await files.open(path, 'r')
  let size = 0
  const count = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) size += chunk.length
  }
  try {
    await pipeline(readAll(file), createGunzip(), count, { signal })
    return size
  } catch (error) {
    signal.throwIfAborted()
    if ((error as NodeJS.ErrnoException).syscall) throw error
    return undefined
  } finally {
    await file.close()
  }
}
