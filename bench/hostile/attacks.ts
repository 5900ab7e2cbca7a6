import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from './client.ts'
import { batchRequest } from './healthy.ts'
import { keyHeader } from './wire.ts'

export interface Target {
  readonly port: number
  readonly key: string
}

/** Many connections at a time; each is opened again when the service has closed it. */
export type Attack = (target: Target, connections: number, signal: AbortSignal) => Promise<unknown>

/** Each by what its senders do wrong. */
export const attacks = {
  /** A byte of a header line each second, without end. */
  'slow headers': (target, connections, signal) =>
    hold(target, connections, signal, () => 'POST /plain/batch HTTP/1.1\r\nHost: intake\r\nX-Slow: ', 'a'),
  /** With a good key: a byte of the body each second. */
  'slow bodies': (target, connections, signal) => {
    const head = `POST /plain/batch HTTP/1.1\r\nHost: intake\r\n${keyHeader(target.key)}\r\nContent-Length: 100000\r\n\r\n`
    return hold(target, connections, signal, () => head, 'a')
  },
  /** Strangers, on the routes whose key is in the body. */
  'slow bodies, no key': (target, connections, signal) =>
    hold(
      target,
      connections,
      signal,
      () => 'POST /batch HTTP/1.1\r\nHost: intake\r\nContent-Length: 100000\r\n\r\n',
      ' ',
    ),
  /** The other end is gone: half a request and then nothing, from every second one a FIN before. Answers are not read. */
  'half open': (target, connections, signal) => {
    const halves = ['', 'POST /plain/batch HTTP/1.1\r\nHost', `GET /livez HTTP/1.1\r\nHost: intake\r\n\r\n`]
    return hold(target, connections, signal, number => halves[number % halves.length]!, '', true)
  },
  /** Kept alive behind an answered request. */
  idle: (target, connections, signal) =>
    hold(target, connections, signal, () => 'GET /livez HTTP/1.1\r\nHost: intake\r\n\r\n', ''),
  /** Good batches, as many as are taken; what is refused is sent again at once. */
  overload: (target, connections, signal) =>
    Promise.all(Array.from({ length: connections }, (_, i) => flood(target, i, signal))),
} as const satisfies Record<string, Attack>

export type AttackName = keyof typeof attacks

const TICK_MS = 1000
/** So that connecting is no attack of its own. */
const CONNECTS_A_TICK = 100

async function hold(
  { port }: Target,
  connections: number,
  signal: AbortSignal,
  first: (number: number) => string,
  each: string,
  gone = false,
): Promise<void> {
  const sockets: (Socket | undefined)[] = Array(connections).fill(undefined)
  const open = (number: number) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: gone })
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets[number] = undefined
    })
    socket.write(first(number))
    if (!gone) socket.resume()
    else if (number % 2 === 0) socket.end()
    sockets[number] = socket
  }
  while (!signal.aborted) {
    const missing = sockets.flatMap((socket, number) => (socket === undefined ? [number] : []))
    for (const number of missing.slice(0, CONNECTS_A_TICK)) open(number)
    if (each !== '') for (const socket of sockets) if (socket?.writable) socket.write(each)
    await sleep(missing.length > CONNECTS_A_TICK ? TICK_MS / 10 : TICK_MS, undefined, { signal }).catch(() => {})
  }
  for (const socket of sockets) socket?.destroy()
}

async function flood({ port, key }: Target, number: number, signal: AbortSignal): Promise<void> {
  const client = createClient(port)
  for (let i = number; !signal.aborted; i++) await client.send(batchRequest(key, i))
  client.close()
}
