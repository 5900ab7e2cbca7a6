import { randomBytes } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import pino from 'pino'
import { expect, test } from 'vitest'
import { createDiskSpool } from '../../src/spool/disk.ts'
import { bytesOf, put, seal } from '../contract/spool-kit.ts'
import { at, createLog, diskSpool, never, temporaryFolder } from './kit.ts'

test('a stored batch is one file that holds the body as it came, and gunzip shows its lines', async () => {
  const dataDir = await temporaryFolder()
  const spool = diskSpool(dataDir)
  await spool.open()
  const body = gzipSync('{"a":1}\n{"a":2}\n')
  await put(spool, body, { gzip: true, lines: 2 })
  const names = await readdir(at(dataDir, 'batches'))
  expect(names).toHaveLength(1)
  expect(names[0]).toMatch(/^\d{16}\.\d{13}\.http_requests\.2\.\d+\.20261105T102030Z\.[\w-]{43}\.lines\.ndjson\.gz$/)
  const file = await readFile(at(dataDir, 'batches', names[0]!))
  expect(file.equals(body)).toBe(true)
  expect(String(gunzipSync(file))).toBe('{"a":1}\n{"a":2}\n')
  expect(await readdir(at(dataDir, 'incoming'))).toEqual([])
})

test('only the owner can read what the spool keeps', async () => {
  const dataDir = join(await temporaryFolder(), 'data')
  const spool = diskSpool(dataDir, { sinks: ['one', 'two'] })
  await spool.open()
  await put(spool, 'x')
  await (await spool.claim('one', never)).ack()
  const paths = await readdir(dataDir, { recursive: true, withFileTypes: true })
  const modes = await Promise.all(
    paths.map(
      async entry => [entry.name, (await stat(join(entry.parentPath, entry.name))).mode & 0o777, entry] as const,
    ),
  )
  const kept = modes.filter(([, , entry]) => !entry.isSocket())
  expect(kept.length).toBeGreaterThan(7)
  for (const [name, mode, entry] of kept) expect([name, mode]).toEqual([name, entry.isDirectory() ? 0o700 : 0o600])
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
})

test('while a body comes in it lies in incoming, and a request that sends nothing makes no file', async () => {
  const dataDir = await temporaryFolder()
  const spool = diskSpool(dataDir)
  await spool.open()
  const draft = await spool.draft()
  expect(await readdir(at(dataDir, 'incoming'))).toEqual([])
  await draft.write(new Uint8Array(300_000))
  await draft.write(new Uint8Array(300_000))
  expect(await readdir(at(dataDir, 'incoming'))).toHaveLength(1)
  expect(await readdir(at(dataDir, 'batches'))).toEqual([])
  await draft.discard()
  expect(await readdir(at(dataDir, 'incoming'))).toEqual([])
})

test('a body that comes byte by byte is stored whole', async () => {
  const spool = diskSpool(await temporaryFolder())
  await spool.open()
  const body = randomBytes(3000)
  const draft = await spool.draft()
  for (const byte of body) await draft.write(Uint8Array.of(byte))
  await draft.commit(seal())
  expect((await bytesOf(await spool.claim('one', never))).equals(body)).toBe(true)
})

test('writes that nobody waited for keep their order', async () => {
  const spool = diskSpool(await temporaryFolder())
  await spool.open()
  const body = randomBytes(2_000_000)
  const draft = await spool.draft()
  const writes: Promise<void>[] = []
  for (let start = 0; start < body.length; start += 100_000)
    writes.push(draft.write(Uint8Array.from(body.subarray(start, start + 100_000))))
  await draft.commit(seal())
  await Promise.all(writes)
  expect((await bytesOf(await spool.claim('one', never))).equals(body)).toBe(true)
})

test.each([
  { bytes: 1_048_576, chunks: [1_048_576] },
  { bytes: 1_048_577, chunks: [262_144, 262_144, 262_144, 262_144, 1] },
])('each chunk of $bytes bytes has memory of its own, to be given to a worker', async ({ bytes, chunks }) => {
  const spool = diskSpool(await temporaryFolder())
  await spool.open()
  await put(spool, randomBytes(bytes))
  const claim = await spool.claim('one', never)
  const sizes: number[] = []
  for await (const chunk of claim.read(never)) {
    expect(chunk.byteOffset).toBe(0)
    sizes.push(chunk.buffer.byteLength)
    structuredClone(chunk.buffer, { transfer: [chunk.buffer as ArrayBuffer] })
  }
  expect(sizes).toEqual(chunks)
})

test('a seal that no name can be made of is refused, and the batch can still be discarded', async () => {
  const dataDir = await temporaryFolder()
  const spool = diskSpool(dataDir)
  await spool.open()
  for (const wrong of [
    { batchId: new Uint8Array(31) },
    { dataset: '../up' },
    { dataset: '-' },
    { time: 'today' },
    { lines: -1 },
  ]) {
    const draft = await spool.draft()
    await draft.write(new Uint8Array(300_000))
    await expect(draft.commit(seal(wrong))).rejects.toThrow(TypeError)
    await draft.discard()
  }
  expect(await readdir(at(dataDir, 'incoming'))).toEqual([])
  expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
  expect(spool.refusal()).toBeUndefined()
})

test('a batch whose file was cut, grew or is gone is damaged, and its bytes are kept', async () => {
  const dataDir = await temporaryFolder()
  const told: string[][] = []
  const log = createLog()
  const spool = diskSpool(dataDir, {
    sinks: ['one', 'two'],
    onSetAside: (_, waiting) => void told.push([...waiting]),
    log,
  })
  await spool.open()
  for (let index = 0; index < 3; index++) await put(spool, 'original')
  const names = (await readdir(at(dataDir, 'batches'))).sort()
  await writeFile(at(dataDir, 'batches', names[0]!), 'short')
  await writeFile(at(dataDir, 'batches', names[1]!), 'much longer')
  await rm(at(dataDir, 'batches', names[2]!))
  await (await spool.claim('two', never)).ack()
  for (const _ of names) {
    const claim = await spool.claim('one', never)
    await expect(bytesOf(claim)).rejects.toMatchObject({ name: 'DamagedError' })
    await claim.setAside('damaged')
  }
  expect((await readdir(at(dataDir, 'damaged'))).sort()).toEqual(names.slice(0, 2))
  expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
  expect(told).toEqual([[], ['two'], ['two']])
  expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(3)
})

test('what pino makes is a logger for the spool', async () => {
  const options = { sinks: ['one'], maxBytes: 1, minFreeBytes: 0, duplicateWindowMs: 0, onStored() {} }
  const spool = createDiskSpool({
    ...options,
    dir: join(await temporaryFolder(), 'spool'),
    log: pino({ level: 'silent' }),
  })
  await spool.open()
  await spool.close()
})

test('a spool serves at least one sink and no more than its bits can tell apart', () => {
  for (const count of [0, 31]) {
    const sinks = Array.from({ length: count }, (_, index) => `sink${index}`)
    expect(() => diskSpool('/nowhere', { sinks })).toThrow(RangeError)
  }
  for (const sink of ['', '..', 'a.b', 'Up']) expect(() => diskSpool('/nowhere', { sinks: [sink] })).toThrow(TypeError)
})
