import { join } from 'node:path'
import { fsyncFolder } from '../lib/durable-folder.ts'
import { hasCode } from '../lib/error-code.ts'
import type { Files } from '../lib/files.ts'
import { DAMAGE } from './disk-error.ts'
import { entryOf } from './entry.ts'
import { batchOf, isSinkName } from './file-name.ts'
import { type Folders, isOtherVersion, removeFile } from './folders.ts'
import type { Log } from './log.ts'
import type { Entry } from './queue.ts'
import type { Batch } from './spool.ts'

export interface Found {
  /** What waits for at least one sink, oldest first. */
  readonly entries: readonly Entry[]
  /** Names of batches that are for one sink only, which is not configured: they stay as they are. */
  readonly stranded: readonly string[]
  readonly setAside: number
}

export interface RecoverOptions {
  readonly dir: string
  readonly folders: Folders
  /** Those that are configured now. */
  readonly sinks: readonly string[]
  /** Takes a batch that all of them have done out of its folder. undefined: it stays, and the receipts too. */
  readonly retire: ((file: string) => Promise<void>) | undefined
  readonly log: Log
}

/** Files looked at together: enough to keep the disk busy, few enough for memory. */
const TOGETHER = 256
/** After that many lines of log a sum says the rest. */
const MAX_TOLD = 20

/**
 * Puts in order what an earlier run left, however it ended (invariants: disk.ts). Opens no file: 100,000 batches take about a second.
 *
 * A batch waits for each of the sinks that are configured now and have no receipt for it.
 */
export async function recover({ dir, folders, sinks, retire, log }: RecoverOptions): Promise<Found> {
  const all = 2 ** sinks.length - 1
  const aside = createAside(folders, log)
  // A kill between rename and fsync left a name that may not be durable, and a repeat of that batch gets its 200 without another write.
  await fsyncFolder(folders.batches, folders.files)
  await clearIncoming(folders, aside.put)
  const { found, stranded } = await findBatches(folders, sinks, aside.put)
  const entries = new Map(found.map(entry => [entry.file, entry]))
  const strangers = new Set(await readReceipts(folders, sinks, entries, log))
  if (retire !== undefined) {
    for (const sink of sinks) if (strangers.delete(toldName(sink))) await isRemoved(folders, toldFile(folders, sink))
    for (const stranger of strangers) {
      if (isSinkName(stranger) && !strangers.has(toldName(stranger))) await tellOwed(folders, stranger, entries, log)
      await forgetSink(folders, stranger, entries, log)
    }
    for (const entry of found) if (entry.done === all) await retireWithReceipts(folders, sinks, retire, entry.file)
  }
  const others = (await folders.files.readdir(dir)).filter(isOtherVersion)
  if (others.length > 0)
    log.error(
      { dir, folders: others },
      'The spool holds folders of another version, which this version leaves as they are.',
    )
  return { entries: found.filter(entry => entry.done !== all), stranded, setAside: aside.end() }
}

type PutAside = (folder: string, name: string, reason: string) => Promise<void>

/** Parts of batches that were never acknowledged. */
async function clearIncoming(folders: Folders, putAside: PutAside): Promise<void> {
  for (const name of await folders.files.readdir(folders.incoming)) {
    const isGone = folders.isIncomingFile(name) && (await isRemoved(folders, join(folders.incoming, name)))
    if (!isGone) await putAside(folders.incoming, name, 'it is no file of the spool')
  }
}

async function findBatches(folders: Folders, sinks: readonly string[], putAside: PutAside) {
  // Equal widths: in the order of the names is in the order of the numbers.
  const names = (await folders.files.readdir(folders.batches)).sort()
  const found: Entry[] = []
  const stranded: string[] = []
  let before: string | undefined
  for (let start = 0; start < names.length; start += TOGETHER) {
    const group = names.slice(start, start + TOGETHER)
    const sizes = await Promise.all(group.map(name => sizeOf(folders.files, folders.batchFile(name))))
    for (const [index, file] of group.entries()) {
      const batch = batchOf(file)
      const fault = faultOf(batch, sizes[index], before)
      if (batch === undefined || fault !== undefined) {
        await putAside(folders.batches, file, fault ?? '')
        continue
      }
      before = batch.name
      const entry = entryOf(batch, file, sinks)
      if (entry === undefined) stranded.push(file)
      else found.push(entry)
    }
  }
  return { found, stranded }
}

function faultOf(batch: Batch | undefined, size: number | 'unknown' | undefined, before: string | undefined) {
  if (batch === undefined) return 'its name is not one of the spool'
  if (size === undefined) return 'it is no readable file'
  if (size !== 'unknown' && size !== batch.bytes)
    return `it has ${size} bytes, not the ${batch.bytes} that its name says`
  return batch.name === before ? 'another batch has the same number' : undefined
}

/** `unknown` where the disk does not tell now: a whole batch must not be set aside for that, and whoever reads it will see. */
async function sizeOf(files: Files, path: string): Promise<number | 'unknown' | undefined> {
  try {
    const stats = await files.lstat(path)
    return stats.isFile() ? stats.size : undefined
  } catch (error) {
    return hasCode(error, 'ENOENT') ? undefined : 'unknown'
  }
}

/** Marks what sinks are done with; receipts without a batch go. Answers with the names of sinks that are not configured. */
async function readReceipts(folders: Folders, sinks: readonly string[], entries: Map<string, Entry>, log: Log) {
  const strangers: string[] = []
  for (const name of await folders.files.readdir(folders.receipts)) {
    const sink = sinks.indexOf(name)
    if (sink < 0) {
      strangers.push(name)
      continue
    }
    for (const file of await receiptsIn(folders, name, log)) {
      const entry = entries.get(file)
      if (entry !== undefined) entry.done |= 1 << sink
      else if (batchOf(file) !== undefined) await isRemoved(folders, folders.receiptFile(name, file))
    }
  }
  return strangers
}

/** Where the folder itself is damaged its sink gets again what it had done: that is better than no start. */
async function receiptsIn({ files, receipts }: Folders, sink: string, log: Log): Promise<string[]> {
  try {
    return await files.readdir(join(receipts, sink))
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', ...DAMAGE)) throw error
    if (!hasCode(error, 'ENOENT', 'ENOTDIR'))
      log.error({ sink, err: error }, 'Receipts cannot be read: what this sink had done is delivered to it again.')
    return []
  }
}

const toldName = (sink: string) => `${sink}.told`
const toldFile = ({ receipts }: Folders, sink: string) => join(receipts, toldName(sink))

/**
 * Tells what a sink that is not configured any more has not done. At the first start without it only: what is stored from then on never waited for it.
 */
async function tellOwed(folders: Folders, sink: string, entries: Map<string, Entry>, log: Log): Promise<void> {
  const done = new Set(await receiptsIn(folders, sink, log))
  const owed = [...entries.keys()].filter(file => batchOf(file)?.again === undefined && !done.has(file)).length
  if (owed > 0)
    log.error(
      { sink, batches: owed },
      'SINKS no longer names this sink: the batches that waited for it are not delivered there.',
    )
  // On a full disk it is told again: that stops no start.
  const file = await folders.files.open(toldFile(folders, sink), 'w', 0o600).catch(() => undefined)
  await file?.close()
}

/** A sink that is not configured gets nothing. What it has done stays noted as long as the batch is here, should it be configured again. */
async function forgetSink(folders: Folders, sink: string, entries: Map<string, Entry>, log: Log): Promise<void> {
  for (const file of await receiptsIn(folders, sink, log)) {
    if (batchOf(file) !== undefined && !entries.has(file)) await isRemoved(folders, folders.receiptFile(sink, file))
  }
  try {
    await folders.files.rmdir(join(folders.receipts, sink))
  } catch {
    return
  }
  await isRemoved(folders, toldFile(folders, sink))
}

async function retireWithReceipts(
  folders: Folders,
  sinks: readonly string[],
  retire: (file: string) => Promise<void>,
  file: string,
): Promise<void> {
  await retire(file)
  for (const sink of sinks) await isRemoved(folders, folders.receiptFile(sink, file))
}

/** False where a folder lies there, which only a person can have made: it stops no start. */
async function isRemoved({ files }: Folders, path: string): Promise<boolean> {
  try {
    await removeFile(files, path)
    return true
  } catch (error) {
    if (!hasCode(error, 'EISDIR', 'EPERM')) throw error
    return false
  }
}

function createAside(folders: Folders, log: Log) {
  let count = 0
  return {
    async put(folder: string, name: string, reason: string): Promise<void> {
      let failure: unknown
      await folders.putAside(join(folder, name), name).catch(error => {
        failure = error
      })
      if (count++ >= MAX_TOLD) return
      if (failure === undefined)
        log.error({ file: name, reason, folder: folders.damaged }, 'A file of the spool was set aside.')
      else
        log.error(
          { file: name, reason, err: failure },
          'A file of the spool is of no use and could not be moved; it is left.',
        )
    },
    end(): number {
      if (count > MAX_TOLD)
        log.error({ files: count, folder: folders.damaged }, 'More files of the spool were set aside.')
      return count
    },
  }
}
