import { expect, test } from 'vitest'
import { createPlace, errorOf } from './admission-kit.ts'

/** What is kept goes before anything is refused. */

test('where a disk is full without saying so what is kept goes, and the disk is tried again', async () => {
  let kept = 2
  const place = createPlace({
    probe: async () => {
      if (kept > 0) throw errorOf('EDQUOT')
    },
    makeRoom: async bytes => {
      place.place.wanted.push(bytes)
      return kept-- > 0
    },
  })
  const { admission } = place
  expect(admission.failed(errorOf('EDQUOT'))).toMatchObject({ reason: 'disk full' })
  await admission.check()
  expect(admission.refusal()).toBe('disk full')
  await admission.check()
  expect(admission.refusal()).toBeUndefined()
  expect(place.place.wanted).toEqual([16 * 1024 ** 2, 16 * 1024 ** 2])
})

test('nothing that is kept goes for a disk that fails otherwise, nor when nothing is left the disk is tried again', async () => {
  const { admission, place } = createPlace()
  place.failure = errorOf('EIO')
  admission.failed(place.failure)
  await admission.check()
  expect([place.probes, place.wanted]).toEqual([1, []])
  place.failure = errorOf('ENOSPC')
  await admission.check()
  expect([place.probes, place.wanted.length]).toEqual([2, 1])
  expect(admission.refusal()).toBe('disk full')
})

test('for a body that would go below the floor so much of what is kept goes as it needs, and a tenth of the floor', async () => {
  const { admission, place } = createPlace({
    makeRoom: async bytes => {
      place.wanted.push(bytes)
      place.free += 2_000
      return true
    },
  })
  await admission.admit()
  await admission.take(12_000)
  expect(place.wanted).toEqual([3_100, 1_100])
  expect(place.asked).toBe(3)
})

test('below the floor what is kept goes until a tenth more is free, before anything is refused', async () => {
  const { admission, place } = createPlace({
    makeRoom: async bytes => {
      place.wanted.push(bytes)
      place.free += 60
      return true
    },
  })
  place.free = 980
  await admission.admit()
  expect([place.wanted, admission.refusal()]).toEqual([[120], undefined])
})

test('a disk that is low already gets room as soon as there is something that can go', async () => {
  let kept = 0
  const { admission, time, place } = createPlace({
    makeRoom: async bytes => {
      place.wanted.push(bytes)
      place.free += Math.min(kept, bytes)
      return kept > 0
    },
  })
  place.free = 950
  await admission.check()
  expect([place.wanted, admission.refusal()]).toEqual([[150], 'disk full'])
  kept = 1_000
  await time.pass(1_000)
  expect([place.wanted, admission.refusal()]).toEqual([[150, 150], undefined])
})

test('it ends where what goes has no effect, or nothing is left', async () => {
  for (const isThereMore of [true, false]) {
    const { admission, place } = createPlace({
      makeRoom: async bytes => {
        place.wanted.push(bytes)
        return isThereMore
      },
    })
    await admission.admit()
    await expect(admission.take(9_500)).rejects.toMatchObject({ reason: 'disk full' })
    expect([place.wanted, place.asked]).toEqual([[600], isThereMore ? 2 : 1])
  }
})

test('bodies that come at the same time make room one after the other', async () => {
  let working = 0
  let most = 0
  const { admission, place } = createPlace({
    makeRoom: async () => {
      most = Math.max(most, ++working)
      await new Promise(resolve => setImmediate(resolve))
      working--
      return false
    },
  })
  await admission.admit()
  await Promise.allSettled([admission.take(9_500), admission.take(9_600), admission.take(9_700)])
  expect([most, place.asked]).toEqual([1, 1])
})

test('a disk that fails while room is made refuses the body as one that does not fit', async () => {
  const { admission } = createPlace({ makeRoom: () => Promise.reject(errorOf('EIO')) })
  await admission.admit()
  await expect(admission.take(9_500)).rejects.toMatchObject({ reason: 'disk full' })
})
