import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type App, buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { StartError } from '../src/errors.ts'

const KEY = 'test-key'
const TOKEN = 'a-token-of-some-length'
let dir: string
let app: App
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'access-'))
})
afterEach(async () => {
  await app.stop()
  await rm(dir, { recursive: true, force: true })
})

function start(env: Record<string, string>) {
  const needed = {
    DATA_DIR: dir,
    PORT: '0',
    ADMIN_PORT: '0',
    INTAKE_KEYS: KEY,
    WORKERS: '1',
    SPOOL_MIN_FREE_BYTES: '0',
  }
  const { config } = loadConfig({ ...needed, ...env }, [])
  const fail = () => {
    throw new Error('must not be called')
  }
  app = buildApp(config, { log: pino({ enabled: false }), version: '0', keysFile: fail, onFault: fail })
  return app.start()
}
const post = async (url: string, from?: string) => {
  const headers = { 'x-sekoiaio-intake-key': KEY, ...(from !== undefined && { 'x-forwarded-for': from }) }
  return (await fetch(`${url}/plain`, { method: 'POST', headers, body: 'x' })).status
}

test('the service takes requests from the networks of its settings, as its proxies tell them', async () => {
  const { url } = await start({ ALLOWED_NETWORKS: '192.0.2.0/24, 127.0.0.2', TRUSTED_PROXIES: '127.0.0.1' })
  expect(await post(url)).toBe(403)
  expect(await post(url, '192.0.2.1')).toBe(200)
  expect(await post(url, '198.51.100.1')).toBe(403)
})

test('the service reads the networks from a file', async () => {
  const file = join(dir, 'networks')
  await writeFile(file, '192.0.2.0/24\n')
  const { url } = await start({ ALLOWED_NETWORKS_FILE: file })
  expect(await post(url, '192.0.2.1')).toBe(403)
})

test('the service asks for the admin token, and without one for none', async () => {
  const guarded = await start({ ADMIN_TOKEN: TOKEN })
  expect((await fetch(`${guarded.adminUrl}/metrics`)).status).toBe(401)
  const headers = { authorization: `Bearer ${TOKEN}` }
  expect((await fetch(`${guarded.adminUrl}/metrics`, { headers })).status).toBe(200)
  // A key of the intake is none of the admin's tokens, nor the other way round.
  expect((await fetch(`${guarded.adminUrl}/metrics`, { headers: { authorization: `Bearer ${KEY}` } })).status).toBe(401)
  expect((await fetch(`${guarded.url}/plain?intake_key=${TOKEN}`, { method: 'POST', body: 'x' })).status).toBe(401)
  await app.stop()
  const open = await start({})
  expect((await fetch(`${open.adminUrl}/metrics`)).status).toBe(200)
})

test.each([{ ALLOWED_NETWORKS: 'x' }, { ADMIN_TOKEN: 'short' }])(
  'nothing is left open after a start that %j stopped',
  async env => {
    await expect(start(env)).rejects.toThrow(StartError)
    await app.stop()
    const { url } = await start({})
    expect(await post(url)).toBe(200)
  },
)
