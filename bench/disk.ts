import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PIECE_BYTES = 1024 ** 2
/** About what the file sink has in hand when it syncs. */
const SYNC_PIECES = 16

/** MB a second of one file that grows, with fdatasync after every 16 MiB, in the folder in which the service's folders are made. */
export async function diskSpeed(megabytes: number): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-disk-'))
  const piece = randomBytes(PIECE_BYTES)
  const file = await open(join(dir, 'file'), 'wx')
  try {
    const began = performance.now()
    for (let written = 0; written < megabytes; written++) {
      await file.write(piece)
      if (written % SYNC_PIECES === SYNC_PIECES - 1 || written === megabytes - 1) await file.datasync()
    }
    return (megabytes * PIECE_BYTES) / 1000 / (performance.now() - began)
  } finally {
    await file.close()
    await rm(dir, { recursive: true })
  }
}
