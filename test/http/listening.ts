import { connect, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { IntakeDeps } from '../../src/http/deps.ts'
import { createIntake } from '../../src/http/intake.ts'
import { createKeyring } from '../../src/http/keys.ts'
import { createMetrics, type Metrics } from '../../src/metrics.ts'
import { createMemorySpool, type MemorySpool } from '../helpers/memory-spool.ts'

export const KEY = 'a-key/with+signs=='
export const DNS_KEY = 'key-of-dns'
export const DATASETS = ['http_requests', 'dns_logs', 'audit_logs']
const MIB = 1024 ** 2

export interface Listening {
  readonly app: FastifyInstance
  readonly url: string
  readonly port: number
  readonly spool: MemorySpool
  readonly metrics: Metrics
  /** All that was logged, as text. */
  log(): string
  /** Sends a body with the key. */
  post(
    path: string,
    body: string | Uint8Array<ArrayBuffer> | undefined,
    headers?: Record<string, string>,
  ): Promise<Response>
  /** A bare connection, for what a well-behaved client would not send. */
  socket(): Raw
  metric(name: string): Promise<string[]>
  close(): Promise<void>
}

export interface Raw {
  readonly socket: Socket
  /** All that came so far. */
  received(): string
  /** What came until the other side closed. Rejects when it has not done so after `ms`. */
  closed(ms?: number): Promise<string>
  until(text: string): Promise<string>
}

type Overrides = Partial<Omit<IntakeDeps, 'limits'>> & { limits?: Partial<IntakeDeps['limits']> }

/** The real intake on a real socket, with a spool in memory. */
export async function listen(overrides: Overrides = {}): Promise<Listening> {
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const log = pino({ level: 'trace' }, sink)
  const spool = createMemorySpool()
  const metrics = createMetrics()
  const keyring = createKeyring({ keys: `${KEY}, dns_logs:${DNS_KEY}`, datasets: DATASETS, log })
  const { limits, ...rest } = overrides
  const app = createIntake({
    spool,
    keyring,
    metrics,
    log,
    datasets: DATASETS,
    limits: {
      maxBodyBytes: 256 * MIB,
      maxInflatedBytes: 1024 * MIB,
      maxInflateRatio: 400,
      maxJsonBytes: 16 * MIB,
      bodyIdleMs: 30_000,
      maxReceiving: 64,
      ...limits,
    },
    ...rest,
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const port = Number(new URL(url).port)

  return {
    app,
    url,
    port,
    spool,
    metrics,
    log: () => lines.join(''),
    post: (path, body, headers = {}) =>
      fetch(url + path, { method: 'POST', body: body ?? null, headers: { 'x-sekoiaio-intake-key': KEY, ...headers } }),
    socket: () => rawSocket(port),
    async metric(name) {
      const text = await metrics.render(() => {})
      return text.split('\n').filter(line => line.startsWith(name))
    },
    async close() {
      await app.close()
      metrics.close()
    },
  }
}

export function rawSocket(port: number): Raw {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let text = ''
  socket.setEncoding('latin1').on('data', chunk => {
    text += chunk
  })
  socket.on('error', () => {})
  const wait = (done: () => boolean, ms: number) =>
    new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`waited ${ms} ms; received: ${text}`)), ms)
      const look = () => {
        if (!done()) return
        clearTimeout(late)
        resolve(text)
      }
      for (const event of ['data', 'end', 'close']) socket.on(event, look)
      look()
    })
  return {
    socket,
    received: () => text,
    async closed(ms = 5000) {
      await wait(() => socket.closed || socket.readableEnded, ms)
      socket.destroy()
      return text
    },
    until: expected => wait(() => text.includes(expected), 5000),
  }
}
