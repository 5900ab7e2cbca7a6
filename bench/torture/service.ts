import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

export const KEY = 'torture-key-of-a-loopback-run'
const START_MS = 60_000
const STOP_MS = 30_000

/** One life of the service, from start to kill. */
export interface Life {
  readonly url: string
  readonly adminUrl: string
  /** From spawn until it takes batches. */
  readonly startMs: number
  /** True until it was ended, or ended by itself. */
  readonly isRunning: boolean
  kill(): Promise<void>
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>
}

/** Where a service works, and for what. */
export interface Place {
  readonly dataDir: string
  /** Settings beyond addresses, data folder and key. */
  readonly env: Readonly<Record<string, string>>
  /** Gets each line of its log; undefined for a line that is none. */
  readonly onLog: (entry: LogEntry | undefined, line: string) => void
}

export interface LogEntry {
  readonly level: number
  readonly msg: string
  readonly sink?: string
  readonly url?: string
  readonly adminUrl?: string
}

/** It ended before it took batches. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted'
  readonly code: number | null
  readonly lastLine: string
  constructor(code: number | null, lastLine: string) {
    super(`The service ended with ${code} before it took batches: ${lastLine}`)
    this.code = code
    this.lastLine = lastLine
  }
}

/**
 * Starts the real service in a process of its own, on free ports of loopback.
 *
 * @throws NotStarted when it ends, and an error when it does not listen in time
 */
export async function startService(place: Place): Promise<Life> {
  const startedAt = performance.now()
  const child = spawnService(place)
  const exited = once(child, 'close')
  const listening = Promise.withResolvers<{ url: string; adminUrl: string }>()
  let lastLine = ''
  createInterface({ input: child.stderr! }).on('line', line => {
    const entry = parse(line)
    if (entry?.url && entry.adminUrl) listening.resolve({ url: entry.url, adminUrl: entry.adminUrl })
    lastLine = line
    place.onLog(entry, line)
  })
  exited.then(([code]) => listening.reject(new NotStarted(code, lastLine)))
  const timer = setTimeout(() => listening.reject(new Error('The service did not start in time.')), START_MS)
  try {
    const { url, adminUrl } = await listening.promise
    return { url, adminUrl, startMs: performance.now() - startedAt, ...endsOf(child, exited) }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Starts the service and kills it while it is still starting, or just after. */
export async function killDuringStart(place: Place, afterMs: number): Promise<void> {
  const child = spawnService(place)
  const exited = once(child, 'close')
  child.stderr!.resume()
  await sleep(afterMs)
  child.kill('SIGKILL')
  await exited
}

export const MAIN = join(import.meta.dirname, '../../src/main.ts')

export function environment({ dataDir, env }: Pick<Place, 'dataDir' | 'env'>): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: '0',
    DATA_DIR: dataDir,
    INTAKE_KEYS: KEY,
    LOG_LEVEL: 'info',
    ...env,
  }
}

function spawnService(place: Place): ChildProcess {
  return spawn(process.execPath, [MAIN, 'serve'], {
    cwd: place.dataDir,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment(place),
  })
}

function endsOf(child: ChildProcess, exited: Promise<unknown>): Pick<Life, 'isRunning' | 'kill' | 'stop'> {
  return {
    get isRunning() {
      return child.exitCode === null && child.signalCode === null
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      child.kill('SIGTERM')
      await exited
      clearTimeout(timer)
      return child.exitCode
    },
  }
}

function parse(line: string): LogEntry | undefined {
  try {
    return JSON.parse(line) as LogEntry
  } catch {
    return undefined
  }
}

/** Lines that are stored and not yet at every sink. */
export async function pendingLines(adminUrl: string): Promise<number> {
  const response = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(5_000) })
  const samples = [...(await response.text()).matchAll(/^intake_pending_lines\{sink="\w+"\} (\S+)$/gm)]
  return samples.length === 0 ? Number.NaN : samples.reduce((sum, [, value]) => sum + Number(value), 0)
}
