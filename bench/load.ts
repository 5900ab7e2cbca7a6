import { performance } from 'node:perf_hooks'
import { Pool } from 'undici'

export interface Load {
  readonly url: string
  readonly key: string
  readonly bodies: readonly Uint8Array[]
  /** Batches in all; they are taken from `bodies` in turn. */
  readonly batches: number
  readonly connections: number
}

export interface LoadResult {
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly refused: number
}

/** Posts batches over kept-alive connections, each connection as fast as it is answered. Bounded by the count of batches. */
export async function post(load: Load): Promise<LoadResult> {
  const pool = new Pool(load.url, {
    connections: load.connections,
    pipelining: 1,
    headersTimeout: 300_000,
    bodyTimeout: 300_000,
  })
  const times: number[] = []
  let next = 0
  let refused = 0
  const sender = async () => {
    while (next < load.batches) {
      const body = load.bodies[next++ % load.bodies.length]
      const began = performance.now()
      const answer = await pool.request({
        method: 'POST',
        path: '/plain/batch',
        headers: {
          'x-sekoiaio-intake-key': load.key,
          'content-encoding': 'gzip',
          'content-type': 'text/plain; charset=utf-8',
        },
        body: body as Uint8Array,
      })
      await answer.body.dump({ limit: Number.MAX_SAFE_INTEGER })
      if (answer.statusCode !== 200) refused++
      times.push(performance.now() - began)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: load.connections }, sender))
  const seconds = (performance.now() - began) / 1000
  await pool.close()
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  return { seconds, p50Ms: at(0.5), p99Ms: at(0.99), refused }
}
