import { statfs } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { createAdmission } from '../../src/spool/admission.ts'
import { afterwards, createLog, temporaryFolder } from './kit.ts'

/** Admission to a disk whose floor is this part of what is free, and what is free. */
async function withFloor(part: number) {
  const folder = await temporaryFolder()
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const minFreeBytes = free * part
  const admission = createAdmission({ maxBytes: 1e18, minFreeBytes, folder, probe: async () => {}, log: createLog() })
  afterwards(async () => admission.close())
  await admission.admit()
  return { admission, free }
}

test('a disk that is nearly full says so when a body did not fit, and others need not upload in vain', async () => {
  const { admission, free } = await withFloor(0.95)
  await expect(admission.take(free / 2)).rejects.toMatchObject({ reason: 'disk full' })
  expect(admission.refusal()).toBe('disk full')
})

test('one giant body does not close a spool on a disk that has room', async () => {
  const { admission, free } = await withFloor(0.5)
  await expect(admission.take(free)).rejects.toMatchObject({ reason: 'disk full' })
  expect(admission.refusal()).toBeUndefined()
})
