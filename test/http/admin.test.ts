import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createAdmin } from '../../src/http/admin.ts'
import { openapiYaml } from '../../src/http/openapi.ts'
import { type Listening, listen, rawSocket } from './listening.ts'

let intake: Listening
let admin: FastifyInstance
let url: string
beforeAll(async () => {
  intake = await listen()
  admin = await createAdmin({
    metrics: intake.metrics,
    log: pino({ enabled: false }),
    refusal: () => intake.spool.refusal(),
    refresh: () => intake.metrics.spoolBatches.set(42),
    status: () => ({ version: '1.2.3', sinks: {} }),
    intake: intake.app,
  })
  url = await admin.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await admin.close()
  await intake.close()
})

test('/metrics is text for Prometheus, compressed for who asks, with gauges as they are now', async () => {
  const response = await fetch(`${url}/metrics`, { headers: { 'accept-encoding': 'gzip' } })
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
  expect(response.headers.get('content-encoding')).toBe('gzip')
  expect(await response.text()).toContain('\nintake_spool_batches 42\n')
})

test('/status, /livez and /readyz answer JSON', async () => {
  expect(await (await fetch(`${url}/status`)).json()).toEqual({ version: '1.2.3', sinks: {} })
  expect(await (await fetch(`${url}/livez`)).json()).toEqual({ status: 'ok' })
  intake.spool.refuse = 'disk full'
  expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'disk full' })
  intake.spool.refuse = undefined
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
})

test('the description is there as JSON and YAML and is that of the intake', async () => {
  const json = await (await fetch(`${url}/openapi.json`)).json()
  expect(parse(await (await fetch(`${url}/openapi.yaml`)).text())).toEqual(json)
  expect(parse(await openapiYaml())).toEqual(json)
})

test('every route at the root is described, those below the prefix stand for the second server', async () => {
  const { paths, servers } = parse(await openapiYaml())
  expect(Object.keys(paths).sort()).toEqual([
    '/',
    '/array',
    '/batch',
    '/jsons',
    '/livez',
    '/many',
    '/plain',
    '/plain/batch',
    '/plain/batch/{dataset}',
    '/readyz',
  ])
  expect(servers.map((server: { url: string }) => server.url)).toEqual(['/', '/api/v1/intake-http'])
})

test('a body is described as optional exactly where an empty one is answered 200', async () => {
  const { paths } = parse(await openapiYaml())
  const intake = await listen()
  try {
    for (const [path, { post }] of Object.entries<{ post?: { requestBody: { required: boolean } } }>(paths)) {
      if (post === undefined) continue
      const { status } = await intake.post(`${path.replace('{dataset}', 'dns_logs')}?path=$.a`, undefined)
      expect([path, post.requestBody.required]).toEqual([path, status !== 200])
    }
  } finally {
    await intake.close()
  }
})

test('openapi.yaml is current', async () => {
  const checkedIn = await readFile(new URL('../../openapi.yaml', import.meta.url), 'utf8')
  expect(checkedIn).toBe(await openapiYaml())
})

test('the API page and all it loads come from here', async () => {
  const page = await fetch(`${url}/docs/`)
  expect(page.status).toBe(200)
  const html = await page.text()
  const loaded = Array.from(html.matchAll(/(?:src|href)="([^"]+)"/g), match => match[1]!)
  expect(loaded.length).toBeGreaterThan(3)
  for (const path of loaded) {
    expect(path).not.toMatch(/^(https?:)?\/\//)
    expect((await fetch(new URL(path, `${url}/docs/`))).status, path).toBe(200)
  }
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toMatch(/^default-src 'self'; .*style-src [^;]+;$/)
  expect(policy).not.toContain('upgrade-insecure-requests')
})

test('what is not here is 404 or 405 in the shape of all errors', async () => {
  expect(await (await fetch(`${url}/nothing`)).json()).toMatchObject({
    statusCode: 404,
    code: 'ERR_INTAKE_NOT_FOUND',
    message: 'There is no such route. Here are /metrics, /status, /docs, /livez and /readyz.',
  })
  const response = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

test.each([
  ['CONNECT x:1 HTTP/1.1', '', 405, 'ERR_INTAKE_METHOD_NOT_ALLOWED'],
  ['GET /livez HTTP/1.1', 'Host: x\r\nExpect: foo\r\n', 417, 'ERR_INTAKE_UNSUPPORTED_EXPECTATION'],
  ['GET /livez HTTP/1.1', 'Connection: close\r\n', 200, '"ok"'],
])('%s with the headers %j is %d here', async (line, headers, status, expected) => {
  const raw = rawSocket(Number(new URL(url).port))
  raw.socket.write(`${line}\r\n${headers}\r\n`)
  const answer = await raw.closed()
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(answer).toContain(expected)
  if (status === 405) expect(answer).toContain('\r\nAllow: GET, HEAD\r\n')
})
