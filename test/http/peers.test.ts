import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { StartError } from '../../src/errors.ts'
import { createPeers, type PeersOptions } from '../../src/http/peers.ts'
import { KEY, type Listening, listen } from './listening.ts'

const log = pino({ enabled: false })
let intake: Listening
afterEach(() => intake?.close())
const start = async (options: Omit<PeersOptions, 'log'>) => {
  intake = await listen({ peers: createPeers({ ...options, log }) })
  return intake
}
const status = async (headers: Record<string, string> = {}) => {
  const response = await intake.post('/plain', 'x', headers)
  await response.text()
  return response.status
}

test('with a list, another address is 403 before its key, path or URL is looked at', async () => {
  await start({ networks: ['192.0.2.0/24', '2001:db8::/32'] })
  for (const request of [
    `POST /plain HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${KEY}\r\nContent-Length: 1000000\r\n\r\n`,
    'POST /plain HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
    'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    'GET /livez/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  ]) {
    const raw = intake.socket()
    raw.socket.write(request)
    const answer = await raw.until('\r\n\r\n{')
    expect(answer, request).toMatch(/^HTTP\/1.1 403 Forbidden\r\n.*ERR_INTAKE_FORBIDDEN_ADDRESS/s)
    raw.socket.destroy()
  }
  expect(intake.spool.drafts).toBe(0)
  expect(await intake.metric('intake_auth_failures_total')).toEqual(['intake_auth_failures_total{reason="address"} 5'])
  expect(await intake.metric('intake_batches_total{outcome="refused"}')).toEqual([
    'intake_batches_total{outcome="refused"} 0',
  ])
})

test('whoever asks whether the service works is answered from anywhere', async () => {
  await start({ networks: ['192.0.2.0/24'] })
  expect((await fetch(`${intake.url}/livez`)).status).toBe(200)
  expect((await fetch(`${intake.url}/readyz`)).status).toBe(200)
})

test('an address of the list is taken, and needs its key as ever', async () => {
  await start({ networks: ['127.0.0.0/8'] })
  expect(await status()).toBe(200)
  expect(await status({ 'x-sekoiaio-intake-key': 'wrong' })).toBe(401)
})

test('X-Forwarded-For is not believed of just anybody', async () => {
  await start({ networks: ['192.0.2.0/24'] })
  expect(await status({ 'x-forwarded-for': '192.0.2.1' })).toBe(403)
  await intake.close()
  await start({ networks: ['192.0.2.0/24'], trustedProxies: ['10.0.0.0/8'] })
  expect(await status({ 'x-forwarded-for': '192.0.2.1' })).toBe(403)
})

test.each([
  ['192.0.2.1', 200],
  ['192.0.2.1:4711', 200],
  ['::ffff:192.0.2.1', 200],
  ['[2001:db8::1]:4711', 200],
  ['198.51.100.1', 403],
  // What the sender wrote himself stands ahead of what the proxies added.
  ['192.0.2.1, 198.51.100.1', 403],
  ['198.51.100.1, 192.0.2.1', 200],
  ['192.0.2.1, 198.51.100.1, 10.1.1.1', 403],
  ['198.51.100.1, 192.0.2.1, 10.1.1.1, 10.1.1.2', 200],
  ['192.0.2.1, unknown', 403],
  ['192.0.2.1,', 403],
  [`192.0.2.1${', 10.1.1.1'.repeat(31)}`, 200],
  [`192.0.2.1${', 10.1.1.1'.repeat(32)}`, 403],
  ['', 403],
])('behind trusted proxies the sender of X-Forwarded-For %j is answered %s', async (forwarded, expected) => {
  await start({ networks: ['192.0.2.0/24', '2001:db8::/32'], trustedProxies: ['127.0.0.0/8', '10.0.0.0/8', '::1'] })
  expect(await status({ 'x-forwarded-for': forwarded })).toBe(expected)
})

test('Forwarded is not looked at: who writes it may be anybody', async () => {
  await start({ networks: ['192.0.2.0/24'], trustedProxies: ['127.0.0.0/8'] })
  expect(await status({ forwarded: 'for=192.0.2.1', 'x-forwarded-for': '198.51.100.1' })).toBe(403)
})

test('the file with the networks is read again when it changes, and an unusable one changes nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'peers-'))
  const file = join(folder, 'networks')
  try {
    await writeFile(file, '# ours\n192.0.2.0/24\n127.0.0.1, ::1\n')
    await start({ file, pollMs: 20 })
    expect(await status()).toBe(200)
    await writeFile(file, '192.0.2.0/24\n')
    await expect.poll(() => status()).toBe(403)
    await writeFile(file, '127.0.0.1\n')
    await expect.poll(() => status()).toBe(200)
    for (const broken of ['', 'not a network\n', '# 127.0.0.1\n']) {
      await writeFile(file, broken)
      await new Promise(resolve => setTimeout(resolve, 60))
      expect(await status()).toBe(200)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test.each([
  [{ networks: ['x'] }, 'ALLOWED_NETWORKS gives no usable networks: entry 1 is no network.'],
  [{ trustedProxies: ['10.0.0.0/99'] }, 'TRUSTED_PROXIES gives no usable networks: entry 1 is no network.'],
  [{ file: '/does/not/exist' }, /ALLOWED_NETWORKS_FILE.*ENOENT/],
])('a wrong setting stops the start: %j', (options, message) => {
  expect(() => createPeers({ ...options, log })).toThrow(message)
  expect(() => createPeers({ ...options, log })).toThrow(StartError)
})

test('the example has the networks of Cloudflare and no others', async () => {
  const file = join(import.meta.dirname, '../../docker/cloudflare-networks')
  await start({ file, trustedProxies: ['127.0.0.1'] })
  for (const [address, expected] of [
    ['172.64.0.1', 200],
    ['2606:4700::1111', 200],
    ['2a06:98c7:ffff::1', 200],
    ['2a06:98c8::1', 403],
    ['172.63.255.255', 403],
    ['10.0.0.1', 403],
  ] as const) {
    expect([address, await status({ 'x-forwarded-for': address })]).toEqual([address, expected])
  }
})
