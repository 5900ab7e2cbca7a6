import { statfs } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { type AdmissionOptions, createAdmission } from '../../src/spool/admission.ts'
import { afterwards, createLog, temporaryFolder } from './kit.ts'

/** Admission to a disk whose floor is this part of what is free, and what is free. */
async function withFloor(part: number, makeRoom: AdmissionOptions['makeRoom'] = async () => false) {
  const folder = await temporaryFolder()
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const minFreeBytes = free * part
  const probe = async () => {}
  const admission = createAdmission({ maxBytes: 1e18, minFreeBytes, folder, probe, makeRoom, log: createLog() })
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

test('before a body is refused for space it is asked whether something can go, once where that has no effect', async () => {
  const wanted: number[] = []
  const makeRoom = async (bytes: number) => wanted.push(bytes) > 0
  const { admission, free } = await withFloor(0.8, makeRoom)
  await expect(admission.take(free / 2)).rejects.toMatchObject({ reason: 'disk full' })
  // Other programs use the disk as well, so what is free is not quite the same.
  expect(wanted.length).toBeLessThan(5)
  expect(wanted[0]! / free).toBeCloseTo(0.38, 1)
})

test('while there is space nothing has to go', async () => {
  let asked = 0
  const { admission, free } = await withFloor(0.5, async () => ++asked > 0)
  await admission.take(free / 4)
  expect(asked).toBe(0)
})
