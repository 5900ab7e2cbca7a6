import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StartError, UnavailableError } from '../errors.ts'
import type { FolderLock } from '../lib/socket-lock.ts'
import { createAdmission } from './admission.ts'
import { createClaim } from './claim.ts'
import { createDraft } from './draft.ts'
import { createDuplicates } from './duplicates.ts'
import { batchOf, fileNameOf, numberAt } from './file-name.ts'
import { createFolders } from './folders.ts'
import { createLock } from './lock.ts'
import type { Log } from './log.ts'
import { probeDisk } from './probe.ts'
import { createQueue, type Entry } from './queue.ts'
import { recover } from './recover.ts'
import { recoveredOf } from './recovered.ts'
import { createSettling } from './settling.ts'
import type { Batch, Recovered, Seal, Spool } from './spool.ts'
import { createStore } from './store.ts'

/**
 * The spool on a local disk, one file a batch: `ls` is the queue, `zcat` shows the lines.
 *
 *     spool/v1/incoming/<number>.part      being received
 *     spool/v1/batches/<name>              stored: the body exactly as received; the name tells the rest (file-name.ts)
 *     spool/v1/receipts/<sink>/<name>      empty: this sink is done with the batch, another is not yet
 *     spool/v1/damaged/<name>              set aside: torn, unreadable or not ours; never touched again
 *
 * Invariants
 * - A name in `batches` is given by rename, after the fsync of the file, and believed after the fsync of the folder. So whatever
 *   lies there under a name of ours, with the size that the name says, is whole. After a failed fsync the file is removed.
 * - Nothing in `incoming` was ever acknowledged to a sender.
 * - Names begin with a number of 16 digits that only grows: the order of names is the order of storing and of claims.
 *   No number comes twice, even after the spool was empty: they follow the clock, and begin behind the time of the last change
 *   of `batches`.
 * - A batch is removed when every configured sink is done with it: first the batch, then its receipts.
 * - Only the process that holds the lock of the data folder touches anything here.
 *
 * Recovery reads the folders and opens no file: parts in `incoming` are removed; files in `batches` with another name or size are set
 * aside; receipts without a batch, or of a sink that is no longer configured, are removed; what is left waits for each sink
 * without a receipt, so a sink that is new gets all of it. A power loss can bring back a batch that was removed just before: it is
 * delivered again.
 *
 * A change of this layout gets a folder of its own, `v2`, and code that drains `v1` first.
 */
export interface DiskSpoolOptions {
  /** Absolute. */
  readonly dir: string
  /** The folder that the lock is for; by default the one that holds `dir`. */
  readonly lockDir?: string
  /** Names that are safe as folder names; at most 30. */
  readonly sinks: readonly string[]
  readonly maxBytes: number
  readonly minFreeBytes: number
  readonly duplicateWindowMs: number
  /** Called in the moment in which a batch becomes claimable, before its commit resolves. Must not throw. */
  onStored(batch: Batch): void
  /** A sink set a batch aside; `waiting` are the other sinks that had not done it and will not get it. Must not throw. */
  onSetAside?(batch: Batch, waiting: readonly string[]): void
  readonly now?: () => number
  readonly log: Log
}

export function createDiskSpool(options: DiskSpoolOptions): Spool {
  const { dir, lockDir = dirname(dir), sinks, log, now = Date.now } = options
  if (sinks.length < 1 || sinks.length > MAX_SINKS) throw new RangeError(`a spool serves 1 to ${MAX_SINKS} sinks`)
  const folders = createFolders(dir, sinks)
  const queue = createQueue(sinks.length)
  const duplicates = createDuplicates(options.duplicateWindowMs, now)
  const settling = createSettling(log)
  const drafts = createDrafts()
  let parts = 0
  const nextPart = () => folders.incomingFile(parts++)
  const probe = () => probeDisk(folders, nextPart())
  const admission = createAdmission({ ...options, folder: dir, probe })
  const handOn = (batch: Batch, entry: Entry) => {
    admission.store(entry.bytes)
    options.onStored(batch)
    queue.push(entry)
  }
  const store = createStore(folders, now, handOn, settling.abandon)
  const claimDeps = {
    sinks,
    folders,
    queue,
    insist: settling.insist,
    removed: ({ bytes }: Entry) => admission.remove(bytes),
    damaged(batch: Batch, reason: string, waiting: readonly string[]) {
      log.error({ batch: batch.name, reason, folder: folders.damaged }, 'A damaged batch was set aside.')
      options.onSetAside?.(batch, waiting)
    },
  }
  let lock: FolderLock | undefined
  let closed: Promise<void> | undefined

  const indexOf = (sink: string): number => {
    const index = sinks.indexOf(sink)
    if (index < 0) throw new RangeError(`the spool knows no sink ${sink}`)
    return index
  }

  const restore = async (): Promise<Recovered> => {
    await folders.make()
    // The last batch came or left then, whatever the clock says now.
    store.seen(numberAt((await stat(folders.batches)).mtimeMs + FILE_TIME_MS))
    const { entries, setAside } = await recover(dir, folders, sinks, log)
    for (const entry of entries) {
      const { name, batchId, storedAt } = batchOf(entry.file)!
      store.seen(Number(name))
      duplicates.remember(batchId, storedAt)
      admission.recover(entry.bytes)
      queue.push(entry)
    }
    await admission.check()
    return { batches: recoveredOf(entries, sinks), setAside }
  }

  const close = async () => {
    admission.stop()
    await drafts.close()
    queue.close(new UnavailableError('shutting down'))
    await settling.close()
    admission.close()
    await lock?.release()
  }

  return {
    async open() {
      lock = await createLock(lockDir)
      try {
        return await restore()
      } catch (error) {
        await lock.release()
        const reason = error instanceof Error ? error.message : String(error)
        throw new StartError(`The spool in ${dir} cannot be opened (${reason}).`, { cause: error })
      }
    },
    async draft() {
      await admission.admit()
      const { abandon } = settling
      const deps = { path: nextPart(), admission, duplicates, store: store.store, check: checkSeal, abandon }
      return drafts.add(finished => createDraft({ ...deps, finished }))
    },
    refusal: admission.refusal,
    async claim(sink, signal) {
      const index = indexOf(sink)
      return createClaim(claimDeps, index, await queue.take(index, signal))
    },
    get usage() {
      return { bytes: admission.storedBytes, batches: queue.length }
    },
    oldestAgeMs(sink) {
      const oldest = queue.oldest(indexOf(sink))
      return oldest === undefined ? 0 : Math.max(0, now() - oldest.storedAt)
    },
    stopAccepting: admission.stop,
    close() {
      closed ??= close()
      return closed
    },
  }
}

/** A file system may tell times in whole seconds. */
const FILE_TIME_MS = 1000

/** Each has a bit of a number (queue.ts). */
const MAX_SINKS = 30

const checkSeal = (seal: Seal): void => void fileNameOf({ ...seal, number: 0, storedAt: 0, bytes: 0 })

/** The drafts in hand. */
function createDrafts() {
  const open = new Set<ReturnType<typeof createDraft>>()
  const idle = Promise.withResolvers<void>()
  let closing = false
  return {
    add(make: (finished: () => void) => ReturnType<typeof createDraft>) {
      const draft = make(() => {
        open.delete(draft)
        if (open.size === 0 && closing) idle.resolve()
      })
      open.add(draft)
      return draft
    },
    /** Waits for what is being committed, discards the rest. */
    async close(): Promise<void> {
      closing = true
      if (open.size === 0) return
      for (const draft of open) if (!draft.isCommitting) void draft.discard()
      await idle.promise
    },
  }
}
