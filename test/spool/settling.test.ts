import { expect, test } from 'vitest'
import { createSettling } from '../../src/spool/settling.ts'
import { createTime } from '../simulation/time.ts'
import { createLog } from './kit.ts'

const FAILURE = Object.assign(new Error('EIO: of the test'), { code: 'EIO' })

/** What insists on a disk that fails until the test says otherwise. */
function createPlace() {
  const time = createTime(0)
  const log = createLog()
  const place = { fails: true, tries: 0 }
  const unlink = async () => {
    place.tries++
    if (place.fails) throw FAILURE
  }
  const settling = createSettling(log, { unlink } as never, time)
  return { settling, time, log, place }
}

test('a file that cannot be taken away is gone at last, and whoever gives it up waits for one attempt', async () => {
  const { settling, time, log, place } = createPlace()
  await settling.abandon('/file')
  expect(place.tries).toBe(2)
  await time.pass(0)
  await time.pass(10_000)
  place.fails = false
  await time.pass(5_000)
  const { tries } = place
  expect(tries).toBeGreaterThan(4)
  await time.pass(60_000)
  expect(place.tries).toBe(tries)
  expect(log.lines).toEqual([
    {
      level: 'error',
      fields: { err: FAILURE },
      sentence: 'The spool cannot settle a batch on its disk; it tries until it can.',
    },
    { level: 'info', fields: {}, sentence: 'The spool settled the batch.' },
  ])
})

test('what succeeds at once is told to nobody', async () => {
  const { settling, log, place } = createPlace()
  place.fails = false
  await settling.abandon('/file')
  await settling.insist(async () => {})
  expect([place.tries, log.lines]).toEqual([1, []])
})

test('closing ends the pauses, and waits for what is under way', async () => {
  const { settling, place } = createPlace()
  const under = Promise.withResolvers<void>()
  const order: string[] = []
  const slow = settling.insist(() => under.promise).then(() => order.push('settled'))
  const paused = settling.insist(() => Promise.reject(FAILURE))
  paused.catch(() => order.push('given up'))
  await settling.abandon('/file')
  const closed = settling.close().then(() => order.push('closed'))
  await expect(paused).rejects.toMatchObject({ name: 'UnavailableError', reason: 'shutting down' })
  expect(order).toEqual(['given up'])
  under.resolve()
  await Promise.all([slow, closed])
  expect(order).toEqual(['given up', 'settled', 'closed'])
  const { tries } = place
  await expect(settling.insist(async () => {})).rejects.toMatchObject({ reason: 'shutting down' })
  expect(place.tries).toBe(tries)
})
