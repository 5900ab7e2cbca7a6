import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { pino } from 'pino'
import { createFileSink, type FileSinkOptions } from '../../src/sinks/file.ts'
import type { Sink } from '../../src/sinks/sink.ts'

export interface FileRig {
  readonly root: string
  readonly dir: string
  readonly stateDir: string
  /** The messages logged at warn and above. */
  readonly warnings: string[]
  make(options?: Partial<FileSinkOptions>): Sink
  /** Paths below the events folder, sorted. */
  files(): string[]
  /** The lines of all files of a dataset, or of all datasets, in the order of their names. */
  lines(dataset?: string): string[]
  cleanUp(): void
}

export function createFileRig(): FileRig {
  const root = mkdtempSync(join(tmpdir(), 'file-sink-'))
  const dir = join(root, 'events')
  const stateDir = join(root, 'state')
  const warnings: string[] = []
  const log = pino({ level: 'warn' }, { write: line => warnings.push(JSON.parse(line).msg) })
  const files = () =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(dir.length + 1))
      .sort()
  return {
    root,
    dir,
    stateDir,
    warnings,
    files,
    make: options =>
      createFileSink({
        dir,
        stateDir,
        maxBytes: 1024 ** 2 * 64,
        maxAgeMs: 0,
        gzip: false,
        retentionMs: 0,
        log,
        ...options,
      }),
    lines: (dataset = '') =>
      files()
        .filter(path => path.startsWith(dataset))
        .flatMap(path => linesOf(join(dir, path))),
    cleanUp: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** The lines of a file, which has to end behind a line. */
export function linesOf(path: string): string[] {
  const bytes = readFileSync(path)
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  const lines = text.split('\n')
  if (lines.pop() !== '') throw new Error(`${path} ends in the middle of a line`)
  return lines
}
