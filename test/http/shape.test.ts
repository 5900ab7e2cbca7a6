import { afterEach, beforeEach, expect, test } from 'vitest'
import { KEY, type Listening, listen } from './listening.ts'

let intake: Listening
beforeEach(async () => {
  intake = await listen()
})
afterEach(() => intake.close())

const head = (path: string, headers: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${KEY}\r\n${headers}\r\n\r\n`

test('an unknown path is 404 and another method is 405 with Allow, without a key', async () => {
  for (const path of ['/nothing', '/plain/batch/a/b', '/api/v1/intake-http/x', '/plain%zz']) {
    const response = await fetch(intake.url + path, { method: 'POST', body: 'x', headers: { 'content-type': 'foo' } })
    expect([path, response.status]).toEqual([path, path === '/plain%zz' ? 400 : 404])
    expect(((await response.json()) as { code: string }).code).toMatch(/^ERR_INTAKE_(NOT_FOUND|BAD_REQUEST)$/)
  }
  const paths = ['/', '/plain', '/plain/batch', '/plain/batch/dns_logs', '/jsons', '/many', '/batch', '/array']
  for (const path of [...paths, ...paths.map(p => `/api/v1/intake-http${p}`)]) {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const response = await fetch(intake.url + path, { method })
      expect([path, method, response.status, response.headers.get('allow')]).toEqual([path, method, 405, 'POST'])
    }
  }
  const live = await fetch(`${intake.url}/livez`, { method: 'POST', body: 'x' })
  expect([live.status, live.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  expect((await intake.metric('intake_requests_total')).every(line => !line.includes('nothing'))).toBe(true)
})

test('a dataset as long as a URL can be is looked at behind the key, as any other', async () => {
  const path = `${intake.url}/plain/batch/${'a'.repeat(8000)}`
  const stranger = await fetch(path, { method: 'POST', body: 'x' })
  expect([stranger.status, await stranger.json()]).toMatchObject([401, { code: 'ERR_INTAKE_UNAUTHORIZED' }])
  const known = await fetch(path, { method: 'POST', body: 'x', headers: { 'x-sekoiaio-intake-key': KEY } })
  expect([known.status, await known.json()]).toMatchObject([400, { code: 'ERR_INTAKE_UNKNOWN_DATASET' }])
})

test('a request without Host is taken', async () => {
  const raw = intake.socket()
  raw.socket.write(
    `POST /plain/batch HTTP/1.1\r\nX-SEKOIAIO-INTAKE-KEY: ${KEY}\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{}\n`,
  )
  expect(await raw.closed()).toMatch(/^HTTP\/1.1 200 /)
  expect(intake.spool.stored).toHaveLength(1)
})

test.each([
  ['no HTTP', 'what is this\r\n\r\n', 400, 'ERR_INTAKE_BAD_REQUEST'],
  ['headers over 16 KiB', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'ERR_INTAKE_HEADERS_TOO_LARGE'],
  [
    'an unknown expectation',
    head('/plain', 'Expect: foo\r\nContent-Length: 3'),
    417,
    'ERR_INTAKE_UNSUPPORTED_EXPECTATION',
  ],
  ['an unknown expectation without a body', head('/plain', 'Expect: foo'), 417, 'ERR_INTAKE_UNSUPPORTED_EXPECTATION'],
  ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405, 'ERR_INTAKE_METHOD_NOT_ALLOWED'],
  ['a broken chunk', `${head('/plain/batch', 'Transfer-Encoding: chunked')}zz\r\n`, 400, 'ERR_INTAKE_BAD_REQUEST'],
])('%s is answered in the shape of all errors', async (_name, bytes, status, code) => {
  const raw = intake.socket()
  raw.socket.write(bytes)
  const answer = await raw.closed()
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} .*connection: close`, 'is'))
  if (status === 405) expect(answer).toContain('\r\nAllow: GET, HEAD, POST\r\n')
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({ statusCode: status, code })
})
