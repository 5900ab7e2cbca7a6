import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { KEY, type Listening, listen, type Raw } from './listening.ts'

let intake: Listening
afterEach(async () => {
  await intake.close()
})

const head = (headers: string, key = KEY) =>
  `POST /plain/batch HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${key}\r\n${headers}\r\n\r\n`
const MIB = 1024 ** 2

/** Writes until the other side takes no more, and tells how much that was. */
async function flood({ socket }: Raw, bytes: number): Promise<number> {
  const block = Buffer.alloc(64 * 1024, 'x')
  let sent = 0
  while (sent < bytes && !socket.destroyed) {
    sent += block.length
    if (!socket.write(block))
      await Promise.race([
        new Promise(resolve => socket.once('drain', resolve)),
        new Promise(resolve => socket.once('close', resolve)),
      ])
  }
  return sent
}

test('the sender of a body that was answered early gets the whole answer, and then the connection is closed', async () => {
  intake = await listen()
  const raw = intake.socket()
  raw.socket.write(head(`Content-Length: ${900 * 1024}`, 'wrong'))
  await raw.until('\r\n\r\n{')
  await flood(raw, 900 * 1024)
  expect(await raw.closed(1500)).toMatch(/^HTTP\/1.1 401 .*connection: close.*"}$/is)
})

test('after an early answer no more than about 1 MiB is read', async () => {
  intake = await listen()
  const raw = intake.socket()
  raw.socket.write(head(`Content-Length: ${500 * MIB}`, 'wrong'))
  await raw.until('\r\n\r\n{')
  const sent = await flood(raw, 500 * MIB)
  // What the kernel's buffers hold was sent too, though nobody read it.
  expect(sent).toBeLessThan(32 * MIB)
  await expect.poll(() => raw.socket.destroyed).toBe(true)
})

test('after an early answer a sender that stays silent is cut after 2 s', async () => {
  intake = await listen()
  const raw = intake.socket()
  const begun = performance.now()
  raw.socket.write(head('Content-Length: 1000', 'wrong'))
  await raw.until('\r\n\r\n{')
  await expect.poll(() => intake.app.server.listening && connections(), { timeout: 4000 }).toBe(0)
  expect(performance.now() - begun).toBeGreaterThan(1900)
  raw.socket.destroy()
})

const connections = () =>
  new Promise<number>((resolve, reject) => {
    intake.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })

test('100 Continue is sent when the body is wanted, and not before a refusal', async () => {
  intake = await listen()
  const wanted = intake.socket()
  wanted.socket.write(head('Expect: 100-continue\r\nContent-Length: 3\r\nConnection: close'))
  expect(await wanted.until('\r\n\r\n')).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\n$/)
  wanted.socket.write('{}\n')
  expect(await wanted.closed()).toContain('HTTP/1.1 200 OK')

  const refused = intake.socket()
  refused.socket.write(head('Expect: 100-continue\r\nContent-Length: 3', 'wrong'))
  expect(await refused.closed()).toMatch(/^HTTP\/1.1 401 /)
})

test('a connection is kept for the next batch', async () => {
  intake = await listen()
  const raw = intake.socket()
  raw.socket.write(`${head('Content-Length: 3')}{}\n`)
  expect(await raw.until('"]}')).toMatch(/keep-alive: timeout=75/i)
  raw.socket.write(`${head('Content-Length: 9')}{"b":2}\n\n`)
  await expect.poll(() => raw.received().match(/HTTP\/1.1 200/g)?.length).toBe(2)
  raw.socket.destroy()
})

test('while it closes, what is in hand is finished and what comes new is 503 with Retry-After', async () => {
  intake = await listen()
  const inHand = intake.socket()
  inHand.socket.write(`${head('Content-Length: 40003')}{}\n${' '.repeat(20_000)}`)
  const late = intake.socket()
  late.socket.write('POST /plain/batch HTTP/1.1\r\n')
  await expect.poll(() => intake.spool.unsettled.size).toBe(1)

  const closing = intake.app.close()
  await sleep(50)
  late.socket.write(`Host: x\r\nX-SEKOIAIO-INTAKE-KEY: ${KEY}\r\nContent-Length: 3\r\n\r\n{}\n`)
  expect(await late.closed()).toMatch(/^HTTP\/1.1 503 .*retry-after: 5\r\n.*shutting down/is)
  inHand.socket.write(' '.repeat(20_000))
  expect(await inHand.closed()).toMatch(/^HTTP\/1.1 200 .*connection: close/is)
  await closing
  expect(intake.spool.stored).toHaveLength(1)
})

test('a large body passes while the spool is slow, and the sender is held back', async () => {
  intake = await listen()
  let written = 0
  intake.spool.delay = () => {
    written++
    return sleep(1)
  }
  const response = await intake.post('/plain/batch', Buffer.alloc(8 * MIB, '{"a":"bcdefghijklmnopqrstuvwx"}\n'))
  expect(((await response.json()) as { event_ids: string[] }).event_ids.length).toBe(262_144)
  expect(written).toBeGreaterThan(8)
})

test.each([
  ['ends in the middle of its body', 400, (raw: Raw) => raw.socket.end()],
  ['takes too long for its body', 408, () => {}],
] as const)('a request that %s is counted once', async (_name, status, go) => {
  intake = await listen()
  Object.assign(intake.app.server, { requestTimeout: 300, headersTimeout: 200 })
  const raw = intake.socket()
  raw.socket.write(head('Content-Length: 100000') + 'x'.repeat(20_000))
  await expect.poll(() => intake.spool.unsettled.size).toBe(1)
  go(raw)
  expect(await raw.closed()).toContain(`HTTP/1.1 ${status} `)
  const total = async () => (await intake.metric('intake_requests_total')).map(line => line.split(' ').at(-1))
  await expect.poll(total).toEqual(['1'])
})

test.each([
  ['what is no HTTP', 'what is this\r\n\r\n'],
  ['half a request', 'POST /plain'],
] as const)(
  '%s behind a request that is being stored is 400, without saying that nothing was stored',
  async (_n, more) => {
    intake = await listen()
    const { promise, resolve } = Promise.withResolvers<void>()
    intake.spool.commitDelay = () => promise
    const raw = intake.socket()
    raw.socket.write(`${head('Content-Length: 3')}{}\n`)
    await expect.poll(() => intake.spool.unsettled.size).toBe(1)
    raw.socket.end(more)
    expect(await raw.closed()).toMatch(/^HTTP\/1.1 400 .*ERR_INTAKE_BAD_REQUEST.*may have been stored/s)
    expect(raw.received()).not.toContain('nothing was stored')
    resolve()
    await expect.poll(() => intake.spool.stored.length).toBe(1)
  },
)

test('what is no request is counted as one of no route', async () => {
  intake = await listen()
  const raw = intake.socket()
  raw.socket.write('what is this\r\n\r\n')
  await raw.closed()
  expect(await intake.metric('intake_requests_total')).toEqual(['intake_requests_total{route="other",status="400"} 1'])
})
