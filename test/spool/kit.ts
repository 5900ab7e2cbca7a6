import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach } from 'vitest'
import { createDiskSpool, type DiskSpoolOptions } from '../../src/spool/disk.ts'
import { fileNameOf } from '../../src/spool/file-name.ts'
import type { Spool } from '../../src/spool/spool.ts'
import { seal } from '../contract/spool-kit.ts'

export const never = new AbortController().signal

/** Keeps what was logged. */
export function createLog() {
  const lines: { level: string; fields: object; sentence: string }[] = []
  const at = (level: string) => (fields: object, sentence: string) => void lines.push({ level, fields, sentence })
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}

const leftovers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const remove of leftovers.splice(0).reverse()) await remove()
})

/** A folder that is removed after the test. */
export async function temporaryFolder(parent = tmpdir()): Promise<string> {
  const path = await mkdtemp(join(parent, 'spool-'))
  leftovers.push(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Runs after the test, before what was asked for earlier. */
export const afterwards = (action: () => Promise<unknown>): void => void leftovers.push(action)

export const diskSpool = (dataDir: string, options: Partial<DiskSpoolOptions> = {}): Spool => {
  const spool = createDiskSpool({
    dir: join(dataDir, 'spool'),
    sinks: ['one'],
    maxBytes: 1e12,
    minFreeBytes: 0,
    duplicateWindowMs: 600_000,
    onStored() {},
    log: createLog(),
    ...options,
  })
  leftovers.push(() => spool.close())
  return spool
}

export const at = (dataDir: string, ...parts: string[]): string => join(dataDir, 'spool', 'v1', ...parts)

/** The name of a stored batch. */
export const nameOf = (number: number, bytes: number): string =>
  fileNameOf({ ...seal(), again: undefined, number, bytes, storedAt: 1_790_000_000_000 })

/** A spool's folders as a kill left them. */
export async function left(files: Record<string, string>): Promise<string> {
  const dataDir = await temporaryFolder()
  const paths = Object.keys(files).map(path => at(dataDir, path))
  for (const folder of new Set(paths.map(dirname))) await mkdir(folder, { recursive: true })
  await Promise.all(Object.values(files).map((content, index) => writeFile(paths[index]!, content)))
  return dataDir
}
