import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDiskSpool } from '../../src/spool/disk.ts'
import type { Spool } from '../../src/spool/spool.ts'
import { KEY, type Listening, listen } from './listening.ts'

let folder: string
let spool: Spool
let intake: Listening
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'intake-'))
  spool = createDiskSpool({
    dir: join(folder, 'spool'),
    sinks: ['file'],
    maxBytes: 1024 ** 3,
    minFreeBytes: 0,
    duplicateWindowMs: 60_000,
    onStored: () => {},
    log: pino({ enabled: false }),
  })
  await spool.open()
  intake = await listen({ spool, limits: { maxBodyBytes: 50_000, bodyIdleMs: 200 } })
})
afterEach(async () => {
  await intake.close()
  await spool.close()
  await rm(folder, { recursive: true })
})

const bodies = async () => {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = found.filter(file => file.isFile()).map(file => join(file.parentPath, file.name))
  return Promise.all(files.map(file => readFile(file)))
}

test('a batch on disk is the body as it was sent, and a repeat adds nothing', async () => {
  const body = gzipSync('{"a":1}\n'.repeat(1000))
  const first = await (await intake.post('/plain/batch', body)).json()
  const again = await intake.post('/plain/batch', body)
  expect([again.headers.get('intake-duplicate'), await again.json()]).toEqual(['true', first])
  expect((await bodies()).filter(found => found.equals(body))).toHaveLength(1)
  expect(spool.usage.batches).toBe(1)
})

test('whatever way a batch is refused, nothing of it stays on disk', async () => {
  const before = (await bodies()).length
  const noise = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 251))
  const cut = gzipSync(noise, { level: 0 }).subarray(0, 15_000)
  expect((await intake.post('/plain/batch', cut)).status).toBe(400)
  expect((await intake.post('/plain/batch', Buffer.concat([gzipSync(noise), Buffer.alloc(1)]))).status).toBe(400)
  const head = `POST /plain/batch HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${KEY}\r\n`
  const large = intake.socket()
  large.socket.write(`${head}Transfer-Encoding: chunked\r\n\r\nea60\r\n${'x'.repeat(60_000)}\r\n`)
  expect(await large.closed()).toMatch(/^HTTP\/1.1 413 /)
  const idle = intake.socket()
  idle.socket.write(`${head}Content-Length: 40000\r\n\r\n${'x'.repeat(20_000)}`)
  expect(await idle.closed()).toMatch(/^HTTP\/1.1 408 /)
  expect((await bodies()).length).toBe(before)
  expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
})
