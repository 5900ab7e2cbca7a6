import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

export const KEY = 'torture-key-of-a-loopback-run'
const START_MS = 60_000
const STOP_MS = 30_000
const ERROR_LEVEL = 50

/** One life of the service, from start to kill. */
export interface Life {
  readonly url: string
  readonly adminUrl: string
  /** From spawn until it takes batches. */
  readonly startMs: number
  kill(): Promise<void>
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>
}

/**
 * Starts the real service in a process of its own, on free ports of loopback.
 *
 * @param complaints gets the messages that the service logs at error and above, and what is no log line at all
 * @throws when it ends or does not listen in time
 */
export async function startService(dataDir: string, complaints: Set<string>): Promise<Life> {
  const startedAt = performance.now()
  const child = spawnService(dataDir)
  const exited = once(child, 'close')
  const listening = Promise.withResolvers<{ url: string; adminUrl: string }>()
  createInterface({ input: child.stderr! }).on('line', line => {
    const entry = parse(line)
    if (entry?.url && entry.adminUrl) listening.resolve({ url: entry.url, adminUrl: entry.adminUrl })
    else if (entry === undefined || entry.level >= ERROR_LEVEL) complaints.add(entry?.msg ?? line)
  })
  exited.then(([code]) => listening.reject(new Error(`The service ended with ${code} before it took batches.`)))
  const timer = setTimeout(() => listening.reject(new Error('The service did not start in time.')), START_MS)
  try {
    const { url, adminUrl } = await listening.promise
    return { url, adminUrl, startMs: performance.now() - startedAt, ...ends(child, exited) }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Starts the service and kills it while it is still starting, or just after. */
export async function killDuringStart(dataDir: string, afterMs: number): Promise<void> {
  const child = spawnService(dataDir)
  const exited = once(child, 'close')
  child.stderr!.resume()
  await sleep(afterMs)
  child.kill('SIGKILL')
  await exited
}

function spawnService(dataDir: string): ChildProcess {
  const main = join(import.meta.dirname, '../../src/main.ts')
  return spawn(process.execPath, [main, 'serve'], {
    cwd: dataDir,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      ADMIN_PORT: '0',
      DATA_DIR: dataDir,
      INTAKE_KEYS: KEY,
      SINKS: 'file',
      FILE_MAX_BYTES: `${4 * 1024 ** 2}`,
      FILE_GZIP: 'true',
      LOG_LEVEL: 'info',
    },
  })
}

function ends(child: ChildProcess, exited: Promise<unknown>): Pick<Life, 'kill' | 'stop'> {
  return {
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

interface Entry {
  readonly level: number
  readonly msg: string
  readonly url?: string
  readonly adminUrl?: string
}

function parse(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry
  } catch {
    return undefined
  }
}

/** Lines that are stored and not yet in files. */
export async function pendingLines(adminUrl: string): Promise<number> {
  const response = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(5_000) })
  const sample = /^intake_pending_lines\{sink="file"\} (\S+)$/m.exec(await response.text())
  return Number(sample?.[1])
}
