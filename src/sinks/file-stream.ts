import { join } from 'node:path'
import type { BaseLogger } from 'pino'
import { RetryableError } from '../errors.ts'
import { abortable } from '../lib/abortable.ts'
import type { Files, OpenFile } from '../lib/files.ts'
import { createGroup } from '../lib/group.ts'
import { createSerial } from '../lib/serial.ts'
import type { Archive } from './file-archive.ts'
import { appendEvents, createFile, type EventFile, forgetUnsynced, isInPlace, reopenFile, trim } from './file-handle.ts'
import type { Journal } from './file-journal.ts'
import type { Mark } from './file-marks.ts'
import { nextStem, PLAIN } from './file-names.ts'
import { fitting } from './file-pieces.ts'
import type { Recovered } from './file-recover.ts'
import type { Piece } from './sink.ts'

/**
 * The events of one dataset on their way into files, one file at a time. Writes go one after the other; the fsyncs that follow are
 * shared by the writes that wait for one. Memory (mark.done, file.size) never tells of more than the file holds:
 *
 * - A write that fails keeps the events that are whole and cuts the rest off.
 * - An fsync that fails takes back everything since the last good one.
 * - A failure fails all writes that were called before it ended, so batches never change places in a file.
 */
export interface Stream {
  write(piece: Piece, signal: AbortSignal): Promise<void>
  /** Finishes a file that is old enough, closes one that has been idle. */
  tick(): Promise<void>
  /** Whether the file (its path without the ending) is the one that is not finished. */
  isOpen(path: string): boolean
  /** After it all events so far are safe. */
  close(): Promise<void>
}

export interface StreamOptions {
  /** 1 or more. A single event larger than it gets a file of its own. */
  readonly maxBytes: number
  /** Counted from the file's beginning; 0 for never. */
  readonly maxAgeMs: number
  readonly mode: number
  readonly now: () => number
  readonly files: Files
  readonly datasync: (handle: OpenFile) => Promise<void>
  readonly log: Pick<BaseLogger, 'warn' | 'debug'>
}

export interface StreamDeps {
  readonly folder: string
  readonly dataset: string
  readonly journal: Journal
  readonly archive: Pick<Archive, 'add'>
  readonly recovered: Recovered
}

const IDLE_MS = 60_000

export function createStream(
  { folder, dataset, journal, archive, recovered }: StreamDeps,
  options: StreamOptions,
): Stream {
  const { maxBytes, maxAgeMs, mode, now, files, datasync, log } = options
  const serial = createSerial()
  let { lastStem, unfinished } = recovered
  let file: EventFile | undefined
  let usedAt = now()
  let failures = 0
  let takenBack = 0

  const pathOf = (stem: string) => join(folder, stem + PLAIN)

  /** Resolves when all that was written before the call is fsynced. */
  const sync = () => inGroup(undefined)
  const inGroup = createGroup<undefined, undefined>(async callers => {
    await fsync()
    return callers
  })

  async function fsync(): Promise<void> {
    const synced = file
    if (!synced || (synced.synced === synced.size && !synced.doubtful)) return
    const { size } = synced
    try {
      if (synced.doubtful) throw new Error('an earlier fsync failed')
      await datasync(synced.handle)
      if ((await synced.handle.stat()).nlink === 0) throw new Error('the file was deleted')
    } catch (error) {
      takeBack(synced)
      throw unwritable(synced.path, error)
    }
    synced.synced = size
    synced.unsynced.splice(0, synced.unsynced.findLastIndex(({ end }) => end <= size) + 1)
  }

  function takeBack(synced: EventFile): void {
    failures += 1
    takenBack += 1
    if (synced.doubtful) return
    synced.doubtful = true
    serial(async () => {
      forgetUnsynced(synced)
      synced.doubtful = false
      await trim(synced)
    }).catch(() => {})
  }

  async function write(piece: Piece, signal: AbortSignal): Promise<void> {
    const before = failures
    const takenBackBefore = takenBack
    await serial(async () => {
      if (failures !== before) throw new RetryableError(`An earlier write to the ${dataset} events failed.`)
      try {
        await append(piece, signal)
      } catch (error) {
        failures += 1
        throw error instanceof RetryableError || signal.aborted ? error : unwritable(pathOf(lastStem ?? '*'), error)
      }
    })
    await abortable(sync(), signal)
    if (takenBack !== takenBackBefore) throw new RetryableError(`An fsync of the ${dataset} events failed.`)
  }

  async function append(piece: Piece, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { first, ends } = piece
    const mark = journal.marks.get(piece.batch, dataset)
    if (first > mark.done) throw new RetryableError(`Earlier ${dataset} events of the batch are not written yet.`)
    usedAt = now()
    while (mark.done - first < ends.length) {
      const from = mark.done - first
      const open = await current()
      const fits = fitting(ends, from, maxBytes - open.size)
      if (fits === from && open.size > 0) await finish(true)
      else await put(open, mark, piece, Math.max(fits, from + 1))
    }
  }

  async function put(open: EventFile, mark: Mark, piece: Piece, until: number): Promise<void> {
    if (open.batch !== mark.batch) {
      open.batch = undefined
      await journal.begin(mark, open.stem, open.size)
      open.batch = mark.batch
    }
    await appendEvents(open, mark, piece, until)
  }

  /** The file to write to, known to be where its path says. */
  async function current(): Promise<EventFile> {
    if (file) {
      if (file.untrimmed) await trim(file)
      if (await isInPlace(files, file)) return file
      log.warn(
        { path: file.path },
        'An event file was moved, deleted or changed by someone else; going on with a new one.',
      )
      await finish(false)
    }
    await resume()
    if (file && isOld(file.begunAt)) await finish(true)
    file ??= await create()
    return file
  }

  /** Opens the file that is to be gone on with. */
  async function resume(): Promise<void> {
    if (!unfinished) return
    const { stem, size, begunAt } = unfinished
    file = await reopenFile(files, stem, pathOf(stem), size, begunAt)
    if (!file) await journal.secure(dataset, stem)
    unfinished = undefined
  }

  async function create(): Promise<EventFile> {
    for (;;) {
      lastStem = nextStem(now(), lastStem)
      const created = await createFile(files, lastStem, pathOf(lastStem), mode, now())
      if (created) return created
    }
  }

  /** Ends the file; `whole` where it may be compressed. Runs only among the writes. */
  async function finish(whole: boolean): Promise<void> {
    const ended = file
    if (!ended) return
    if (ended.untrimmed) await trim(ended)
    await sync()
    ended.batch = undefined
    await journal.secure(dataset, ended.stem)
    file = undefined
    if (whole) archive.add(join(folder, ended.stem))
    await ended.handle.close()
  }

  /** Closes the file; it is gone on with later. */
  async function release(): Promise<void> {
    if (!file) return
    // Once the journal says that these events are safe, nothing tells any more what else the file holds.
    if (file.untrimmed) await trim(file)
    await sync()
    file.batch = undefined
    await journal.secure(dataset)
    const { stem, size, begunAt, handle } = file
    unfinished = { stem, size, begunAt }
    file = undefined
    await handle.close()
  }

  async function tend(): Promise<void> {
    if (!file) await resume()
    if (file && file.size > 0 && isOld(file.begunAt)) await finish(true)
    else if (now() - usedAt >= IDLE_MS) await release()
  }

  // A clock that went back does not make a file live on until it has caught up.
  const isOld = (begunAt: number) => maxAgeMs > 0 && Math.abs(now() - begunAt) >= maxAgeMs

  function unwritable(path: string, cause: unknown): RetryableError {
    return new RetryableError(`Cannot write ${path}: ${cause instanceof Error ? cause.message : cause}.`, { cause })
  }

  return {
    write,
    isOpen: path => path === join(folder, file?.stem ?? unfinished?.stem ?? ''),
    async tick() {
      const waits = file ?? unfinished
      if (!waits || waits.size === 0) return
      if (isOld(waits.begunAt) || (file && now() - usedAt >= IDLE_MS)) await serial(tend)
    },
    close: () => serial(release),
  }
}
