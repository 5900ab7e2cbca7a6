import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { request } from 'undici'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Service, startService } from '../../bench/service.ts'

const FIXTURE = join(import.meta.dirname, '../fixtures/spool-v1/folder')
const SOON = { timeout: 15_000, interval: 50 }

let dir: string
let server: Server
let service: Service | undefined
let bodies: string[]

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'spool-v1-'))
  await cp(FIXTURE, dir, { recursive: true })
  bodies = []
  server = createServer(async (incoming, answer) => {
    const chunks = await Array.fromAsync(incoming)
    const body = Buffer.concat(chunks)
    bodies.push(String(incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body))
    answer.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  await service?.stop()
  server.close()
  await rm(dir, { recursive: true })
})

/** How many events there are of each batch, by the names that were asked for; `timed` has none. */
function countsOf(text: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const line of text.split('\n').filter(each => each !== '')) {
    const name: string = JSON.parse(line).dns?.question?.name ?? 'timed'
    const batch = name.split(/[-.]/)[0]!
    counts[batch] = (counts[batch] ?? 0) + 1
  }
  return counts
}

const eventsOf = async (dataset: string): Promise<string> => {
  const folder = join(dir, 'events', dataset)
  const files = await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')))
  return files.join('')
}

test('a data folder of the first version is opened, and all that it holds is delivered', async () => {
  const before = await eventsOf('dns_logs')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  service = await startService({
    DATA_DIR: dir,
    INTAKE_KEYS: '',
    SINKS: 'file,http',
    HTTP_URL: url,
    SPOOL_KEEP_BYTES: '1000000',
    SPOOL_MIN_FREE_BYTES: '0',
    WORKERS: '1',
  })
  await vi.waitFor(async () => {
    for (const sink of ['file', 'http']) expect(await service!.metric('intake_pending_lines', { sink })).toBe(0)
    expect(await readdir(join(dir, 'spool/v1/batches'))).toEqual([])
  }, SOON)

  const toFile = (await eventsOf('dns_logs')) + (await eventsOf('unknown'))
  expect(toFile.startsWith(before)).toBe(true)
  expect(countsOf(toFile)).toEqual({ q1: 3, q2: 3, q3: 2, q7: 2, q4: 3, q5: 3, single: 1, timed: 1 })
  // Replays of four batches, the redriven rows of two of them, and what waited.
  expect(countsOf(bodies.join(''))).toEqual({ q1: 3, q2: 6, q3: 4, q7: 2, q4: 3, q5: 3, single: 1, timed: 1 })
  const timed = (await eventsOf('unknown')).trim()
  expect(JSON.parse(timed)['@timestamp']).toBe('2026-11-26T11:00:00Z')

  expect(await service.metric('intake_recovered_lines_total')).toBe(28)
  expect(await readdir(join(dir, 'spool/v1/kept'))).toHaveLength(8)
  expect(await readdir(join(dir, 'spool/v1/damaged'))).toEqual([])
  const letters = await readFile(join(dir, 'dead-letters/http/2026-11-25.ndjson'), 'utf8')
  expect(letters.match(/q7-\d\.example\.com/g)).toEqual(['q7-0.example.com', 'q7-1.example.com'])

  const key = (await readFile(join(dir, 'intake-keys'), 'utf8')).trim()
  const answer = await request(`${service.url}/plain/batch`, {
    method: 'POST',
    headers: { 'x-sekoiaio-intake-key': key },
  })
  expect(answer.statusCode).toBe(200)
})
