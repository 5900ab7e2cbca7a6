import { basename, dirname, join } from 'node:path'
import type { BaseLogger } from 'pino'
import { hasCode } from '../lib/error-code.ts'
import type { Files } from '../lib/files.ts'
import { compress } from './file-gzip.ts'
import { GZIPPED, PLAIN, stemOf } from './file-names.ts'
import { ifThere } from './file-system.ts'

/** What happens to finished files: compression one at a time in the background, deletion by age. */
export interface Archive {
  /** A finished file, its path without the ending. */
  add(path: string): void
  /** Goes on with what failed before, and deletes files of these folders by age. `isOpen` tells which file is not finished. */
  tick(folders: readonly string[], isOpen: (path: string) => boolean): Promise<void>
  /** Stops a compression that is under way; the file is taken again at the next open. */
  close(): Promise<void>
}

export interface ArchiveOptions {
  readonly gzip: boolean
  /** 0 keeps files for good. */
  readonly retentionMs: number
  readonly mode: number
  readonly now: () => number
  readonly files: Files
  readonly log: Pick<BaseLogger, 'debug' | 'warn'>
}

const RETRY_MS = 60_000
const SWEEP_MS = 60_000

export function createArchive({ gzip, retentionMs, mode, now, files, log }: ArchiveOptions): Archive {
  const waiting = new Set<string>()
  const stop = new AbortController()
  let running: Promise<void> | undefined
  let retryAt = 0
  let sweepAt = 0

  function start(): void {
    running ??= compressAll().finally(() => {
      running = undefined
    })
  }

  async function compressAll(): Promise<void> {
    for (const path of waiting) {
      if (stop.signal.aborted) return
      try {
        await compress(files, path, mode, stop.signal)
        log.debug({ file: basename(path) }, 'Compressed a finished event file.')
      } catch (error) {
        if (stop.signal.aborted) return
        if (!hasCode(error, 'ENOENT')) return postpone(path, error)
      }
      waiting.delete(path)
    }
  }

  function postpone(path: string, error: unknown): void {
    retryAt = now() + RETRY_MS
    log.warn(
      { err: error, path },
      'A finished event file could not be compressed; it stays as it is until the next try.',
    )
  }

  async function deleteOld(folder: string, isOpen: (path: string) => boolean): Promise<void> {
    for (const name of (await ifThere(files.readdir(folder))) ?? []) {
      const stem = stemOf(name, GZIPPED) ?? stemOf(name, PLAIN)
      if (stem === undefined || isOpen(join(folder, stem))) continue
      const path = join(folder, name)
      const there = await ifThere(files.stat(path))
      if (!there || there.mtimeMs > now() - retentionMs) continue
      await ifThere(files.unlink(path))
      log.debug({ file: name, dataset: basename(dirname(path)) }, 'Deleted an event file that reached its retention.')
    }
  }

  async function sweep(folders: readonly string[], isOpen: (path: string) => boolean): Promise<void> {
    if (retentionMs === 0 || now() < sweepAt) return
    sweepAt = now() + Math.min(SWEEP_MS, retentionMs / 10)
    for (const folder of folders) {
      await deleteOld(folder, isOpen).catch(error =>
        log.warn({ err: error, path: folder }, 'Event files could not be deleted at the end of their retention.'),
      )
    }
  }

  return {
    add(path) {
      if (!gzip || stop.signal.aborted) return
      waiting.add(path)
      if (now() >= retryAt) start()
    },
    async tick(folders, isOpen) {
      if (waiting.size > 0 && now() >= retryAt) start()
      await sweep(folders, isOpen)
    },
    async close() {
      stop.abort()
      await running
    },
  }
}
