import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { DNS_KEY, KEY, type Listening, listen } from './listening.ts'

let intake: Listening
beforeAll(async () => {
  intake = await listen()
})
afterEach(() => {
  expect(intake.spool.unsettled.size).toBe(0)
  intake.spool.stored.length = 0
  intake.spool.failCommits = undefined
})
afterAll(() => intake.close())

const send = (body: object) => fetch(`${intake.url}/array`, { method: 'POST', body: JSON.stringify(body) })
const ids = async (response: Response) => {
  expect(response.status).toBe(200)
  return ((await response.json()) as { event_ids: string[] }).event_ids
}
const lines = () => intake.spool.stored.map(({ body }) => body.toString())

test('/array takes several keys in one request, one entry a key, with ids in the order of the elements', async () => {
  const response = await send([
    { intake_key: KEY, json: 'one', timestamp: 1700000000123 },
    { intake_key: DNS_KEY, json: 'two', timestamp: '0' },
    { intake_key: KEY, json: { three: 3 }, timestamp: null },
  ])
  const found = await ids(response)
  expect(lines()).toEqual(['2023-11-14T22:13:20.123000Z one\n- {"three":3}\n', '- two\n'])
  expect(intake.spool.stored.map(({ batch }) => batch.dataset)).toEqual([undefined, 'dns_logs'])
  const batches = response.headers.get('intake-batch')?.split(', ')
  expect(batches).toHaveLength(2)
  expect(found[0]?.slice(0, 28)).toBe(found[2]?.slice(0, 28))
  expect(found[0]?.slice(0, 28)).not.toBe(found[1]?.slice(0, 28))
  expect(found.map(id => id.slice(-8))).toEqual(['00000000', '00000000', '00000001'])
})

const both = [KEY, DNS_KEY].map(intake_key => ({ intake_key, json: 'x' }))

test('when the entry of one key cannot be stored the answer says so, and the repeat stores all, also what was stored', async () => {
  intake.spool.failNext = { commit: 'disk error' }
  const first = await send(both)
  expect([first.status, first.headers.get('retry-after')]).toEqual([503, '5'])
  const { code, message } = (await first.json()) as { code: string; message: string }
  expect(code).toBe('ERR_INTAKE_PARTLY_STORED')
  expect(message).toMatch(/some keys were stored.*stores the former once more/)
  expect(intake.spool.stored.map(({ batch }) => batch.dataset)).toEqual(['dns_logs'])

  await ids(await send(both))
  expect(intake.spool.stored.map(({ batch }) => batch.dataset)).toEqual(['dns_logs', undefined, 'dns_logs'])
})

test('equal bodies with several keys are different batches, as on all routes but /plain/batch', async () => {
  const [first, again] = [await send(both), await send(both)]
  expect(again.headers.get('intake-duplicate')).toBeNull()
  expect(again.headers.get('intake-batch')).not.toBe(first.headers.get('intake-batch'))
  expect(await ids(again)).not.toEqual(await ids(first))
  expect(intake.spool.stored).toHaveLength(4)
})

test('when no entry of several keys can be stored, nothing is', async () => {
  intake.spool.failCommits = 'disk full'
  const response = await send(both)
  expect([response.status, await response.json()]).toMatchObject([503, { code: 'ERR_INTAKE_UNAVAILABLE' }])
  expect(intake.spool.stored).toEqual([])
})

test('when a write fails no entry of any key is left', async () => {
  intake.spool.failNext = { write: 'disk error' }
  const response = await send(both)
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10'])
  expect(intake.spool.stored).toEqual([])
})
