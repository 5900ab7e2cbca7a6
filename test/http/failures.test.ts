import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPeers } from '../../src/http/peers.ts'
import { KEY, type Listening, listen } from './listening.ts'

const BURST = 30
let intake: Listening
let clock: { ms: number }
beforeEach(async () => {
  clock = { ms: 0 }
  const peers = createPeers({ trustedProxies: ['127.0.0.0/8'], log: pino({ enabled: false }) })
  intake = await listen({ peers, monotonic: () => clock.ms })
})
afterEach(() => intake.close())

const send = async (from: string, key: string, path = '/plain') => {
  const response = await intake.post(path, '{"a":1}', { 'x-forwarded-for': from, 'x-sekoiaio-intake-key': key })
  const { code } = (await response.json()) as { code?: string }
  return { status: response.status, code, headers: response.headers }
}
const failOften = async (from: string, count = BURST) => {
  for (let i = 0; i < count; i++) expect((await send(from, 'wrong')).status).toBe(401)
}

test('who fails too often is told 429 and when to come again, on a connection that is closed', async () => {
  await failOften('192.0.2.1')
  const { status, code, headers } = await send('192.0.2.1', 'wrong')
  expect([status, code]).toEqual([429, 'ERR_INTAKE_TOO_MANY_FAILURES'])
  expect(headers.get('retry-after')).toBe('2')
  expect(headers.get('connection')).toBe('close')
  expect((await send('192.0.2.1', '')).status).toBe(429)
  clock.ms += 2000
  expect((await send('192.0.2.1', 'wrong')).status).toBe(401)
  expect((await send('192.0.2.1', 'wrong')).status).toBe(429)
  expect(await intake.metric('intake_auth_failures_total')).toEqual([
    'intake_auth_failures_total{reason="unknown"} 31',
    'intake_auth_failures_total{reason="limited"} 3',
  ])
})

test('a valid key is taken at once, whatever came before from its address', async () => {
  await failOften('192.0.2.1')
  for (let i = 0; i < 200; i++) {
    expect((await send('192.0.2.1', 'wrong')).status).toBe(429)
    if (i % 10 === 0) expect((await send('192.0.2.1', KEY, '/plain/batch')).status).toBe(200)
  }
  const inBody = (key: string) =>
    fetch(`${intake.url}/batch`, {
      method: 'POST',
      headers: { 'x-forwarded-for': '192.0.2.1' },
      body: JSON.stringify({ intake_key: key, jsons: ['x'] }),
    })
  expect((await inBody('wrong')).status).toBe(429)
  expect((await inBody(KEY)).status).toBe(200)
})

test('a sender whose key is rotated at our side first has lost nothing: it is taken as soon as the key is known', async () => {
  await failOften('192.0.2.1')
  // A quarter of an hour of retries, of which most are answered 429.
  for (let minute = 0; minute < 15; minute++) {
    clock.ms += 60_000
    for (let i = 0; i < 40; i++) expect([401, 429]).toContain((await send('192.0.2.1', 'next')).status)
  }
  expect((await send('192.0.2.1', KEY)).status).toBe(200)
})

test('others are not held back, but the rest of the same IPv6 /64 is', async () => {
  await failOften('192.0.2.1')
  expect((await send('192.0.2.2', 'wrong')).status).toBe(401)
  await failOften('2001:db8:1:2::1', BURST - 1)
  expect((await send('2001:db8:1:2:ffff::7', 'wrong')).status).toBe(401)
  expect((await send('2001:db8:1:2:1:1:1:1', 'wrong')).status).toBe(429)
  expect((await send('2001:db8:1:3::1', 'wrong')).status).toBe(401)
})

test('the 429 comes before the body, and says nothing of the key; the log says it once', async () => {
  await failOften('192.0.2.1')
  for (let i = 0; i < 3; i++) {
    const raw = intake.socket()
    raw.socket.write(
      'POST /plain/batch HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\nX-SEKOIAIO-INTAKE-KEY: my-secret\r\nContent-Length: 1000000\r\n\r\n',
    )
    expect(await raw.until('\r\n\r\n{')).toMatch(/^HTTP\/1.1 429 (?!.*my-secret).*retry-after: 2.*connection: close/is)
    raw.socket.destroy()
  }
  expect(intake.log()).not.toContain('my-secret')
  expect(intake.log().match(/Too many requests without a valid key/g)).toHaveLength(1)
  expect(await intake.metric('intake_batches_total{outcome="refused"}')).toEqual([
    'intake_batches_total{outcome="refused"} 0',
  ])
})
