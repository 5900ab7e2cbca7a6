import { afterEach, beforeEach, expect, test } from 'vitest'
import { KEY, type Listening, listen, type Raw } from './listening.ts'

let intake: Listening
beforeEach(async () => {
  intake = await listen()
})
afterEach(() => intake.close())

const head = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${KEY}\r\nContent-Length: ${length}\r\n\r\n`
const requests = () => intake.metric('intake_requests_total')
/** Outcomes that are not 0. */
const batches = async () => (await intake.metric('intake_batches_total')).filter(line => !line.endsWith(' 0'))
const stored = ['intake_batches_total{outcome="stored"} 1']

/** Cuts the connection while the batch is being stored. */
async function leaveWhileStoring(raw: Raw): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  intake.spool.commitDelay = () => promise
  await expect.poll(() => intake.spool.unsettled.size).toBe(1)
  raw.socket.destroy()
  await expect.poll(requests).toHaveLength(1)
  expect(await batches()).toEqual([])
  resolve()
}

test.each([
  ['/plain/batch', '{}\n'],
  ['/plain', 'x'],
  ['/jsons', '["x"]'],
])(
  'a batch of %s whose sender left before the answer is counted as stored, its request as aborted',
  async (path, body) => {
    const raw = intake.socket()
    raw.socket.write(head(path, body.length) + body)
    await leaveWhileStoring(raw)
    await expect.poll(batches).toEqual(stored)
    expect(await requests()).toEqual([`intake_requests_total{route="${path}",status="aborted"} 1`])
  },
)

test('a body that breaks off is counted as refused, its request as aborted, each once', async () => {
  const raw = intake.socket()
  raw.socket.write(head('/plain/batch', 100_000) + 'x'.repeat(20_000))
  await expect.poll(() => intake.spool.unsettled.size).toBe(1)
  raw.socket.resetAndDestroy()
  await expect.poll(batches).toEqual(['intake_batches_total{outcome="refused"} 1'])
  expect(await requests()).toEqual(['intake_requests_total{route="/plain/batch",status="aborted"} 1'])
})

test('a request that is answered is counted once, with its status', async () => {
  expect((await intake.post('/plain/batch', '{}\n')).status).toBe(200)
  await expect.poll(requests).toEqual(['intake_requests_total{route="/plain/batch",status="200"} 1'])
  expect(await batches()).toEqual(stored)
})

test('a stored batch behind which garbage came is counted as stored, its request once with the status that was sent', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  intake.spool.commitDelay = () => promise
  const raw = intake.socket()
  raw.socket.write(`${head('/plain/batch', 3)}{}\n`)
  await expect.poll(() => intake.spool.unsettled.size).toBe(1)
  raw.socket.write('what is this\r\n\r\n')
  await raw.closed()
  resolve()
  await expect.poll(batches).toEqual(stored)
  await expect.poll(requests).toEqual(['intake_requests_total{route="/plain/batch",status="400"} 1'])
})

test('a CONNECT is counted as a request of no route', async () => {
  const raw = intake.socket()
  raw.socket.write('CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n')
  await raw.closed()
  expect(await requests()).toEqual(['intake_requests_total{route="other",status="405"} 1'])
})
