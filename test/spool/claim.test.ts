import { open, readdir } from 'node:fs/promises'
import { afterEach, expect, test, vi } from 'vitest'
import type { Files } from '../../src/lib/files.ts'
import { bytesOf, put } from '../contract/spool-kit.ts'
import { createMachine } from '../simulation/kit.ts'
import { at, diskSpool, never, temporaryFolder } from './kit.ts'

afterEach(() => void vi.restoreAllMocks())

/** Readings of files fail from now on, as on a disk with a bad block. */
async function failReadings(dataDir: string, code: string) {
  const handle = await open(dataDir)
  const read = vi.spyOn(Object.getPrototypeOf(handle), 'read')
  await handle.close()
  read.mockRejectedValue(Object.assign(new Error(`${code}: read`), { code }))
  return read
}

async function claimed() {
  const dataDir = await temporaryFolder()
  const spool = diskSpool(dataDir)
  await spool.open()
  await put(spool, 'first')
  await put(spool, 'second')
  return { dataDir, spool, claim: await spool.claim('one', never) }
}

test('a batch whose bytes cannot be read is damaged after ten tries, and costs no other', async () => {
  const { dataDir, spool, claim } = await claimed()
  const names = (await readdir(at(dataDir, 'batches'))).sort()
  const read = await failReadings(dataDir, 'EIO')
  for (let tries = 1; tries < 10; tries++)
    await expect(bytesOf(claim)).rejects.toMatchObject({ name: 'UnavailableError', reason: 'disk error' })
  await expect(bytesOf(claim)).rejects.toMatchObject({ name: 'DamagedError', message: expect.stringContaining('EIO') })
  await claim.setAside('cannot be read')
  read.mockRestore()
  expect(await readdir(at(dataDir, 'damaged'))).toEqual(names.slice(0, 1))
  expect(String(await bytesOf(await spool.claim('one', never)))).toBe('second')
})

test('a batch is not damaged by what is wrong with the machine, however long', async () => {
  const { dataDir, claim } = await claimed()
  const read = await failReadings(dataDir, 'ENOMEM')
  for (let tries = 0; tries < 30; tries++)
    await expect(bytesOf(claim)).rejects.toMatchObject({ name: 'UnavailableError' })
  read.mockRestore()
  expect(String(await bytesOf(claim))).toBe('first')
})

/** Files whose readings take at most so many bytes at a time, as many as the test says each time. */
const readingAtMost = (files: Files, most: () => number): Files => ({
  ...files,
  async open(...given) {
    const file = await files.open(...given)
    return { ...file, read: (buffer, offset, length, at) => file.read(buffer, offset, Math.min(length, most()), at) }
  },
})

test('a disk that reads less than it was asked for gives the bytes that were stored, and no others', async () => {
  const { disk, spool } = createMachine()
  const one = spool({ files: readingAtMost(disk.start(), () => 7) })
  await one.open()
  await put(one, 'the bytes of a batch')
  const claim = await one.claim('one', never)
  for await (const chunk of claim.read(never)) expect(chunk.length).toBeLessThanOrEqual(7)
  expect(String(await bytesOf(claim))).toBe('the bytes of a batch')
})

test('what is wrong with a damaged batch is said in a sentence, with its cause', async () => {
  const { disk, spool } = createMachine()
  let most = 1e9
  const files = disk.start()
  const one = spool({ files: readingAtMost(files, () => most) })
  await one.open()
  await put(one, '12345')
  const [path] = [...disk.tree().keys()].filter(each => each.includes('/batches/'))
  const claim = await one.claim('one', never)
  most = 0
  await expect(bytesOf(claim)).rejects.toThrow('the file ends after 0 of 5 bytes')
  most = 1e9
  disk.fault = ({ name }) => (name === 'read' ? { code: 'EIO' } : undefined)
  for (let tries = 1; tries < 10; tries++) await expect(bytesOf(claim)).rejects.toThrow()
  await expect(bytesOf(claim)).rejects.toMatchObject({
    name: 'DamagedError',
    message: expect.stringMatching(/^reading it failed 10 times: EIO/),
    cause: { code: 'EIO' },
  })
  disk.fault = () => undefined
  const file = await files.open(path!, 'r+')
  await file.truncate(3)
  await expect(bytesOf(claim)).rejects.toThrow('the file has 3 bytes, not 5')
  await files.unlink(path!)
  await expect(bytesOf(claim)).rejects.toMatchObject({
    name: 'DamagedError',
    message: 'the file is gone',
    cause: { code: 'ENOENT' },
  })
})

test('a batch is set aside when the disk lets it, and not said to be before', async () => {
  const { disk, spool, time } = createMachine()
  const one = spool()
  await one.open()
  await put(one, 'x')
  const paths = () => [...disk.tree().keys()].filter(path => path.includes('/v1/')).map(path => path.split('/')[4])
  disk.fault = ({ name, path }) => (name === 'rename' && path.includes('/damaged/') ? { code: 'EACCES' } : undefined)
  let isDone = false
  const done = (await one.claim('one', never)).setAside('its gzip is broken').then(() => {
    isDone = true
  })
  await time.pass(1_000)
  expect([isDone, paths()]).toEqual([false, ['batches']])
  disk.fault = () => undefined
  for (let passed = 0; passed < 10 && !isDone; passed++) await time.pass(1_000)
  await done
  expect(paths()).toEqual(['damaged'])
})

test('a sink that acknowledges a batch which another has set aside leaves no receipt', async () => {
  const { disk, spool } = createMachine()
  const sinks = ['one', 'two', 'three']
  const one = spool({ sinks })
  await one.open()
  await put(one, 'x')
  const claims = await Promise.all(sinks.map(sink => one.claim(sink, never)))
  await claims[0]!.ack()
  await claims[1]!.setAside('its gzip is broken')
  await claims[2]!.ack()
  expect([...disk.tree().keys()].filter(path => path.includes('/receipts/'))).toEqual([])
  expect(one.usage).toEqual({ bytes: 0, batches: 0 })
})
