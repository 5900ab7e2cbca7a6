import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { refusalRow } from '../../src/delivery/dead-letter.ts'
import type { Letter } from '../../src/delivery/dead-letter-rows.ts'
import type { Batch } from '../../src/spool/spool.ts'

const batch: Batch = {
  name: '1767312000000001',
  batchId: new Uint8Array(32),
  dataset: undefined,
  lines: 1000,
  format: 'lines',
  gzip: true,
  bytes: 10,
  storedAt: 0,
  time: '2026-01-02T00:00:00.5Z',
  again: undefined,
}

export interface LetterParts {
  readonly line: number
  readonly time?: string
  readonly reason?: string
  readonly dataset?: string
  readonly declared?: string
  readonly original?: string | undefined
}

/** A row as a drain writes it. */
export function letterRow(parts: LetterParts) {
  const { line, time = '2026-01-02T03:04:05.000Z', reason = 'mapping', dataset = 'http_requests', declared } = parts
  const text = 'original' in parts ? parts.original : JSON.stringify({ RayID: `ray-${line}`, Text: 'ä\u0001"' })
  const original =
    text === undefined ? undefined : { bytes: Buffer.from(text), lost: 0, time: undefined, id: undefined }
  const id = `00000000-0000-8000-8000-${String(line).padStart(12, '0')}`
  return refusalRow({ ...batch, dataset: declared }, 'one', id, time, { line, dataset, reason, detail: 'no' }, original)
}

export const declare = ({ declared, dataset }: Letter) => declared ?? (dataset === 'unknown' ? undefined : dataset)

/** The keys of all rows in the files of dead letters. */
export function keysIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter(name => name.endsWith('.ndjson'))
    .flatMap(name => keysOf(readFileSync(join(folder, name), 'utf8')))
}

export const keysOf = (text: string): string[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map(row => JSON.parse(row).key)

const FOLDER_OPS = ['rename', 'rm', 'mkdir'] as const
const FILE_OPS = ['write', 'writeFile', 'writev', 'truncate', 'sync', 'datasync'] as const

export interface Disk {
  /** What was done below the folder, such as `rename a.keep`. */
  readonly done: readonly string[]
  /** Resolves in the moment of the kill. */
  readonly killed: Promise<void>
  /** Awaited before each change. */
  before: (what: string) => Promise<void> | undefined
  restore(): Promise<void>
}

/**
 * Stands between the program and the disk: counts every change below a folder. From the change with the number `at` on, `kill` lets nothing happen
 * any more, like a process that is dead; `fail` lets this one change fail, with ENOSPC.
 */
export async function watchDisk(
  folder: string,
  at = Number.POSITIVE_INFINITY,
  mode: 'kill' | 'fail' = 'kill',
): Promise<Disk> {
  const done: string[] = []
  const handles = new Map<FileHandle, string>()
  const real: Record<string, unknown> = { open: fs.open }
  const killed = Promise.withResolvers<void>()
  let changes = 0
  const disk: Pick<Disk, 'before'> = { before: () => undefined }
  const change = (what: string): Promise<void> | undefined => {
    if (changes >= at && mode === 'kill') {
      killed.resolve()
      return new Promise(() => {})
    }
    if (changes++ === at) return Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }))
    done.push(what)
    return disk.before(what)
  }
  const target = fs as unknown as Record<string, unknown>
  const named = (path: string) => path.slice(folder.length + 1) || '.'

  target.open = async (path: string, flags?: string, mode?: number) => {
    if (path.startsWith(folder) && flags !== undefined && flags !== 'r') await change(`open ${named(path)}`)
    const handle = await (real.open as typeof fs.open)(path, flags, mode)
    if (path.startsWith(folder)) handles.set(handle, named(path))
    return handle
  }
  for (const op of FOLDER_OPS) {
    const call = fs[op] as (...args: unknown[]) => Promise<unknown>
    real[op] = call
    target[op] = async (path: string, ...more: unknown[]) => {
      if (path.startsWith(folder)) await change(`${op} ${named(path)}`)
      return call(path, ...more)
    }
  }
  const probe = await (real.open as typeof fs.open)(folder, 'r')
  const prototype = Object.getPrototypeOf(probe) as Record<string, (...args: unknown[]) => Promise<unknown>>
  await probe.close()
  const realFile = Object.fromEntries(FILE_OPS.map(op => [op, prototype[op]!]))
  for (const op of FILE_OPS) {
    prototype[op] = async function (this: unknown, ...args: unknown[]) {
      const name = handles.get(this as FileHandle)
      if (name !== undefined) await change(`${op} ${name}`)
      return realFile[op]!.apply(this, args)
    }
  }
  syncBuiltinESMExports()
  return Object.assign(disk, {
    done,
    killed: killed.promise,
    async restore() {
      Object.assign(target, real)
      Object.assign(prototype, realFile)
      syncBuiltinESMExports()
      for (const handle of handles.keys()) await handle.close().catch(() => {})
    },
  })
}
