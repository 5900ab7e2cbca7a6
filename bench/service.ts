import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'

export interface Service {
  readonly url: string
  readonly key: string
  readonly dataDir: string
  readonly pid: number
  /** Sum of the samples of a metric that have all the given labels. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  /** Highest resident memory so far, in MiB. */
  peakMiB(): number
  /** What it wrote to standard error, the last of it. */
  log(): string
  /** SIGTERM; removes the folder where it was made here. */
  stop(): Promise<void>
  /** SIGKILL; the folder stays. */
  kill(): Promise<void>
}

/** Those of `npm start` and of the image. */
export const NODE_FLAGS = ['--max-semi-space-size=4']
/**
 * Files of events are deleted soon after they are finished, so that new ones get the memory of old ones: a virtual machine whose host takes back
 * what is free pays for each page of the cache that is new, several times what the writing takes.
 */
export const SHORT_LIVED_FILES = { FILE_MAX_BYTES: `${64 * 1024 ** 2}`, FILE_RETENTION_SECONDS: '1' }
const KEY = 'bench-key-0123456789'
const MAX_LOG_CHARS = 256 * 1024

/** Starts the real service in a process of its own, in a new folder unless DATA_DIR is given, and waits until it is ready. */
export async function startService(env: Readonly<Record<string, string>> = {}): Promise<Service> {
  const dataDir = env.DATA_DIR ?? (await mkdtemp(join(tmpdir(), 'logpush-intake-')))
  const [port, adminPort] = [await freePort(), await freePort()]
  const child = spawn(process.execPath, [...NODE_FLAGS, join(import.meta.dirname, '../src/main.ts'), 'serve'], {
    // Standard output is a pipe that nobody reads: SINKS=stdout is a sink that is held.
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: `${port}`,
      ADMIN_PORT: `${adminPort}`,
      DATA_DIR: dataDir,
      INTAKE_KEYS: KEY,
      LOG_LEVEL: 'warn',
      ...env,
    },
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-MAX_LOG_CHARS)
  })
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await exited
    clearTimeout(timer)
  }
  const url = `http://127.0.0.1:${port}`
  await ready(url, child, () => log)
  return {
    url,
    key: KEY,
    dataDir,
    pid: child.pid!,
    metric: async (name, labels = {}) =>
      sumOf(await (await request(`http://127.0.0.1:${adminPort}/metrics`)).body.text(), name, labels),
    peakMiB: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    log: () => log,
    stop: async () => {
      await end('SIGTERM')
      if (env.DATA_DIR === undefined) await rm(dataDir, { recursive: true, force: true })
    },
    kill: () => end('SIGKILL'),
  }
}

async function ready(url: string, child: ChildProcess, log: () => string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`The service ended with ${child.exitCode}: ${log()}`)
    const answer = await request(`${url}/readyz`).catch(() => undefined)
    await answer?.body.dump()
    if (answer?.statusCode === 200) return
    await sleep(100)
  }
  throw new Error('The service was not ready within 30 s.')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No port.')
  return address.port
}

function sumOf(text: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return text
    .split('\n')
    .filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter(line => wanted.every(pair => line.includes(pair)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
