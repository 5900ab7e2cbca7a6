import { join } from 'node:path'
import tls from 'node:tls'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAdmin } from '../../src/http/admin.ts'
import { KEY, type Listening, listen, rawSocket } from './listening.ts'

const EXPECTED = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}
const UNWANTED = ['server', 'x-powered-by', 'etag', 'access-control-allow-origin', 'set-cookie']

let intake: Listening
let admin: FastifyInstance
let adminPort: number
beforeAll(async () => {
  intake = await listen({ limits: { maxBodyBytes: 1000, bodyIdleMs: 50 } })
  admin = await createAdmin({
    metrics: intake.metrics,
    log: pino({ enabled: false }),
    refusal: () => intake.spool.refusal(),
    refresh: () => {},
    status: () => ({}),
    intake: intake.app,
  })
  adminPort = Number(new URL(await admin.listen({ host: '127.0.0.1', port: 0 })).port)
})
afterAll(async () => {
  await admin.close()
  await intake.close()
})

/** The headers of the first answer, and its status. */
function parse(answer: string): { status: number; headers: Record<string, string> } {
  const [first = '', ...lines] = answer.slice(0, answer.indexOf('\r\n\r\n')).split('\r\n')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const [name = '', value = ''] = line.split(/: (.*)/s)
    // Not even twice.
    expect(headers).not.toHaveProperty([name.toLowerCase()])
    headers[name.toLowerCase()] = value
  }
  return { status: Number(first.split(' ')[1]), headers }
}
async function ask(port: number, request: string) {
  const raw = rawSocket(port)
  raw.socket.write(request, 'latin1')
  const answer = await raw.until('\r\n\r\n')
  raw.socket.destroy()
  return parse(answer)
}
const post = (headers: string, body = '', path = '/plain/batch', key = KEY) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${key}\r\n${headers}\r\n\r\n${body}`
const get = (path: string, method = 'GET') => `${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

test.each([
  [200, 'a batch', post('Content-Length: 3', '{}\n')],
  [200, 'a health question', get('/livez')],
  [400, 'broken gzip', post('Content-Length: 30', gzipSync('x').subarray(0, 10).toString('latin1').padEnd(30, 'x'))],
  [400, 'no HTTP', 'hello\r\n\r\n'],
  [400, 'a URL that cannot be read', get('/%zz')],
  [401, 'a wrong key', post('Content-Length: 9', '', '/plain', 'wrong')],
  [404, 'no route', get('/nothing')],
  [405, 'another method', get('/plain/batch')],
  [405, 'a CONNECT', 'CONNECT a.example:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
  [408, 'a body that does not come', post('Content-Length: 900')],
  [413, 'a body that is too large', post('Content-Length: 100000')],
  [415, 'another encoding', post('Content-Encoding: br\r\nContent-Length: 1', 'x')],
  [417, 'another expectation', post('Expect: 200-ok\r\nContent-Length: 1', 'x')],
  [431, 'endless headers', post(`X: ${'x'.repeat(20_000)}`)],
])('the intake answers %s with the headers: %s', async (expected, _what, request) => {
  const { status, headers } = await ask(intake.port, request)
  expect(status).toBe(expected)
  expect(headers).toMatchObject(EXPECTED)
  for (const name of [...UNWANTED, 'strict-transport-security']) expect(headers).not.toHaveProperty([name])
})

test.each([
  [200, '/metrics'],
  [200, '/status'],
  [200, '/openapi.json'],
  [200, '/livez'],
  [404, '/nothing'],
  [400, '/%zz'],
])('the admin listener answers %s with the headers: %s', async (expected, path) => {
  const { status, headers } = await ask(adminPort, get(path))
  expect(status).toBe(expected)
  expect(headers).toMatchObject(EXPECTED)
  for (const name of UNWANTED) expect(headers).not.toHaveProperty([name])
})

test('the API page has the policy that it needs, from itself alone, and is not kept either', async () => {
  const { headers } = await ask(adminPort, get('/docs/'))
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
  expect(headers['content-security-policy']).toContain("default-src 'self'")
  expect(headers['content-security-policy']).toContain("frame-ancestors 'self'")
  expect((await ask(adminPort, get('/docs/static/swagger-ui.css'))).headers['cache-control']).toBe('no-store')
})

test('over TLS a browser is told never to come without, by each answer', async () => {
  const file = (name: string) => join(import.meta.dirname, 'tls', name)
  const secure = await listen({ tls: { certFile: file('first-cert.pem'), keyFile: file('first-key.pem') } })
  const over = (request: string) =>
    new Promise<string>(resolve => {
      let answer = ''
      const socket = tls.connect({ port: secure.port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
        socket.write(request),
      )
      socket.setEncoding('latin1').on('data', chunk => {
        answer += chunk
        if (!answer.includes('\r\n\r\n')) return
        socket.destroy()
        resolve(answer)
      })
    })
  try {
    for (const request of [get('/livez'), get('/nothing'), 'hello\r\n\r\n']) {
      const { headers } = parse(await over(request))
      expect(headers).toMatchObject({ ...EXPECTED, 'strict-transport-security': 'max-age=31536000' })
    }
  } finally {
    await secure.close()
  }
})
