import { fsyncFolder } from '../lib/durable-folder.ts'
import { writeAll } from '../lib/whole-file.ts'
import type { Folders } from './folders.ts'

/** As much as a usual batch: a disk that is full takes a small file more easily. */
const PROBE_BYTES = 256 * 1024

/**
 * Resolves when the disk does all that storing a batch asks of it; makes the folders again where they are missing.
 *
 * @param path a name in `incoming` that nobody else has
 */
export async function probeDisk(folders: Folders, path: string): Promise<void> {
  await folders.make()
  try {
    await writeProbe(folders, path)
  } finally {
    await folders.files.unlink(path).catch(() => {})
  }
  await fsyncFolder(folders.batches, folders.files)
}

async function writeProbe({ files }: Folders, path: string): Promise<void> {
  const file = await files.open(path, 'wx', 0o600)
  try {
    await writeAll(file, new Uint8Array(PROBE_BYTES))
    await file.datasync()
  } finally {
    await file.close()
  }
}
