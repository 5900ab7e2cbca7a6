import { open, readdir } from 'node:fs/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { bytesOf, put } from '../contract/spool-kit.ts'
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
