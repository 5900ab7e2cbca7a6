import type { OpenFile } from './files.ts'

const PIECE_BYTES = 64 * 1024

/** Writes all of it behind what was written through this descriptor before; a disk may take it in several parts. */
export async function writeAll(file: OpenFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) written += (await file.write(bytes, written)).bytesWritten
}

/** The file's bytes from the beginning to where it ends when that is reached. Each piece has memory of its own. */
export async function* readAll(file: OpenFile): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
    const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield piece.subarray(0, bytesRead)
  }
}
