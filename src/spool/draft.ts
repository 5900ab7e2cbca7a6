import { UnavailableError } from '../errors.ts'
import type { Files, OpenFile } from '../lib/files.ts'
import { writeAll } from '../lib/whole-file.ts'
import type { Admission } from './admission.ts'
import type { Duplicates } from './duplicates.ts'
import type { Draft, Seal } from './spool.ts'
import type { Sealed, StoreResult } from './store.ts'

export interface DraftDeps {
  readonly files: Files
  /** Where the bytes go; the file is made with the first of them. */
  readonly path: string
  readonly admission: Admission
  readonly duplicates: Duplicates
  store(sealed: Sealed): Promise<StoreResult>
  /** Throws TypeError for a seal that no name can be made of. */
  check(seal: Seal): void
  /** Takes a file away; never rejects. */
  abandon(path: string): Promise<void>
  /** Called once, when nothing of the draft is left to do. */
  finished(): void
}

/** A body of up to this size is written in one go; larger ones in parts, while the next part comes in. */
const PART_BYTES = 256 * 1024
/** Below IOV_MAX, and few enough that a body of tiny chunks costs little memory. */
const PART_CHUNKS = 256

export function createDraft(deps: DraftDeps): Draft {
  const { path, admission } = deps
  let phase: 'open' | 'committing' | 'over' = 'open'
  let file: OpenFile | undefined
  let isMade = false
  let chunks: Uint8Array[] = []
  let chunkBytes = 0
  let takenBytes = 0
  let written: Promise<void> = Promise.resolve()

  const isOver = () => phase === 'over'

  const writePart = async () => {
    const part = chunks
    chunks = []
    chunkBytes = 0
    if (file === undefined) {
      isMade = true
      file = await deps.files.open(path, 'wx', 0o600)
    }
    await writeChunks(file, part)
  }

  const flush = () => {
    written = written.then(writePart)
    // Whoever awaits it gets the error; until then it is not an unhandled one.
    written.catch(() => {})
    return written
  }

  const end = async () => {
    phase = 'over'
    chunks = []
    await written.catch(() => {})
    await file?.close().catch(() => {})
    if (isMade) await deps.abandon(path)
    admission.giveUp(takenBytes)
    takenBytes = 0
    deps.finished()
  }

  const store = async (seal: Seal): Promise<number> => {
    await flush()
    await file!.datasync()
    await file!.close()
    const { batchId, dataset, lines, format, gzip, time, again } = seal
    const parts = { batchId, dataset, lines, format, gzip, time, again, bytes: takenBytes }
    const result = await deps.store({ path, parts })
    if ('error' in result) throw result.error
    return result.storedAt
  }

  const commit = async (seal: Seal): Promise<'stored' | 'duplicate'> => {
    const leave = seal.deduplicate && seal.again === undefined ? await deps.duplicates.enter(seal.batchId) : undefined
    if (leave === 'duplicate') {
      await end()
      return leave
    }
    try {
      const storedAt = await store(seal)
      leave?.(storedAt)
      phase = 'over'
      deps.finished()
      return 'stored'
    } catch (error) {
      const failure = admission.failed(error)
      await end()
      leave?.()
      throw failure
    }
  }

  return {
    async write(bytes) {
      if (phase !== 'open') throw new UnavailableError('shutting down')
      await admission.take(bytes.length)
      // Discarded while the disk was asked for its free space: nothing would take these bytes away any more.
      if (isOver()) {
        admission.giveUp(bytes.length)
        throw new UnavailableError('shutting down')
      }
      takenBytes += bytes.length
      chunks.push(bytes)
      chunkBytes += bytes.length
      if (chunkBytes < PART_BYTES && chunks.length < PART_CHUNKS) return
      const before = written
      flush()
      try {
        await before
      } catch (error) {
        throw admission.failed(error)
      }
    },
    async commit(seal) {
      if (phase !== 'open') throw new UnavailableError('shutting down')
      deps.check(seal)
      phase = 'committing'
      return commit(seal)
    },
    async discard() {
      if (phase === 'open') await end()
    },
  }
}

async function writeChunks(file: OpenFile, chunks: Uint8Array[]): Promise<void> {
  let rest = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  if (rest === 0) return
  const { bytesWritten } = await file.writev(chunks)
  rest -= bytesWritten
  // A disk that fills up takes part of it and says why only at the next call.
  if (rest > 0) await writeAll(file, Buffer.concat(chunks).subarray(bytesWritten))
}
