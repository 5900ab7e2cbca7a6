import type { AddressInfo } from 'node:net'
import { createServer, connect as dial, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Between sender and intake: breaks connections, cuts bodies and answers short, and delays. */
export interface RoughProxy {
  readonly port: number
  /** Which life of the service the connection from this local port leads to; undefined where it led nowhere. */
  lifeOf(localPort: number): number | undefined
  /** How often each fault was done. */
  readonly faults: Readonly<Record<Fault, number>>
  close(): Promise<void>
}

export interface ProxyOptions {
  readonly random: () => number
  /** Where the service is now. */
  readonly target: () => { readonly port: number; readonly life: number } | undefined
  /** False: everything passes. */
  readonly isRough: () => boolean
}

/** What is done to a connection, and to how many of a thousand. */
const SHARES = {
  refused: 40,
  'request cut': 50,
  'request ended early': 40,
  'answer lost': 80,
  'answer cut': 30,
  delayed: 50,
} as const
export type Fault = keyof typeof SHARES
const MAX_CUT_BYTES = 12_000
const MAX_DELAY_MS = 400

export async function createProxy({ random, target, isRough }: ProxyOptions): Promise<RoughProxy> {
  const lives = new Map<number, number>()
  const open = new Set<Socket>()
  const faults = Object.fromEntries(Object.keys(SHARES).map(fault => [fault, 0])) as Record<Fault, number>

  const draw = (): Fault | undefined => {
    let ticket = isRough() ? random() * 1000 : 1000
    for (const fault of Object.keys(SHARES) as Fault[]) {
      ticket -= SHARES[fault]
      if (ticket < 0) return fault
    }
    return undefined
  }

  const server = createServer({ allowHalfOpen: true }, client => {
    const fault = draw()
    if (fault !== undefined) faults[fault] += 1
    const to = target()
    if (to === undefined || fault === 'refused') return void client.destroy()
    lives.set(client.remotePort!, to.life)
    const upstream = dial({ port: to.port, host: '127.0.0.1', allowHalfOpen: true })
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', end)
      socket.on('close', () => {
        open.delete(socket)
        end()
      })
    }
    const pause = fault === 'delayed' ? random() * MAX_DELAY_MS : 0
    let left = fault === 'request cut' || fault === 'request ended early' ? random() * MAX_CUT_BYTES : Infinity
    pump(client, upstream, pause, chunk => {
      const part = chunk.subarray(0, Math.max(0, left))
      left -= chunk.length
      if (left > 0) return chunk
      if (fault === 'request ended early') upstream.end(part, () => setTimeout(end, MAX_DELAY_MS))
      else upstream.write(part, end)
      return undefined
    })
    pump(upstream, client, pause, chunk => {
      if (fault === 'answer cut') client.write(chunk.subarray(0, chunk.length >> 1), end)
      else if (fault === 'answer lost') end()
      else return chunk
      return undefined
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    lifeOf: localPort => lives.get(localPort),
    faults,
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** @param pass gives what is to be written, or undefined when it ended the connection in its own way */
function pump(from: Socket, to: Socket, pauseMs: number, pass: (chunk: Buffer) => Buffer | undefined): void {
  const run = async () => {
    for await (const chunk of from) {
      if (pauseMs > 0) await sleep(pauseMs)
      const out = pass(chunk as Buffer)
      if (out === undefined) return
      if (!to.write(out)) await new Promise(resolve => to.once('drain', resolve).once('close', resolve))
    }
    to.end()
  }
  // Who broke the connection has closed both sides.
  run().catch(() => {})
}
