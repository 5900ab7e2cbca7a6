import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { KEY, type Listening, listen, type Raw } from './listening.ts'

let intake: Listening
const opened: Raw[] = []
const start = async (maxReceiving: number, limits = {}) => {
  intake = await listen({ limits: { maxReceiving, ...limits } })
}
afterEach(async () => {
  for (const { socket } of opened.splice(0)) socket.destroy()
  await intake.close()
})

const PART = 'x'.repeat(20_000)
const head = (length: number, key = KEY, more = '') =>
  `POST /plain/batch HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${key}\r\nContent-Length: ${length}\r\n${more}\r\n`

function send(text: string): Raw {
  const raw = intake.socket()
  opened.push(raw)
  raw.socket.write(text)
  return raw
}
/** Takes a place, and holds it until another part is sent. */
const holdPlace = () => send(head(40_000) + PART)
const inHand = async () => (await intake.metric('intake_receiving_batches{')).map(line => Number(line.split(' ')[1]))
const refused = async () => (await intake.metric('intake_batches_total{outcome="refused"}'))[0]?.split(' ')[1]

/** All places are held by senders who go on in time, and others wait, so many. */
async function fill(places: number, waiting: number): Promise<{ inside: Raw[]; line: Raw[] }> {
  const inside = Array.from({ length: places }, holdPlace)
  await expect.poll(inHand).toEqual([places, 0])
  const line: Raw[] = []
  for (let i = 0; i < waiting; i++) {
    line.push(send(`${head(9)}{"a":${i + 10}}\n`))
    await expect.poll(inHand).toEqual([places, i + 1])
  }
  return { inside, line }
}

test('no more than MAX_RECEIVING batches are received at a time; the others wait, and are then taken in order', async () => {
  await start(3)
  const { inside, line } = await fill(3, 3)
  expect(intake.spool.drafts).toBe(3)
  await sleep(100)
  expect(line.map(raw => raw.received())).toEqual(['', '', ''])
  for (const { socket } of inside) socket.write(PART)
  for (const raw of [...inside, ...line]) expect(await raw.until('"]}')).toContain('HTTP/1.1 200')
  expect(intake.spool.stored.map(({ body }) => body.toString()).filter(text => text.startsWith('{'))).toEqual([
    '{"a":10}\n',
    '{"a":11}\n',
    '{"a":12}\n',
  ])
  expect(await inHand()).toEqual([0, 0])
})

test('where the line is full 503 comes with Retry-After, before the body is asked for, and is counted', async () => {
  await start(4)
  const { inside, line } = await fill(4, 4)
  const raw = send(head(100_000, KEY, 'Expect: 100-continue\r\n'))
  expect(await raw.closed()).toMatch(/^HTTP\/1.1 503 .*retry-after: 5\r\n.*ERR_INTAKE_UNAVAILABLE.*too many batches/is)
  expect(await refused()).toBe('1')
  expect(await inHand()).toEqual([4, 4])
  for (const { socket } of inside) socket.write(PART)
  for (const waiting of line) expect(await waiting.until('"]}')).toContain('HTTP/1.1 200')
  // The bodies of those inside are the same batch.
  expect(intake.spool.stored).toHaveLength(5)
  const total = await intake.metric('intake_requests_total')
  expect(total.map(sample => sample.split('} ')[1])).toEqual(expect.arrayContaining(['1', '8']))
})

test('who has no key is told so, and does not wait', async () => {
  await start(1)
  await fill(1, 1)
  expect(await send(head(7, 'wrong')).until('\r\n\r\n')).toMatch(/^HTTP\/1.1 401 /)
})

test('who goes away while waiting frees the place in the line', async () => {
  await start(2)
  const { inside, line } = await fill(2, 2)
  line[0]?.socket.destroy()
  await expect.poll(inHand).toEqual([2, 1])
  expect(await refused()).toBe('1')
  inside[0]?.socket.write(PART)
  expect(await line[1]?.until('"]}')).toContain('HTTP/1.1 200')
  expect(intake.spool.stored).toHaveLength(2)
})

test('who goes away in the middle of the body gives the place back', async () => {
  await start(1)
  const { inside, line } = await fill(1, 1)
  inside[0]?.socket.resetAndDestroy()
  expect(await line[0]?.until('"]}')).toContain('HTTP/1.1 200')
  expect(intake.spool.unsettled.size).toBe(0)
  expect(await inHand()).toEqual([0, 0])
})

test('who dribbles takes no place, however many they are', async () => {
  await start(1)
  const slow = Array.from({ length: 50 }, () => send(head(100_000)))
  for (let i = 0; i < 3; i++) {
    for (const { socket } of slow) socket.write('x')
    await sleep(20)
  }
  expect((await intake.post('/plain/batch', '{"a":1}')).status).toBe(200)
  expect(await inHand()).toEqual([0, 0])
  expect(intake.spool.drafts).toBe(1)
})

test('who dribbles a JSON body takes none of its few places either', async () => {
  await start(1)
  const slow = Array.from({ length: 6 }, () => send(head(100_000).replace('/plain/batch', '/jsons')))
  for (const { socket } of slow) socket.write('[')
  await sleep(50)
  expect((await intake.post('/jsons', '["x"]')).status).toBe(200)
  expect(slow.map(raw => raw.received())).toEqual(Array(6).fill(''))
})

test('who stops in the middle loses the place when others wait, with 408, and keeps it where nobody does', async () => {
  await start(2)
  const { inside } = await fill(2, 0)
  await sleep(1500)
  expect(inside.map(raw => raw.received())).toEqual(['', ''])
  expect((await intake.post('/plain/batch', '{"a":1}')).status).toBe(200)
  const lost = inside.find(raw => raw.received() !== '')
  expect(await lost?.closed()).toMatch(/^HTTP\/1.1 408 .*connection: close.*ERR_INTAKE_SLOW_REQUEST/is)
  const other = inside.find(raw => raw !== lost)
  other?.socket.write(PART)
  expect(await other?.until('"]}')).toContain('HTTP/1.1 200')
  expect(await refused()).toBe('1')
})

test('a place is not lost by a spool that is slow', async () => {
  await start(1)
  intake.spool.delay = () => sleep(3000)
  const [first, second] = await Promise.all([
    intake.post('/plain/batch', PART + PART),
    sleep(50).then(() => intake.post('/plain/batch', '{"a":1}')),
  ])
  expect([first.status, second.status]).toEqual([200, 200])
}, 20_000)

test('a beginning that does not come in time is 408', async () => {
  await start(1, { bodyIdleMs: 200 })
  expect(await send(`${head(100_000)}xxx`).closed()).toMatch(/^HTTP\/1.1 408 .*ERR_INTAKE_IDLE_BODY/is)
})

test('a shutdown refuses who waits at once, and lets those finish who are received', async () => {
  await start(1)
  const { inside, line } = await fill(1, 1)
  const closing = intake.app.close()
  expect(await line[0]?.closed()).toMatch(/^HTTP\/1.1 503 .*retry-after: 5\r\n.*shutting down/is)
  inside[0]?.socket.write(PART)
  expect(await inside[0]?.closed()).toMatch(/^HTTP\/1.1 200 .*connection: close/is)
  await closing
  expect(intake.spool.stored).toHaveLength(1)
})
