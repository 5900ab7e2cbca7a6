import { expect, test } from 'vitest'
import { createPlace, errorOf } from './admission-kit.ts'
import type { createLog } from './kit.ts'

/** What is taken, looked at and told, in time that passes when the test says so. */

const told = ({ lines }: ReturnType<typeof createLog>) => lines.map(({ level, sentence }) => `${level}: ${sentence}`)
const FULL = 'warn: The spool takes no batch now: it has reached its byte limit.'
const AGAIN = 'info: The spool takes batches again.'
const TROUBLE = 'error: The spool takes no batch now: disk error.'

test('the disk is asked for its free space once a second, and not by those who only look or for whom there is room', async () => {
  const { admission, time, place } = createPlace()
  for (let index = 0; index < 3; index++) await admission.admit()
  expect(place.asked).toBe(1)
  await time.pass(999)
  await admission.admit()
  expect(place.asked).toBe(1)
  await time.pass(1)
  admission.refusal()
  expect(place.asked).toBe(1)
  await admission.admit()
  expect(place.asked).toBe(2)
  await time.pass(2_000)
  await admission.take(1_000)
  expect(place.asked).toBe(2)
})

test('what is written meanwhile is taken off the last answer, down to the floor and no further', async () => {
  const { admission, place } = createPlace()
  await admission.admit()
  await admission.take(9_000)
  await expect(admission.take(1)).rejects.toMatchObject({ name: 'UnavailableError', reason: 'disk full' })
  expect([admission.refusal(), place.asked]).toEqual(['disk full', 1])
})

test('bytes that seem not to fit are taken when the answer is old and the disk has more room by now', async () => {
  const { admission, time, place } = createPlace()
  await admission.admit()
  place.free = 20_000
  await expect(admission.take(12_000)).rejects.toMatchObject({ reason: 'disk full' })
  await time.pass(1_000)
  await admission.take(12_000)
  expect(place.asked).toBe(2)
})

test('a disk below its floor takes nothing until a tenth more than the floor is free, and is looked at without being asked', async () => {
  const { admission, time, place } = createPlace()
  place.free = 990
  await expect(admission.admit()).rejects.toMatchObject({ name: 'UnavailableError', reason: 'disk full' })
  place.free = 1_090
  await time.pass(1_000)
  expect([admission.refusal(), place.asked]).toEqual(['disk full', 2])
  place.free = 1_100
  await time.pass(1_000)
  expect([admission.refusal(), place.asked]).toEqual([undefined, 3])
  await time.pass(60_000)
  expect(place.asked).toBe(3)
  place.free = 1_000
  await admission.admit()
  expect(admission.refusal()).toBeUndefined()
})

test('after a failure the disk has to prove itself, once a second, and then nobody looks any more', async () => {
  const { admission, time, place, log } = createPlace()
  place.failure = errorOf('EIO')
  expect(admission.failed(place.failure)).toMatchObject({ name: 'UnavailableError', reason: 'disk error' })
  await time.pass(3_000)
  expect([place.probes, place.asked, admission.refusal()]).toEqual([3, 0, 'disk error'])
  await expect(admission.admit()).rejects.toMatchObject({ reason: 'disk error', cause: place.failure })
  place.failure = undefined
  await time.pass(1_000)
  expect([place.probes, place.asked, admission.refusal()]).toEqual([5, 1, undefined])
  await time.pass(10_000)
  expect([place.probes, place.asked]).toEqual([5, 1])
  expect(told(log)).toEqual([TROUBLE, AGAIN])
  expect(log.lines[0]!.fields).toEqual({ err: errorOf('EIO') })
})

test('each draft looks at a disk that failed, and those that come together look once', async () => {
  const { admission, place } = createPlace()
  admission.failed(errorOf('EIO'))
  await Promise.all([admission.admit(), admission.admit(), admission.check()])
  expect([place.probes, place.asked]).toEqual([1, 1])
  await admission.check()
  expect([place.probes, place.asked]).toEqual([1, 2])
})

test('a disk that cannot tell its free space is one that fails', async () => {
  const { admission, place } = createPlace()
  place.failure = errorOf('EIO')
  await expect(admission.admit()).rejects.toMatchObject({ reason: 'disk error', cause: place.failure })
  place.failure = undefined
  await admission.admit()
  expect(place.probes).toBe(1)
})

test('the byte limit counts what is stored and what comes in, and what is given up no more', async () => {
  const { admission } = createPlace({ maxBytes: 1_000 })
  admission.recover(300)
  await admission.take(300)
  admission.store(300)
  expect(admission.storedBytes).toBe(600)
  await admission.take(400)
  expect(admission.refusal()).toBe('spool full')
  admission.giveUp(400)
  expect(admission.refusal()).toBeUndefined()
  await admission.take(400)
  admission.remove(100)
  expect([admission.storedBytes, admission.refusal()]).toEqual([500, 'spool full'])
  admission.remove(1)
  expect(admission.refusal()).toBeUndefined()
})

test('a spool that is found full takes nothing before a tenth is free again', () => {
  const { admission } = createPlace({ maxBytes: 1_000 })
  expect(admission.refusal()).toBeUndefined()
  admission.recover(1_000)
  expect(admission.refusal()).toBe('spool full')
  admission.remove(99)
  expect(admission.refusal()).toBe('spool full')
  admission.remove(2)
  expect(admission.refusal()).toBeUndefined()
})

test('what is stored once more is taken up to the low-water mark, with what comes in counted', async () => {
  const { admission } = createPlace({ maxBytes: 1_000 })
  admission.recover(500)
  await admission.take(200)
  expect(() => admission.reserve(201)).toThrow(expect.objectContaining({ reason: 'spool full' }))
  admission.reserve(200)
  await expect(admission.take(101)).rejects.toMatchObject({ reason: 'spool full' })
})

test('once it stops nothing is taken, nothing is looked at, and nothing is told', async () => {
  const { admission, time, place, log } = createPlace()
  admission.failed(errorOf('EIO'))
  admission.stop()
  await time.pass(10_000)
  await expect(admission.admit()).rejects.toMatchObject({ reason: 'shutting down' })
  admission.failed(errorOf('ENOSPC'))
  await time.pass(10_000)
  expect([admission.refusal(), place.probes, place.asked]).toEqual(['shutting down', 0, 0])
  expect(told(log)).toEqual([TROUBLE])
})

test('closing ends the looking at a disk that fails', async () => {
  const { admission, time, place } = createPlace()
  admission.failed(errorOf('EIO'))
  admission.close()
  await time.pass(10_000)
  expect(place.probes).toBe(0)
})

test('each change is told once, and one that comes and goes once a minute', async () => {
  const { admission, time, log } = createPlace({ maxBytes: 100, minFreeBytes: 0 })
  await time.pass(40_000)
  for (let round = 0; round < 5; round++) {
    await admission.take(100)
    admission.giveUp(0)
    admission.giveUp(100)
    await time.pass(1_000)
  }
  expect(told(log)).toEqual([FULL, AGAIN])
  await time.pass(54_999)
  await admission.take(100)
  admission.giveUp(100)
  expect(log.lines).toHaveLength(2)
  await time.pass(1)
  await admission.take(100)
  admission.giveUp(100)
  expect(told(log)).toEqual([FULL, AGAIN, FULL, AGAIN])
})

test('another reason is told although the last one is not a minute old', async () => {
  const { admission, log } = createPlace({ maxBytes: 100, minFreeBytes: 0 })
  await admission.take(100)
  admission.failed(errorOf('EIO'))
  expect(told(log)).toEqual([FULL, TROUBLE])
  expect(log.lines[1]!.fields).toEqual({ err: errorOf('EIO') })
})
