import { constants } from 'node:fs/promises'
import { setImmediate as pause } from 'node:timers/promises'
import { ReplayStoppedError } from '../errors.ts'
import { hasCode } from '../lib/error-code.ts'
import type { Files } from '../lib/files.ts'
import { createSerial } from '../lib/serial.ts'
import type { Admission } from './admission.ts'
import { unavailable } from './disk-error.ts'
import { batchOf, idOf, nameOf } from './file-name.ts'
import type { Folders } from './folders.ts'
import type { Kept } from './kept.ts'
import type { Log } from './log.ts'
import type { Queue } from './queue.ts'
import type { KeptFilter, Replayed } from './spool.ts'
import type { Sealed, StoreResult } from './store.ts'

export interface ReplayDeps {
  readonly sinks: readonly string[]
  readonly folders: Folders
  readonly kept: Kept
  readonly queue: Queue
  readonly admission: Admission
  readonly log: Log
  /** Where the next file may lie until it is stored. */
  nextPart(): string
  store(sealed: Sealed): Promise<StoreResult>
  /** Takes a file away; never rejects. */
  abandon(path: string): Promise<void>
}

/** What is ready to be stored, and the name of the batch that it was. */
type Prepared = Sealed & { readonly origin: string }

/** So many share the fsyncs of the folder. */
const TOGETHER = 64
/** Names that are looked at in one go. */
const PAUSE_EVERY = 1000
/** What a file system answers that has no hard links, or none for this file. */
const NO_LINKS = ['EXDEV', 'EPERM', 'EMLINK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']

/**
 * Stores kept batches once more, for one sink, by hard links: no byte is copied, and a kept batch may be removed while its replay
 * waits. One replay at a time, so that none can overlook what another has just stored.
 */
export function createReplay(deps: ReplayDeps) {
  const inTurn = createSerial()
  return {
    replay: (sink: string, which: KeptFilter): Promise<Replayed> => inTurn(() => replay(deps, sink, which)),
    /** Waits for the replay in hand, which ends with its next batch when nothing is admitted any more. */
    close: (): Promise<void> => inTurn(async () => {}),
  }
}

async function replay(deps: ReplayDeps, sink: string, which: KeptFilter): Promise<Replayed> {
  const waiting = idsOfReplays(deps.queue, sink)
  const group = createGroupOfReplays(deps)
  const damaged: string[] = []

  const takeUp = async (file: string) => {
    if (waiting.has(idOf(file))) return
    const sealed = await prepare(deps, file, sink)
    if (sealed === 'damaged') damaged.push(file)
    if (typeof sealed === 'string') return
    waiting.add(idOf(file))
    await group.add(sealed)
  }

  try {
    for (const [index, file] of filesOf(deps, sink, which).entries()) {
      // Those that are left out wait for nothing, and there may be many.
      if (index % PAUSE_EVERY === 0) await pause()
      await takeUp(file).catch(error => group.stop(error, nameOf(file)))
    }
    await group.end()
  } finally {
    if (damaged.length > 0)
      deps.log.error(
        { folder: deps.folders.kept, files: damaged.length, first: damaged[0] },
        'Kept batches are damaged and cannot be replayed.',
      )
  }
  return { ...group.stored, damaged: damaged.length }
}

/** What this sink has done: kept, or still waiting for another one. */
function filesOf({ kept, queue, sinks }: ReplayDeps, sink: string, which: KeptFilter): readonly string[] {
  const bit = 1 << sinks.indexOf(sink)
  const { since = 0, until = Number.POSITIVE_INFINITY, from = '' } = which
  const done = [...queue.entries()].filter(({ file, done, storedAt }) => {
    return (done & bit) !== 0 && storedAt >= since && storedAt < until && batchOf(file)?.again === undefined
  })
  const files = [...kept.names(which), ...done.map(({ file }) => file)].filter(file => nameOf(file) >= from)
  return files.sort()
}

function idsOfReplays(queue: Queue, sink: string): Set<string> {
  const ids = new Set<string>()
  for (const { file } of queue.entries()) if (file.includes(`.replay@${sink}.`)) ids.add(idOf(file))
  return ids
}

/** Stores what is prepared, many at a time and in order. Rejects with ReplayStoppedError. */
function createGroupOfReplays({ store, abandon, admission }: ReplayDeps) {
  const stored = { batches: 0, lines: 0 }
  let group: Prepared[] = []

  const end = async () => {
    const prepared = group
    group = []
    // Called in their order, which is then that of their numbers.
    const results = await Promise.all(prepared.map(store))
    let failure: ReplayStoppedError | undefined
    for (const [index, result] of results.entries()) {
      const { path, parts, origin } = prepared[index]!
      if ('error' in result) {
        failure ??= new ReplayStoppedError(admission.failed(result.error), stored, origin)
        await abandon(path)
        admission.giveUp(parts.bytes)
      } else {
        stored.batches++
        stored.lines += parts.lines
      }
    }
    if (failure !== undefined) throw failure
  }

  return {
    stored,
    end,
    async add(prepared: Prepared): Promise<void> {
      group.push(prepared)
      if (group.length === TOGETHER) await end()
    },
    /** The spool takes no more: those before are stored. */
    async stop(error: unknown, next: string): Promise<never> {
      await end()
      throw error instanceof ReplayStoppedError ? error : new ReplayStoppedError(unavailable(error), stored, next)
    },
  }
}

/** A link to the kept batch, or a copy, where received files lie before they are stored; admitted. */
async function prepare(deps: ReplayDeps, file: string, sink: string): Promise<Prepared | 'gone' | 'damaged'> {
  const { admission } = deps
  const { files } = deps.folders
  await admission.admit()
  const { name: origin, storedAt: _, ...facts } = batchOf(file)!
  const parts = { ...facts, again: { kind: 'replay', sink } as const }
  const path = deps.nextPart()
  // It may be kept only now that the last sink has done it.
  const waits = deps.folders.batchFile(file)
  const source = (await isThere(files, waits)) ? waits : deps.folders.keptFile(file)
  let reserved = 0
  try {
    const stats = await files.lstat(source)
    if (!stats.isFile() || stats.size !== parts.bytes) return 'damaged'
    admission.reserve(parts.bytes)
    reserved = parts.bytes
    await linkOrCopy(files, source, path)
    return { path, parts, origin }
  } catch (error) {
    await deps.abandon(path)
    admission.giveUp(reserved)
    if (hasCode(error, 'ENOENT') && !(await isThere(files, source))) return 'gone'
    // Not as a fault of the disk that the intake has to wait for: it may lie in this file.
    throw unavailable(error)
  }
}

async function linkOrCopy(files: Files, source: string, path: string): Promise<void> {
  try {
    return await files.link(source, path)
  } catch (error) {
    if (!hasCode(error, ...NO_LINKS)) throw error
  }
  await files.copyFile(source, path, constants.COPYFILE_EXCL)
  const file = await files.open(path, 'r+')
  await file.datasync().finally(() => file.close())
}

const isThere = (files: Files, path: string): Promise<boolean> =>
  files.lstat(path).then(
    () => true,
    () => false,
  )
