import { DamagedError } from '../errors.ts'
import { hasCode } from '../lib/error-code.ts'
import type { OpenFile } from '../lib/files.ts'
import { DAMAGE, unavailable } from './disk-error.ts'
import { batchOf } from './file-name.ts'
import { type Folders, removeFile } from './folders.ts'
import type { Entry, Queue } from './queue.ts'
import type { Batch, Claim } from './spool.ts'

export interface ClaimDeps {
  readonly sinks: readonly string[]
  readonly folders: Folders
  readonly queue: Queue
  /** Tries until it succeeds; rejects only when the spool closes. */
  insist(action: () => Promise<void>): Promise<void>
  /** The batch, done by all, leaves `batches`. */
  retire(file: string): Promise<void>
  /** The batch has left the spool; `waiting` are the other sinks that had not done it. */
  removed(entry: Entry): void
  damaged(batch: Batch, reason: string, waiting: readonly string[]): void
}

const CHUNK_BYTES = 256 * 1024
/** A batch that is no larger is one chunk. */
const WHOLE_BYTES = 1024 * 1024
/** Readings that may fail for reasons that lie in the file's own bytes; the pauses between them are the reader's. */
const MAX_FAILED_READINGS = 10

export function createClaim(deps: ClaimDeps, sink: number, entry: Entry): Claim {
  const batch = batchOf(entry.file)!
  let settled: Promise<void> | undefined
  let failedReadings = 0

  const readingFailure = (error: unknown): Error => {
    if (hasCode(error, 'ENOENT')) return new DamagedError('the file is gone', { cause: error })
    if (!hasCode(error, ...DAMAGE) || ++failedReadings < MAX_FAILED_READINGS) return unavailable(error)
    return new DamagedError(`reading it failed ${failedReadings} times: ${error.message}`, { cause: error })
  }

  return {
    batch,
    read: signal => readBatch(deps.folders, entry.file, batch, signal, readingFailure),
    ack() {
      settled ??= ack(deps, sink, entry)
      return settled
    },
    release() {
      if (settled !== undefined) return
      settled = Promise.resolve()
      deps.queue.giveBack(sink, entry)
    },
    setAside(reason) {
      settled ??= setAside(deps, sink, entry, batch, reason)
      return settled
    },
  }
}

const isLost = (entry: Entry) => entry.done === LOST
/** All bits: no sink is offered the batch again. */
const LOST = -1

async function ack(deps: ClaimDeps, sink: number, entry: Entry): Promise<void> {
  const { sinks, folders, queue } = deps
  const all = 2 ** sinks.length - 1
  const bit = 1 << sink
  if (isLost(entry)) return
  // With the last sink the batch goes, and no receipt is needed.
  if ((entry.done | bit) !== all) await deps.insist(() => writeReceipt(folders, sinks[sink]!, entry.file))
  entry.done |= bit
  if (entry.done !== all) return
  await deps.insist(() => deps.retire(entry.file))
  queue.remove(entry)
  deps.removed(entry)
  await removeReceipts(deps, entry)
}

async function writeReceipt(folders: Folders, sink: string, file: string): Promise<void> {
  const make = async () => (await folders.files.open(folders.receiptFile(sink, file), 'w', 0o600)).close()
  try {
    await make()
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
    await folders.make()
    await make()
  }
}

/** One that stays is removed at the next start. */
async function removeReceipts({ sinks, folders }: ClaimDeps, entry: Entry): Promise<void> {
  if (sinks.length === 1 || batchOf(entry.file)?.again !== undefined) return
  await Promise.allSettled(sinks.map(sink => removeFile(folders.files, folders.receiptFile(sink, entry.file))))
}

async function setAside(deps: ClaimDeps, sink: number, entry: Entry, batch: Batch, reason: string): Promise<void> {
  if (isLost(entry)) return
  const waiting = deps.sinks.filter((_, other) => other !== sink && (entry.done & (1 << other)) === 0)
  entry.done = LOST
  deps.queue.remove(entry)
  deps.damaged(batch, reason, waiting)
  await deps.insist(() => putAside(deps.folders, entry.file))
  deps.removed(entry)
  await removeReceipts(deps, entry)
}

/** A batch that is gone needs no place. */
async function putAside(folders: Folders, file: string): Promise<void> {
  await folders.make()
  try {
    await folders.putAside(folders.batchFile(file), file)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

async function* readBatch(
  folders: Folders,
  name: string,
  batch: Batch,
  signal: AbortSignal,
  failure: (error: unknown) => Error,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let file: OpenFile | undefined
  try {
    signal.throwIfAborted()
    file = await folders.files.open(folders.batchFile(name), 'r')
    const { size } = await file.stat()
    if (size !== batch.bytes) throw new DamagedError(`the file has ${size} bytes, not ${batch.bytes}`)
    const most = batch.bytes <= WHOLE_BYTES ? batch.bytes : CHUNK_BYTES
    for (let position = 0; position < batch.bytes; ) {
      signal.throwIfAborted()
      const chunk = new Uint8Array(Math.min(most, batch.bytes - position))
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
      if (bytesRead === 0) throw new DamagedError(`the file ends after ${position} of ${batch.bytes} bytes`)
      position += bytesRead
      yield bytesRead === chunk.length ? chunk : chunk.subarray(0, bytesRead)
    }
  } catch (error) {
    if (error instanceof DamagedError || signal.aborted) throw error
    throw failure(error)
  } finally {
    await file?.close().catch(() => {})
  }
}
