import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminTokens } from '../../src/access-settings.ts'
import { loadConfig } from '../../src/config.ts'
import { createAdmin } from '../../src/http/admin.ts'
import { type Listening, listen } from './listening.ts'

const TOKEN = 'a-token-of-the-operator'
const NEXT = 'the-token-that-comes-next'
let folder: string
let file: string
let intake: Listening
let admin: FastifyInstance
let url: string
let logged = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'admin-'))
  file = join(folder, 'token')
  await writeFile(file, `${TOKEN}\n`)
  const log = pino(
    { level: 'trace' },
    new Writable({
      write(chunk, _encoding, done) {
        logged += chunk
        done()
      },
    }),
  )
  const { config } = loadConfig({ ADMIN_TOKEN_FILE: file, ADMIN_HOST: '0.0.0.0' }, [])
  intake = await listen()
  admin = await createAdmin({
    metrics: intake.metrics,
    log,
    refusal: () => intake.spool.refusal(),
    refresh: () => {},
    status: () => ({}),
    intake: intake.app,
    tokens: adminTokens(config, log),
  })
  url = await admin.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await admin.close()
  await intake.close()
  await rm(folder, { recursive: true })
})
const ask = (path: string, authorization?: string) =>
  fetch(url + path, authorization === undefined ? {} : { headers: { authorization } })
const basic = (token: string) => `Basic ${Buffer.from(`me:${token}`).toString('base64')}`

test.each(['/metrics', '/status', '/openapi.json', '/openapi.yaml', '/docs/', '/docs/static/index.html', '/nothing'])(
  '%s needs the token',
  async path => {
    for (const authorization of [undefined, '', TOKEN, `Bearer ${TOKEN}x`, 'Bearer ', basic('x'), `Token ${TOKEN}`]) {
      const response = await ask(path, authorization)
      const { code, message } = (await response.json()) as { code: string; message: string }
      expect([response.status, code], authorization).toEqual([
        response.status === 429 ? 429 : 401,
        response.status === 429 ? 'ERR_INTAKE_TOO_MANY_FAILURES' : 'ERR_INTAKE_ADMIN_UNAUTHORIZED',
      ])
      expect(message).not.toContain(TOKEN)
      expect(response.headers.get('www-authenticate')).toContain('Bearer')
    }
  },
)

test('with the token, as Bearer or as a password, all is there, whoever failed before', async () => {
  for (const authorization of [`Bearer ${TOKEN}`, `bearer  ${TOKEN} `, basic(TOKEN)]) {
    for (const path of ['/metrics', '/status', '/docs/']) {
      const response = await ask(path, authorization)
      expect([response.status, response.headers.get('www-authenticate')], path).toEqual([200, null])
    }
  }
  expect((await ask('/nothing', `Bearer ${TOKEN}`)).status).toBe(404)
})

test('whether the service works is told without', async () => {
  expect((await ask('/livez')).status).toBe(200)
  expect((await ask('/readyz')).status).toBe(200)
})

test('a new token in the file is taken without a restart; one that is too short is not', async () => {
  await writeFile(file, `${TOKEN}\n${NEXT}\n`)
  await expect.poll(async () => (await ask('/status', `Bearer ${NEXT}`)).status, { timeout: 5000 }).toBe(200)
  expect((await ask('/status', `Bearer ${TOKEN}`)).status).toBe(200)
  await writeFile(file, 'short\n')
  await expect.poll(() => logged, { timeout: 5000 }).toContain('file with the admin tokens is not usable')
  expect((await ask('/status', `Bearer ${NEXT}`)).status).toBe(200)
  expect((await ask('/status', 'Bearer short')).status).not.toBe(200)
  for (const secret of [TOKEN, NEXT, 'short\n']) expect(logged).not.toContain(secret)
})
