import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { bodiesOf } from '../../bench/bodies.ts'
import { post } from '../../bench/load.ts'
import { sizedLines } from '../../bench/sized-records.ts'

const BODIES = [Buffer.from('one'), Buffer.from('two')]

async function withServer<T>(answer: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(request, response))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port.')
  try {
    return await use(`http://127.0.0.1:${address.port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

describe('the load generator', () => {
  it('sends as many batches as told and counts those that were refused', async () => {
    let count = 0
    const result = await withServer(
      (_request, response) => response.writeHead(count++ % 2 === 0 ? 200 : 503).end('{}'),
      url => post({ url, key: 'k', bodies: BODIES, batches: 10, connections: 3 }),
    )
    expect(count).toBe(10)
    expect(result.refused).toBe(5)
  })

  it('begins no batch while it is held', async () => {
    let count = 0
    let isHeld = true
    await withServer(
      (_request, response) => {
        count++
        response.end('{}')
      },
      async url => {
        const sending = post({ url, key: 'k', bodies: BODIES, batches: 4, connections: 2, isHeld: () => isHeld })
        await new Promise(resolve => setTimeout(resolve, 50))
        expect(count).toBe(0)
        isHeld = false
        await sending
        expect(count).toBe(4)
      },
    )
  })

  it('counts from the time-table, so that a batch that waited for another is as late as it was', async () => {
    const times: number[] = []
    await withServer(
      (_request, response) => void setTimeout(() => response.end('{}'), 30),
      url =>
        post({
          url,
          key: 'k',
          bodies: BODIES,
          batches: 8,
          connections: 1,
          perSecond: 1000,
          onAnswer: ms => void times.push(ms),
        }),
    )
    // Due 1 ms apart and answered one after the other: each is later than the one before.
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(new Set(times).size).toBe(8)
  })

  it('gives up what is under way when it is stopped', async () => {
    const abort = new AbortController()
    await withServer(
      () => abort.abort(),
      async url => {
        const load = { url, key: 'k', bodies: BODIES, batches: 10, connections: 2, signal: abort.signal }
        expect(await post(load)).toMatchObject({ refused: 0 })
      },
    )
  })

  it('fails when the service is gone', async () => {
    const url = await withServer(
      () => {},
      async address => address,
    )
    await expect(post({ url, key: 'k', bodies: BODIES, batches: 2, connections: 1 })).rejects.toThrow('ECONNREFUSED')
  })
})

describe('the bodies of the benchmarks', () => {
  it('have as many lines as asked for, also beyond the lines that are different', () => {
    const linesOf = (body: Buffer) => gunzipSync(body).toString().trimEnd().split('\n').length
    expect(bodiesOf(5000).map(linesOf)).toEqual([5000, 5000])
    expect(bodiesOf(20_000).map(linesOf)).toEqual([20_000])
  })

  it.each([300, 1000, 3000, 10_000])('have records of about %d bytes that are JSON', bytes => {
    for (const line of sizedLines(20, bytes)) {
      expect(JSON.parse(line)).toHaveProperty('RayID')
      expect(Math.abs(line.length - bytes)).toBeLessThan(0.25 * bytes)
    }
  })
})
