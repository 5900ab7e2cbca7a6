import { setTimeout as sleep } from 'node:timers/promises'
import { batchOf, httpRequestLines } from '../records.ts'
import { createClient } from './client.ts'
import { type Case, caseOf, keyHeader } from './wire.ts'

export const LINES = 100
const BODIES = Array.from({ length: 8 }, (_, i) => batchOf(httpRequestLines(LINES, { seed: i + 1 })))

/** A batch as Logpush sends it. */
export function batchRequest(key: string, number: number): Case {
  const headers = [keyHeader(key), 'Content-Encoding: gzip', 'Content-Type: text/plain; charset=utf-8']
  return caseOf('good', { path: '/plain/batch?dataset=http_requests', headers, body: BODIES[number % BODIES.length]! })
}

export interface Times {
  readonly p50: number
  readonly p99: number
  readonly sent: number
  readonly refused: number
}

export interface Pace {
  readonly port: number
  readonly connections: number
  readonly everyMs: number
  readonly forMs: number
}

/**
 * Sends at a fixed pace, each connection for itself. A time counts from when the request was to be sent: one that waits for the answer
 * before it waits as a real one would.
 */
export async function paced(
  { port, connections, everyMs, forMs }: Pace,
  request: (number: number) => Case,
): Promise<Times> {
  const times: number[] = []
  let refused = 0
  const began = performance.now()
  const sender = async (offset: number) => {
    const client = createClient(port)
    const first = began + (offset * everyMs) / connections
    for (let i = 0; i * everyMs < forMs; i++) {
      const due = first + i * everyMs
      await sleep(Math.max(0, due - performance.now()))
      const { answers } = await client.send(request(i * connections + offset))
      if (answers[0]?.status !== 200) refused++
      times.push(performance.now() - due)
    }
    client.close()
  }
  await Promise.all(Array.from({ length: connections }, (_, i) => sender(i)))
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99), sent: times.length, refused }
}
