import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { KEY, type Listening, listen } from './listening.ts'

let intake: Listening
const start = async (...options: Parameters<typeof listen>) => {
  intake = await listen(...options)
  return intake
}
afterEach(async () => {
  expect(intake.spool.unsettled.size).toBe(0)
  await intake.close()
})

const head = (path: string, headers: string, key = KEY) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${key}\r\n${headers}\r\n\r\n`
const MIB = 1024 ** 2

test('a body over MAX_BODY_BYTES is 413, announced or not', async () => {
  await start({ limits: { maxBodyBytes: 1000 } })
  const announced = await intake.post('/plain/batch', 'x'.repeat(1001))
  expect([announced.status, await announced.json()]).toMatchObject([413, { code: 'ERR_INTAKE_BODY_TOO_LARGE' }])
  const chunked = intake.socket()
  chunked.socket.write(`${head('/plain/batch', 'Transfer-Encoding: chunked')}3e9\r\n${'x'.repeat(1001)}\r\n`)
  expect(await chunked.closed()).toMatch(/^HTTP\/1.1 413 .*MAX_BODY_BYTES/s)
  expect((await intake.post('/plain/batch', 'x'.repeat(1000))).status).toBe(200)
  expect(intake.spool.stored).toHaveLength(1)
})

test('a body over MAX_INFLATED_BYTES is 413 and is not inflated further', async () => {
  await start({ limits: { maxInflatedBytes: 5 * MIB, maxInflateRatio: 10_000 } })
  const response = await intake.post('/plain/batch', gzipSync(Buffer.alloc(50 * MIB, '{}\n')))
  expect([response.status, ((await response.json()) as Error).message]).toEqual([
    413,
    expect.stringContaining('MAX_INFLATED_BYTES'),
  ])
  expect(intake.spool.stored).toEqual([])
})

test('a ratio over MAX_INFLATE_RATIO is 413 past 8 MiB, and no matter before', async () => {
  await start({ limits: { maxInflateRatio: 400 } })
  expect((await intake.post('/plain/batch', gzipSync(Buffer.alloc(7 * MIB, 'x')))).status).toBe(200)
  const response = await intake.post('/plain/batch', gzipSync(Buffer.alloc(9 * MIB, '{}\n')))
  expect([response.status, await response.json()]).toMatchObject([413, { code: 'ERR_INTAKE_RATIO_TOO_HIGH' }])
  expect(intake.spool.stored).toHaveLength(1)
})

test.each([
  ['in the middle of its announced length', 'Content-Length: 100000', 'x'.repeat(20_000)],
  ['in the middle of a chunk', 'Transfer-Encoding: chunked', `fffff\r\n${'x'.repeat(20_000)}`],
  ['before the last chunk', 'Transfer-Encoding: chunked', `4e20\r\n${'x'.repeat(20_000)}\r\n`],
])('a body that ends %s is 400 and nothing is stored', async (_name, headers, part) => {
  await start()
  const raw = intake.socket()
  raw.socket.end(head('/plain/batch', headers) + part)
  expect(await raw.closed()).toMatch(/^HTTP\/1.1 400 .*ERR_INTAKE_INCOMPLETE_BODY/s)
  expect(intake.spool.stored).toEqual([])
})

test('a body that breaks while its draft is on its way leaves nothing behind', async () => {
  await start()
  intake.spool.draftDelay = () => sleep(20)
  const broken = Buffer.concat([gzipSync('{"a":1}\n').subarray(0, 10), Buffer.alloc(40_000, 0xff)])
  expect((await intake.post('/plain/batch', broken)).status).toBe(400)
  await expect.poll(() => intake.spool.drafts).toBe(1)
  expect(intake.spool.unsettled.size).toBe(0)
})

test('after a body was found broken no further write begins', async () => {
  await start()
  intake.spool.draftDelay = () => sleep(20)
  intake.spool.delay = () => sleep(20)
  const raw = intake.socket()
  raw.socket.write(
    head('/plain/batch', 'Content-Length: 40010\r\nConnection: close') +
      gzipSync('x').subarray(0, 10).toString('latin1'),
    'latin1',
  )
  await sleep(20)
  raw.socket.write(Buffer.alloc(40_000, 0xff))
  expect(await raw.closed()).toMatch(/^HTTP\/1.1 400 .*ERR_INTAKE_BROKEN_GZIP/s)
  await sleep(60)
  expect(intake.spool.lateWrites).toBe(0)
})

test('a sender that resets the connection leaves nothing behind', async () => {
  await start()
  const raw = intake.socket()
  raw.socket.write(head('/plain/batch', 'Content-Length: 100000') + 'x'.repeat(20_000))
  await expect.poll(() => intake.spool.unsettled.size).toBe(1)
  raw.socket.resetAndDestroy()
  await expect.poll(() => intake.spool.unsettled.size).toBe(0)
  expect(intake.spool.stored).toEqual([])
})

test('a body without progress is 408 and the connection is closed; one that trickles is taken', async () => {
  await start({ limits: { bodyIdleMs: 300 } })
  const idle = intake.socket()
  idle.socket.write(`${head('/plain/batch', 'Content-Length: 100000')}{"a":1}\n${' '.repeat(20_000)}`)
  expect(await idle.closed()).toMatch(/^HTTP\/1.1 408 .*connection: close.*ERR_INTAKE_IDLE_BODY/is)

  const slow = intake.socket()
  slow.socket.write(head('/plain/batch', 'Content-Length: 8\r\nConnection: close'))
  for (const byte of '{"a":1}\n') {
    await sleep(40)
    slow.socket.write(byte)
  }
  expect(await slow.closed()).toMatch(/^HTTP\/1.1 200 /)
  expect(intake.spool.stored).toHaveLength(1)
})

test("the time that the spool takes is not the sender's idleness", async () => {
  await start({ limits: { bodyIdleMs: 60 } })
  intake.spool.delay = () => sleep(100)
  const response = await intake.post('/plain/batch', randomBytes(100_000).toString('hex'))
  expect(response.status).toBe(200)
})

test('a missing or wrong key is 401 before the body is read, and is not repeated', async () => {
  await start()
  for (const [key, reason] of [
    ['', 'missing'],
    ['wrong-secret', 'unknown'],
  ] as const) {
    const raw = intake.socket()
    raw.socket.write(head('/plain/batch?intake_key=', 'Content-Length: 1000000', key))
    const answer = await raw.until('\r\n\r\n{')
    expect(answer).toMatch(/^HTTP\/1.1 401 .*www-authenticate: Basic.*ERR_INTAKE_UNAUTHORIZED/is)
    expect(answer).not.toContain('wrong-secret')
    expect(await intake.metric('intake_auth_failures_total')).toContain(
      `intake_auth_failures_total{reason="${reason}"} 1`,
    )
    raw.socket.destroy()
  }
  expect(intake.spool.drafts).toBe(0)
  expect(intake.log()).not.toContain('wrong-secret')
})

test('the key is taken from the header, from HTTP Basic and from the query', async () => {
  await start()
  const basic = (user: string) => ({ authorization: `Basic ${Buffer.from(`${user}:${KEY}`).toString('base64')}` })
  const send = (query: string, headers: Record<string, string>) =>
    fetch(`${intake.url}/plain${query}`, { method: 'POST', body: 'x', headers })
  expect((await send('', basic(''))).status).toBe(200)
  expect((await send('', basic('any-user'))).status).toBe(200)
  expect((await send(`?intake_key=${encodeURIComponent(KEY)}`, {})).status).toBe(200)
  expect((await send('?intake_key=x', { 'x-sekoiaio-intake-key': KEY })).status).toBe(200)
  expect((await send(`?intake_key=${encodeURIComponent(KEY)}x`, {})).status).toBe(401)
  expect(intake.log()).not.toContain(KEY)
  expect(intake.log()).not.toContain(encodeURIComponent(KEY))
})

test('a key in the place of the dataset is not repeated', async () => {
  await start()
  const response = await intake.post(`/plain/batch?dataset=${encodeURIComponent(KEY)}`, '{}')
  expect(response.status).toBe(400)
  expect(await response.text()).not.toContain(KEY)
})

test.each([
  ['spool full', '30'],
  ['disk error', '10'],
  ['shutting down', '5'],
] as const)('%s is 503 with Retry-After, before the body', async (reason, retryAfter) => {
  await start()
  intake.spool.refuse = reason
  const raw = intake.socket()
  raw.socket.write(head('/plain/batch', 'Content-Length: 1000000'))
  const answer = await raw.until('\r\n\r\n{')
  expect(answer).toMatch(/^HTTP\/1.1 503 .*ERR_INTAKE_UNAVAILABLE/is)
  expect(answer.toLowerCase()).toContain(`retry-after: ${retryAfter}\r\n`)
  raw.socket.destroy()
  const ready = await fetch(`${intake.url}/readyz`)
  expect([ready.status, await ready.json()]).toEqual([503, { status: reason }])
  expect((await fetch(`${intake.url}/livez`)).status).toBe(200)
})

test.each(['write', 'commit'] as const)('a %s that fails is 503 and nothing is left', async step => {
  await start()
  intake.spool.failNext = { [step]: 'disk error' }
  const response = await intake.post('/plain/batch', '{"a":1}\n'.repeat(1000))
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '10'])
  expect(intake.spool.stored).toEqual([])
})

test('a failure that nobody foresaw is 500 without its details', async () => {
  await start()
  intake.spool.delay = () => Promise.reject(new Error('the secret detail'))
  const response = await intake.post('/plain/batch', 'x'.repeat(1000))
  expect(response.status).toBe(500)
  const text = await response.text()
  expect(JSON.parse(text)).toMatchObject({ statusCode: 500, code: 'ERR_INTAKE_INTERNAL' })
  expect(text).not.toContain('secret detail')
  expect(intake.log()).toContain('secret detail')
})
