import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'

export interface Load {
  readonly url: string
  readonly key: string
  readonly bodies: readonly Uint8Array[]
  /** Batches in all; they are taken from `bodies` in turn. */
  readonly batches: number
  readonly connections: number
  /** Batches begin at this rate whether or not those before are answered (a time-table); without it each connection is as fast as it is answered. */
  readonly perSecond?: number
  /** While it is true no batch begins: keeps the backlog bounded where accepting is faster than delivering. */
  readonly isHeld?: () => boolean
  /** What is on its way then is given up. */
  readonly signal?: AbortSignal
  /** Each answer: milliseconds from the moment at which the batch should have begun. */
  readonly onAnswer?: (ms: number, status: number) => void
}

export interface LoadResult {
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly refused: number
}

const HELD_MS = 5

/** Posts batches over kept-alive connections. Bounded by the count of batches. */
export async function post(load: Load): Promise<LoadResult> {
  const pool = new Pool(load.url, {
    connections: load.connections,
    pipelining: 1,
    headersTimeout: 300_000,
    bodyTimeout: 300_000,
  })
  const times: number[] = []
  const began = performance.now()
  let next = 0
  let refused = 0

  const send = async (body: Uint8Array) => {
    const answer = await pool.request({
      method: 'POST',
      path: '/plain/batch',
      headers: {
        'x-sekoiaio-intake-key': load.key,
        'content-encoding': 'gzip',
        'content-type': 'text/plain; charset=utf-8',
      },
      body,
      signal: load.signal ?? null,
    })
    await answer.body.dump({ limit: Number.MAX_SAFE_INTEGER })
    return answer.statusCode
  }
  const sender = async () => {
    while (next < load.batches && load.signal?.aborted !== true) {
      if (load.isHeld?.()) {
        await sleep(HELD_MS)
        continue
      }
      const number = next++
      const due = load.perSecond === undefined ? performance.now() : began + (number * 1000) / load.perSecond
      if (due > performance.now()) await sleep(due - performance.now(), undefined, { signal: load.signal })
      const status = await send(load.bodies[number % load.bodies.length]!)
      if (status !== 200) refused++
      const ms = performance.now() - due
      times.push(ms)
      load.onAnswer?.(ms, status)
    }
  }
  const unlessGivenUp = (error: unknown) => {
    if (load.signal?.aborted !== true) throw error
  }
  await Promise.all(Array.from({ length: load.connections }, () => sender().catch(unlessGivenUp)))
  const seconds = (performance.now() - began) / 1000
  await (load.signal?.aborted ? pool.destroy() : pool.close())
  const at = quantilesOf(times)
  return { seconds, p50Ms: at(0.5), p99Ms: at(0.99), refused }
}

/** @returns takes a share (0.99) and gives the value below which that share of them lies */
export function quantilesOf(values: readonly number[]): (share: number) => number {
  const sorted = values.toSorted((a, b) => a - b)
  return share => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
