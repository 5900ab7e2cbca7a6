import { lstat, readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fsyncFolder } from '../lib/durable-folder.ts'
import { entryOf } from './entry.ts'
import { batchOf } from './file-name.ts'
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

/** Files looked at together: enough to keep the disk busy, few enough for memory. */
const TOGETHER = 256
/** After that many lines of log a sum says the rest. */
const MAX_TOLD = 20

/**
 * Puts in order what an earlier run left, however it ended (invariants: disk.ts). Opens no file: 100,000 batches take about a second.
 *
 * @param sinks those that are configured now: a batch waits for each of them that has no receipt for it
 * @param retire takes a batch that all of them have done out of its folder
 */
export async function recover(
  dir: string,
  folders: Folders,
  sinks: readonly string[],
  retire: (file: string) => Promise<void>,
  log: Log,
): Promise<Found> {
  const all = 2 ** sinks.length - 1
  const aside = createAside(folders, log)
  // A kill between rename and fsync left a name that may not be durable, and a repeat of that batch gets its 200 without another write.
  await fsyncFolder(folders.batches)
  await clearIncoming(folders, aside.put)
  const { found, stranded } = await findBatches(folders, sinks, aside.put)
  await readReceipts(folders, sinks, new Map(found.map(entry => [entry.file, entry])))
  for (const entry of found) if (entry.done === all) await retireWithReceipts(folders, sinks, retire, entry.file)
  const others = (await readdir(dir)).filter(isOtherVersion)
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
  for (const name of await readdir(folders.incoming)) {
    if (folders.isIncomingFile(name)) await removeFile(join(folders.incoming, name))
    else await putAside(folders.incoming, name, 'its name is not one of the spool')
  }
}

async function findBatches(folders: Folders, sinks: readonly string[], putAside: PutAside) {
  // Equal widths: in the order of the names is in the order of the numbers.
  const names = (await readdir(folders.batches)).sort()
  const found: Entry[] = []
  const stranded: string[] = []
  let before: string | undefined
  for (let start = 0; start < names.length; start += TOGETHER) {
    const group = names.slice(start, start + TOGETHER)
    const sizes = await Promise.all(group.map(name => sizeOf(folders.batchFile(name))))
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

function faultOf(batch: Batch | undefined, size: number | undefined, before: string | undefined): string | undefined {
  if (batch === undefined) return 'its name is not one of the spool'
  if (size === undefined) return 'it is no readable file'
  if (size !== batch.bytes) return `it has ${size} bytes, not the ${batch.bytes} that its name says`
  return batch.name === before ? 'another batch has the same number' : undefined
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const stats = await lstat(path)
    return stats.isFile() ? stats.size : undefined
  } catch {
    return undefined
  }
}

/** Marks what sinks are done with. Receipts without a batch go, and those of sinks that are no longer configured. */
async function readReceipts(folders: Folders, sinks: readonly string[], entries: Map<string, Entry>): Promise<void> {
  for (const name of await readdir(folders.receipts)) {
    const sink = sinks.indexOf(name)
    const folder = join(folders.receipts, name)
    for (const file of await readdir(folder).catch(() => [])) {
      const entry = sink < 0 ? undefined : entries.get(file)
      if (entry !== undefined) entry.done |= 1 << sink
      else if (batchOf(file) !== undefined) await removeFile(join(folder, file))
    }
    if (sink < 0) await rmdir(folder).catch(() => {})
  }
}

async function retireWithReceipts(
  folders: Folders,
  sinks: readonly string[],
  retire: (file: string) => Promise<void>,
  file: string,
): Promise<void> {
  await retire(file)
  for (const sink of sinks) await removeFile(folders.receiptFile(sink, file))
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
