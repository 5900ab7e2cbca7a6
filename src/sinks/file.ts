import { dirname, join, resolve } from 'node:path'
import type { BaseLogger } from 'pino'
import { PermanentError, RetryableError } from '../errors.ts'
import { fsyncAbove, fsyncFolder, makeFolder } from '../lib/durable-folder.ts'
import { type Files, type OpenFile, realFiles } from '../lib/files.ts'
import { createSerial } from '../lib/serial.ts'
import { realTiming, type Timing } from '../lib/timing.ts'
import { type Archive, createArchive } from './file-archive.ts'
import { type Journal, openJournal } from './file-journal.ts'
import { recoverDataset } from './file-recover.ts'
import { createStream, type Stream } from './file-stream.ts'
import { DELIVERED, type Sink } from './sink.ts'

export interface FileSinkOptions {
  /** Where the events go: one folder per dataset. */
  readonly dir: string
  /** Where the journal is kept; outside `dir`. */
  readonly stateDir: string
  /** Size at which a file is finished. */
  readonly maxBytes: number
  /** Age at which a file is finished, also when nothing is written; 0 for never. */
  readonly maxAgeMs: number
  readonly mode?: number
  /** Compress finished files. */
  readonly gzip: boolean
  /** Age at which finished files are deleted, counted from their last event; 0 keeps them. */
  readonly retentionMs: number
  readonly log: Pick<BaseLogger, 'debug' | 'info' | 'warn' | 'error'>
  readonly now?: () => number
  /** How a file's bytes are made durable; for tests of disks that fail. */
  readonly datasync?: (handle: OpenFile) => Promise<void>
  /** Other than the real ones in tests. */
  readonly files?: Files
  readonly timing?: Timing
}

const DATASET = /^[a-z0-9_]{1,64}$/
const MAX_TICK_MS = 5_000
const MIN_TICK_MS = 20

interface Opened {
  readonly journal: Journal
  readonly archive: Archive
  readonly streams: Map<string, Stream>
  readonly stopTimer: () => void
}

/**
 * Events as NDJSON files: `<dir>/<dataset>/<stem>.ndjson`, one growing file a dataset. write resolves after fsync. Each event of a
 * batch is in the files exactly once, also when the batch comes again after a kill -9: see file-journal.ts.
 */
export function createFileSink(given: FileSinkOptions): Sink {
  const dir = resolve(given.dir)
  const options = {
    mode: 0o640,
    now: Date.now,
    datasync: (handle: OpenFile) => handle.datasync(),
    files: realFiles,
    ...given,
  }
  const { files, log, maxAgeMs, retentionMs } = options
  const { timing = realTiming } = given
  const serial = createSerial()
  let opened: Opened | undefined

  async function open(signal: AbortSignal): Promise<void> {
    if (opened) return
    await makeFolder(dir, files)
    await fsyncAbove(dirname(dir), files)
    const journal = await openJournal(resolve(given.stateDir), log, files)
    const archive = createArchive(options)
    try {
      const { streams, finished } = await recover(journal, archive, signal)
      await journal.rewrite()
      // Not before the journal tells by itself what these files hold.
      for (const path of finished) archive.add(path)
      opened = { journal, archive, streams, stopTimer: timing.every(tickMs(), () => void tick()) }
    } catch (error) {
      await Promise.allSettled([journal.close(), archive.close()])
      throw error
    }
  }

  async function recover(journal: Journal, archive: Archive, signal: AbortSignal) {
    const folders = (await files.readdir(dir, { withFileTypes: true })).filter(entry => entry.isDirectory())
    const known = [...folders.map(entry => entry.name), ...journal.marks.all().map(mark => mark.dataset)]
    const streams = new Map<string, Stream>()
    const finished: string[] = []
    for (const dataset of new Set(known.filter(name => DATASET.test(name)))) {
      const folder = join(dir, dataset)
      const recovered = await recoverDataset(folder, dataset, { files, journal, log, signal })
      finished.push(...recovered.plain.map(stem => join(folder, stem)))
      streams.set(dataset, createStream({ folder, dataset, journal, archive, recovered }, options))
    }
    await fsyncFolder(dir, files)
    return { streams, finished }
  }

  function tickMs(): number {
    const shortest = Math.min(maxAgeMs || Number.POSITIVE_INFINITY, retentionMs || Number.POSITIVE_INFINITY)
    return Math.max(MIN_TICK_MS, Math.min(MAX_TICK_MS, shortest / 10))
  }

  let ticking = false
  async function tick(): Promise<void> {
    if (ticking || !opened) return
    ticking = true
    const { journal, archive, streams } = opened
    const folders = [...streams.keys()].map(dataset => join(dir, dataset))
    const isOpen = (path: string) => [...streams.values()].some(stream => stream.isOpen(path))
    // A full disk must not keep the retention from making room, so each goes by itself.
    await archive.tick(folders, isOpen)
    for (const result of await Promise.allSettled([
      ...[...streams.values()].map(each => each.tick()),
      journal.flush(),
    ])) {
      if (result.status === 'rejected') log.warn({ err: result.reason }, 'An event file could not be tended to.')
    }
    ticking = false
  }

  async function close(): Promise<void> {
    if (!opened) return
    const { journal, archive, streams, stopTimer } = opened
    opened = undefined
    stopTimer()
    const closed = await Promise.allSettled([...[...streams.values()].map(stream => stream.close()), archive.close()])
    for (const result of closed) {
      if (result.status === 'rejected') log.warn({ err: result.reason }, 'An event file could not be closed properly.')
    }
    await journal.flush().catch(error => log.warn({ err: error }, 'The journal of the file sink could not be written.'))
    await journal.close().catch(error => log.warn({ err: error }, 'The journal of the file sink could not be closed.'))
  }

  function streamOf({ journal, archive, streams }: Opened, dataset: string): Stream {
    const known = streams.get(dataset)
    if (known) return known
    if (!DATASET.test(dataset)) throw new PermanentError('The name of the dataset cannot be the name of a folder.')
    const recovered = { lastStem: journal.finished.get(dataset), unfinished: undefined, plain: [] }
    const stream = createStream({ folder: join(dir, dataset), dataset, journal, archive, recovered }, options)
    streams.set(dataset, stream)
    return stream
  }

  return {
    name: 'file',
    form: 'event',
    ordered: true,
    returnsBytes: true,
    maxInFlight: 8,
    open: signal => serial(() => open(signal)),
    async write(piece, signal) {
      if (!opened) throw new RetryableError('The file sink is not open.')
      await streamOf(opened, piece.dataset).write(piece, signal)
      return DELIVERED
    },
    settled: batch => opened?.journal.settle(batch),
    close: () => serial(close),
  }
}
