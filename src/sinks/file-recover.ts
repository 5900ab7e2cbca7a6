import { join } from 'node:path'
import type { BaseLogger } from 'pino'
import { fsyncFolder } from '../lib/durable-folder.ts'
import type { Files, OpenFile } from '../lib/files.ts'
import { settlePair } from './file-gzip.ts'
import type { Journal } from './file-journal.ts'
import type { Extent } from './file-marks.ts'
import { GZIPPED, PLAIN, stemOf, timeOf, UNFINISHED_GZIP } from './file-names.ts'
import { nextLine, scanLines } from './file-scan.ts'
import { ifThere } from './file-system.ts'

/** How far back the end of a file is looked at when the journal does not tell what is new in it. */
const TAIL_BYTES = 16 * 1024 ** 2
const AGAIN_BYTES = 1024 ** 2

export interface Recovered {
  /** The greatest name in use. */
  readonly lastStem: string | undefined
  /** The file that is not finished; writing goes on at its end. */
  readonly unfinished: { readonly stem: string; readonly size: number; readonly begunAt: number } | undefined
  /** Finished and not compressed. */
  readonly plain: readonly string[]
}

interface Context {
  readonly files: Files
  readonly journal: Journal
  readonly log: Pick<BaseLogger, 'info' | 'warn'>
  readonly signal: AbortSignal
}

/**
 * Brings one dataset's folder and the journal together after whatever ended the last run: half-done compressions are undone or
 * completed, a torn end is cut off the newest file, and each batch's mark tells how many of its events are whole in files. What is
 * counted has been fsynced when this resolves.
 */
export async function recoverDataset(folder: string, dataset: string, context: Context): Promise<Recovered> {
  const { files, journal, signal } = context
  const entries = (await ifThere(files.readdir(folder, { withFileTypes: true }))) ?? []
  const names = entries.filter(entry => entry.isFile()).map(entry => entry.name)
  const stems = (suffix: string) => names.flatMap(name => stemOf(name, suffix) ?? []).sort()
  for (const stem of stems(UNFINISHED_GZIP)) await files.unlink(join(folder, stem + UNFINISHED_GZIP))
  const zipped = new Set(stems(GZIPPED))
  const plain: string[] = []
  for (const stem of stems(PLAIN)) {
    const both = zipped.has(stem)
    if (!both || (await settlePair(files, join(folder, stem), signal)) === 'plain') plain.push(stem)
  }

  const finished = journal.finished.get(dataset) ?? ''
  const lastFinished = [finished, ...zipped].reduce((a, b) => (a > b ? a : b))
  const newest = plain.at(-1)
  const unfinished = newest !== undefined && newest > lastFinished ? newest : undefined
  const lastStem = unfinished ?? (newest === undefined || lastFinished > newest ? lastFinished : newest)

  const extents = journal.marks.all().flatMap(mark => (mark.dataset === dataset ? mark.extents : []))
  const counts = new Map<Extent, Count>()
  let size = 0
  for (const stem of plain) {
    const own = extents.filter(extent => extent.stem === stem)
    if (own.length === 0 && stem !== unfinished) continue
    size = await examine(join(folder, stem + PLAIN), own, stem === unfinished, counts, context)
  }
  // A killed run may have made names and not come to their fsync, that of an empty file as well.
  if (plain.length > 0) await fsyncFolder(folder, files)
  setMarks(dataset, journal, counts)
  return {
    lastStem: lastStem || undefined,
    unfinished: unfinished === undefined ? undefined : { stem: unfinished, size, begunAt: timeOf(unfinished) },
    plain: unfinished === undefined ? plain : plain.slice(0, -1),
  }
}

interface Count {
  lines: number
  /** Lines at the end of the extent are gone. */
  short: boolean
}

/** Counts the lines of the extents; where `mend`, cuts off what follows the last whole line. Returns the size then. */
async function examine(path: string, extents: Extent[], mend: boolean, counts: Map<Extent, Count>, context: Context) {
  const handle = await context.files.open(path, mend ? 'r+' : 'r')
  try {
    const { size } = await handle.stat()
    const valid = extents.filter(({ offset, end }) => end === undefined || end > offset)
    valid.sort((a, b) => a.offset - b.offset)
    const from = await beginning(handle, size, valid[0]?.offset)
    let at = 0
    const count = (begin: number) => {
      while (at + 1 < valid.length && begin >= valid[at + 1]!.offset) at += 1
      const extent = valid[at]
      if (!extent || begin < extent.offset || (extent.end !== undefined && begin >= extent.end)) return
      const counted = counts.get(extent) ?? { lines: 0, short: false }
      counts.set(extent, counted)
      counted.lines += 1
    }
    // Where no batch waits that has events here, all were fsynced: a bad line is damage, and those behind it have to stay.
    const end = await scanLines(handle, from, size, context.signal, count, valid.length === 0)
    for (const extent of valid) {
      if (end < (extent.end ?? extent.offset))
        counts.set(extent, { lines: counts.get(extent)?.lines ?? 0, short: true })
    }
    if (!mend) return size
    if (end < size) {
      await handle.truncate(end)
      context.log.info({ path, bytes: size - end }, 'Cut a torn end off an event file; its events are written again.')
    }
    if (valid.length > 0) await writeAgain(handle, from, end)
    if (from < end || end < size) await handle.datasync()
    return end
  } finally {
    await handle.close()
  }
}

/**
 * Writes what is there over itself. An fsync of the run before may have failed: its bytes count as written then, and no later fsync would put
 * them on the disk, although readers see them.
 */
async function writeAgain(handle: OpenFile, from: number, end: number): Promise<void> {
  const space = Buffer.allocUnsafe(Math.max(0, Math.min(AGAIN_BYTES, end - from)))
  for (let position = from; position < end; ) {
    const { bytesRead } = await handle.read(space, 0, Math.min(space.length, end - position), position)
    if (bytesRead === 0) throw new Error(`the file ends at ${position}, before ${end}`)
    for (let written = 0; written < bytesRead; )
      written += (await handle.write(space, written, bytesRead - written, position + written)).bytesWritten
    position += bytesRead
  }
}

/** Where to begin: at the first event that may not be safe, or as far back as a torn end can reach. */
async function beginning(handle: OpenFile, size: number, offset: number | undefined): Promise<number> {
  if (offset !== undefined && offset <= size && (await nextLine(handle, offset, size)) === offset) return offset
  return (await nextLine(handle, size - TAIL_BYTES, size)) ?? 0
}

function setMarks(dataset: string, journal: Journal, counts: ReadonlyMap<Extent, Count>): void {
  for (const mark of journal.marks.all()) {
    if (mark.dataset !== dataset) continue
    let { done } = mark
    for (const extent of mark.extents) {
      const count = counts.get(extent)
      done = extent.first + (count?.lines ?? 0)
      if (count?.short) break
    }
    journal.marks.safe(mark, done)
  }
}
