import { join } from 'node:path'
import { fsyncAbove, fsyncFolder, makeFolder } from '../lib/durable-folder.ts'
import { hasCode } from '../lib/error-code.ts'
import type { Files } from '../lib/files.ts'

/** Where the parts of a spool lie; the layout is told in disk.ts. */
export type Folders = ReturnType<typeof createFolders>

const MAX_NAME_BYTES = 255

export function createFolders(dir: string, sinks: readonly string[], files: Files) {
  const root = join(dir, 'v1')
  const incoming = join(root, 'incoming')
  const batches = join(root, 'batches')
  const receipts = join(root, 'receipts')
  const kept = join(root, 'kept')
  const damaged = join(root, 'damaged')
  const needed = [incoming, batches, damaged, ...sinks.map(sink => join(receipts, sink))]
  return {
    /** What everything here is read and written with. */
    files,
    root,
    incoming,
    batches,
    receipts,
    kept,
    damaged,
    incomingFile: (number: number) => join(incoming, `${String(number).padStart(16, '0')}.part`),
    isIncomingFile: (name: string) => /^\d{16}\.part$/.test(name),
    batchFile: (name: string) => join(batches, name),
    keptFile: (name: string) => join(kept, name),
    receiptFile: (sink: string, name: string) => join(receipts, sink, name),
    /** Makes what is missing, and durable what an earlier attempt made. Not `kept`: what is wrong with it stops no intake. */
    async make(): Promise<void> {
      for (const folder of needed) if (!(await isFolder(files, folder))) await makeFolder(folder, files)
      await fsyncFolder(receipts, files)
      await fsyncAbove(receipts, files)
    },
    /** Moves a file or folder to `damaged`, under its own name or, where that is taken, with a number behind it. */
    async putAside(path: string, name: string): Promise<void> {
      let target = join(damaged, name)
      for (let copy = 1; await exists(files, target); copy++) target = join(damaged, numbered(name, copy))
      await files.rename(path, target)
    },
  }
}

/** Whether the name is that of an older or newer layout than ours: `v` and another number. */
export const isOtherVersion = (name: string): boolean => /^v\d+$/.test(name) && name !== 'v1'

/** Removes a file; one that is not there is removed already. */
export async function removeFile(files: Files, path: string): Promise<void> {
  try {
    await files.unlink(path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error
  }
}

const isFolder = (files: Files, path: string): Promise<boolean> =>
  files.lstat(path).then(
    stats => stats.isDirectory(),
    () => false,
  )

async function exists(files: Files, path: string): Promise<boolean> {
  try {
    await files.lstat(path)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

function numbered(name: string, copy: number): string {
  const suffix = `.${copy}`
  let head = name
  while (Buffer.byteLength(head) + suffix.length > MAX_NAME_BYTES) head = head.slice(0, -1)
  return head + suffix
}
