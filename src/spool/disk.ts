import { dirname } from 'node:path'
import { StartError, UnavailableError } from '../errors.ts'
import { type Files, realFiles } from '../lib/files.ts'
import type { FolderLock } from '../lib/socket-lock.ts'
import { realTiming, type Timing } from '../lib/timing.ts'
import { createAdmission } from './admission.ts'
import { createClaim } from './claim.ts'
import { createDraft } from './draft.ts'
import { createDrafts } from './drafts.ts'
import { createDuplicates } from './duplicates.ts'
import { entryOf } from './entry.ts'
import { batchOf, fileNameOf, idOf, idText, isSinkName } from './file-name.ts'
import { createFolders } from './folders.ts'
import { createKept } from './kept.ts'
import { createLock } from './lock.ts'
import type { Log } from './log.ts'
import { createNumbers } from './numbers.ts'
import { probeDisk } from './probe.ts'
import { createQueue, type Entry } from './queue.ts'
import { recover } from './recover.ts'
import { recoveredOf } from './recovered.ts'
import { createReplay } from './replay.ts'
import { createSettling } from './settling.ts'
import type { Batch, Recovered, Seal, Spool } from './spool.ts'
import { createStore } from './store.ts'

/**
 * The spool on a local disk, one file a batch: `ls` is the queue, `zcat` shows the lines.
 *
 *     spool/v1/incoming/<number>.part      being received
 *     spool/v1/batches/<name>              stored: the body exactly as received; the name tells the rest (file-name.ts)
 *     spool/v1/receipts/<sink>/<name>      empty: this sink is done with the batch, another is not yet
 *     spool/v1/receipts/<sink>.told        empty: this sink is not configured any more, and the log told how many batches waited for it
 *     spool/v1/kept/<name>                 delivered, kept for replay: the newest, up to a size and an age
 *     spool/v1/damaged/<name>              set aside: torn, unreadable or not ours; never touched again
 *
 * Invariants
 * - A name in `batches` is given by rename, after the fsync of the file, and believed after the fsync of the folder. So whatever
 *   lies there under a name of ours, with the size that the name says, is whole. After a failed fsync the file is removed.
 * - Nothing in `incoming` was ever acknowledged to a sender.
 * - Names begin with a number of 16 digits that only grows: the order of names is the order of storing and of claims.
 *   No number comes twice, even after the spool was empty and the clock was set back (numbers.ts).
 * - A batch leaves `batches` when every configured sink is done with it: first the batch, then its receipts. It is renamed to `kept`,
 *   or removed where none is kept or that fails. No fsync: it is delivered.
 * - A batch whose name says that it comes again is for the sink named there: no other gets it, it needs no receipt and is never kept.
 *   While that sink is not configured it stays as it is. It then counts against no limit: nothing would drain a spool that is full of such.
 * - A replay is a hard link to the kept file (a copy where there are none), made in `incoming` and stored like any batch, with a number of
 *   its own. Either name can go first.
 * - Kept batches count against no limit of the spool. The oldest go when there are too many, and when the disk is short of space.
 * - Only the process that holds the lock of the data folder touches anything here.
 *
 * Recovery reads the folders and opens no file: parts in `incoming` are removed, links of a replay as well; files in `batches` with
 * another name or size are set aside; receipts without a batch, or of a sink that is no longer configured, are removed; what is left
 * waits for each sink without a receipt, so a sink that is new gets all of it but what comes again for another. A power loss can bring
 * back a batch that was removed or kept just before: it is delivered again, and then kept once. A replay that was cut short is stored
 * up to some batch.
 *
 * A change of this layout gets a folder of its own, `v2`, and code that drains `v1` first.
 */
export interface DiskSpoolOptions {
  /** Absolute. */
  readonly dir: string
  /** The folder that the lock is for; by default the one that holds `dir`. */
  readonly lockDir?: string
  /** Names of small letters and digits; at most 30. */
  readonly sinks: readonly string[]
  readonly maxBytes: number
  readonly minFreeBytes: number
  readonly duplicateWindowMs: number
  /** Delivered batches are kept for replay, the newest of so many bytes and no older; by default none is kept. */
  readonly keepBytes?: number
  readonly keepMs?: number
  /**
   * Opened by a command, whose settings may not be the service's, to store batches in: what is there stays as it is, whoever has done it and
   * however much is kept. Nothing is claimed from it.
   */
  readonly forCommand?: boolean
  /** Called in the moment in which a batch becomes claimable, before its commit resolves. Must not throw. */
  onStored(batch: Batch): void
  /** A sink set a batch aside; `waiting` are the other sinks that had not done it and will not get it. Must not throw. */
  onSetAside?(batch: Batch, waiting: readonly string[]): void
  readonly now?: () => number
  /** Other than the real ones in tests. */
  readonly timing?: Timing
  readonly files?: Files
  readonly lock?: (dir: string) => Promise<FolderLock>
  readonly log: Log
}

export function createDiskSpool(options: DiskSpoolOptions): Spool {
  const { dir, lockDir = dirname(dir), sinks, log, now = Date.now } = options
  const { files = realFiles, timing = realTiming, lock: takeLock = createLock } = options
  const { keepBytes = 0, keepMs = Number.POSITIVE_INFINITY, forCommand = false } = options
  if (sinks.length < 1 || sinks.length > MAX_SINKS) throw new RangeError(`a spool serves 1 to ${MAX_SINKS} sinks`)
  if (!sinks.every(isSinkName)) throw new TypeError(`names of sinks have to fit into names of files: ${sinks}`)
  const folders = createFolders(dir, sinks, files)
  const queue = createQueue(sinks.length)
  const duplicates = createDuplicates(options.duplicateWindowMs, now)
  const settling = createSettling(log, files, timing)
  const drafts = createDrafts()
  let parts = 0
  const nextPart = () => folders.incomingFile(parts++)
  const probe = () => probeDisk(folders, nextPart())
  const kept = createKept({ folders, keepBytes, keepMs, now, timing, log, leaves: forCommand })
  const admission = createAdmission({ ...options, folder: dir, probe, makeRoom: kept.makeRoom })
  const handOn = (batch: Batch, file: string) => {
    admission.store(batch.bytes)
    options.onStored(batch)
    queue.push(entryOf(batch, file, sinks)!)
  }
  const numbers = createNumbers(folders, now)
  const store = createStore(folders, now, numbers, handOn, settling.abandon)
  const replays = createReplay({
    ...settling,
    sinks,
    folders,
    kept,
    queue,
    admission,
    log,
    nextPart,
    store,
  })
  let stranded: readonly string[] = []
  const claimDeps = {
    sinks,
    folders,
    queue,
    insist: settling.insist,
    retire: kept.retire,
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

  const check = (seal: Seal): void => {
    checkSeal(seal)
    if (seal.again !== undefined) indexOf(seal.again.sink)
  }

  const restore = async (): Promise<Recovered> => {
    await numbers.open()
    await folders.make()
    const lastKept = await kept.open()
    const found = await recover({ dir, folders, sinks, log, retire: forCommand ? undefined : kept.retire })
    for (const file of [lastKept, found.stranded.at(-1)])
      if (file !== undefined) numbers.seen(Number(batchOf(file)!.name))
    for (const entry of found.entries) {
      const { name, batchId, storedAt, again } = batchOf(entry.file)!
      numbers.seen(Number(name))
      if (again === undefined) duplicates.remember(batchId, storedAt)
      admission.recover(entry.bytes)
      queue.push(entry)
    }
    stranded = found.stranded
    if (stranded.length > 0 && !forCommand)
      log.warn(
        { folder: folders.batches, batches: stranded.length },
        'Batches wait for sinks that are not configured; they are delivered when those are configured again.',
      )
    // A full disk must not keep the service from delivering.
    await numbers.secure().catch(admission.failed)
    await admission.check()
    return { batches: recoveredOf(found.entries, sinks), setAside: found.setAside }
  }

  const close = async () => {
    admission.stop()
    await drafts.close()
    await replays.close()
    queue.close(new UnavailableError('shutting down'))
    await settling.close()
    await kept.close()
    admission.close()
    await lock?.release()
  }

  return {
    async open() {
      lock = await takeLock(lockDir)
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
      const deps = { files, path: nextPart(), admission, duplicates, store, check, abandon }
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
    get kept() {
      return kept.usage
    },
    oldestAgeMs(sink) {
      const oldest = queue.oldest(indexOf(sink))
      return oldest === undefined ? 0 : Math.max(0, now() - oldest.storedAt)
    },
    async replay(sink, which) {
      indexOf(sink)
      return replays.replay(sink, which)
    },
    holds(batchId) {
      const id = idText(batchId)
      for (const { file } of queue.entries()) if (idOf(file) === id) return true
      return stranded.some(file => idOf(file) === id)
    },
    stopAccepting: admission.stop,
    close() {
      closed ??= close()
      return closed
    },
  }
}

/** Each has a bit of a number (queue.ts). */
const MAX_SINKS = 30

const checkSeal = (seal: Seal): void =>
  void fileNameOf({ ...seal, again: seal.again, number: 0, storedAt: 0, bytes: 0 })
