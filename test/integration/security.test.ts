import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, type Stats, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createFakeBulk, type FakeBulk, json } from '../helpers/fake-bulk.ts'
import { answer, type MisbehavingServer, startMisbehavingServer } from '../helpers/misbehaving-server.ts'

const main = join(import.meta.dirname, '../../src/main.ts')
const SOON = { timeout: 60_000, interval: 50 }

/** May be nowhere but in the operator's own files. The signs make the encoded forms differ. */
const SECRETS = {
  key: 'key-Alpha+/7Qw==',
  keyOfDns: 'key-Bravo+/8Rx==',
  rotatedKey: 'key-Charlie+/9Sy==',
  unknownKey: 'key-Delta+/1Tz==',
  adminToken: 'token-Echo+/2Ua==',
  apiKey: 'Zm94dHJvdC1hcGkta2V5',
  httpHeader: 'header-Golf+/3Vb==',
  pathOfUrl: 'path-Hotel-4Wc',
} as const
/** What senders wrote: may be in events, spool and dead letters, and in nothing that tells about the service. */
const CONTENT = {
  line: 'line-India-5Xd',
  lineRefused: 'line-Juliett-6Ye',
  lineOfNoJson: 'line-Kilo-7Zf',
  header: 'header-Lima-8Ag',
  query: 'query-Mike-9Bh',
  path: 'path-November-1Ci',
} as const

const forms = (secret: string) => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64'),
  Buffer.from(secret).toString('hex'),
  Buffer.from(`:${secret}`).toString('base64'),
  JSON.stringify(secret).slice(1, -1),
]
const found = (text: string, secrets: Readonly<Record<string, string>>) =>
  Object.entries(secrets)
    .filter(([, secret]) => forms(secret).some(form => text.includes(form)))
    .map(([name]) => name)

describe.each(['000', '077'])('a full run with umask %s', umask => {
  const thorough = umask === '000'
  let folder: string
  let dataDir: string
  let keysFile: string
  let child: ChildProcess
  let url = ''
  let adminUrl = ''
  let stderr = ''
  let stdout = ''
  let store: FakeBulk
  let hook: MisbehavingServer
  /** Every answer, whole, and what commands printed. */
  let answers = ''
  let env: Record<string, string>

  async function ask(target: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
    const response = await fetch(target, init)
    const text = await response.text()
    answers += `${[...response.headers].join('\n')}\n${text}\n`
    return { status: response.status, text }
  }
  const post = (path: string, key: string, body: string | Buffer, headers: Record<string, string> = {}) =>
    ask(url + path, {
      method: 'POST',
      body: body as NonNullable<RequestInit['body']>,
      headers: { 'x-sekoiaio-intake-key': key, 'x-secret': CONTENT.header, ...headers },
    })
  const raw = (text: string) =>
    new Promise<void>(resolve => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text))
      socket.setTimeout(1000, () => socket.destroy())
      socket.on('data', chunk => {
        answers += chunk
      })
      socket.on('error', () => {}).on('close', () => resolve())
    })
  const admin = (path: string, token: string = SECRETS.adminToken) =>
    ask(adminUrl + path, { headers: { authorization: `Bearer ${token}` } })
  const run = async (...args: string[]) => {
    const { promise, resolve } = Promise.withResolvers<string>()
    execFile(process.execPath, [main, ...args], { env }, (_error, out, err) => resolve(out + err))
    answers += await promise
  }
  const metric = async (pattern: RegExp) => Number(pattern.exec((await admin('/metrics')).text)?.[1] ?? 0)
  const pending = async () => {
    const { text } = await admin('/status')
    const { sinks } = JSON.parse(text) as { sinks: { pendingLines: number }[] }
    return sinks.reduce((sum, { pendingLines }) => sum + pendingLines, 0)
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'security-'))
    dataDir = join(folder, 'data')
    keysFile = join(folder, 'keys')
    writeFileSync(keysFile, `${SECRETS.key}\ndns_logs:${SECRETS.keyOfDns}\n`)
    store = await createFakeBulk()
    hook = await startMisbehavingServer()
    env = {
      PATH: process.env.PATH ?? '',
      DATA_DIR: dataDir,
      PORT: '0',
      ADMIN_PORT: '0',
      INTAKE_KEYS_FILE: keysFile,
      ADMIN_TOKEN: SECRETS.adminToken,
      SINKS: 'file,stdout,elasticsearch,http',
      SPOOL_KEEP_BYTES: '100000000',
      SPOOL_MIN_FREE_BYTES: '0',
      FILE_GZIP: 'true',
      FILE_MAX_BYTES: '1024',
      ELASTICSEARCH_URL: store.url,
      ELASTICSEARCH_API_KEY: SECRETS.apiKey,
      ELASTICSEARCH_SETUP: 'off',
      HTTP_URL: `${hook.url}/${SECRETS.pathOfUrl}`,
      HTTP_HEADERS: `Authorization: Bearer ${SECRETS.httpHeader}`,
      LOG_LEVEL: 'trace',
      WORKERS: '1',
    }
    child = spawn('sh', ['-c', `umask ${umask}; exec "$0" "$@"`, process.execPath, main, 'serve'], { env })
    child.stderr?.on('data', chunk => {
      stderr += chunk
    })
    child.stdout?.on('data', chunk => {
      stdout += chunk
    })
    await vi.waitFor(() => expect(stderr).toContain('takes batches'), SOON)
    const ready = JSON.parse(stderr.split('\n').find(line => line.includes('takes batches')) ?? '{}')
    url = ready.url
    adminUrl = ready.adminUrl
  })
  afterAll(async () => {
    if (child.exitCode === null) child.kill('SIGKILL')
    await store.stop()
    await hook.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('takes good batches and refuses all kinds of bad ones, while sinks are down and others echo what they are sent', async () => {
    await store.stop()
    await hook.refuse()
    const line = JSON.stringify({ ClientIP: '192.0.2.1', EdgeStartTimestamp: 1, text: CONTENT.line })
    const refused = JSON.stringify({ ClientIP: '192.0.2.2', EdgeStartTimestamp: 1, text: CONTENT.lineRefused })
    const bodies = [line, refused, `{"text":"${CONTENT.lineOfNoJson}`]
    expect((await post('/plain/batch', SECRETS.key, gzipSync(`${bodies.join('\n')}\n`))).status).toBe(200)
    expect((await post('/plain/batch', SECRETS.key, gzipSync(`${bodies.join('\n')}\n`))).status).toBe(200)
    expect((await post('/plain/batch?dataset=dns_logs', SECRETS.keyOfDns, bodies.join('\n'))).status).toBe(200)
    expect((await post(`/plain?intake_key=${encodeURIComponent(SECRETS.key)}`, SECRETS.key, line)).status).toBe(200)
    const basic = `Basic ${Buffer.from(`:${SECRETS.key}`).toString('base64')}`
    expect((await ask(`${url}/plain`, { method: 'POST', body: line, headers: { authorization: basic } })).status).toBe(
      200,
    )
    const wrapped = (key: string) => JSON.stringify({ intake_key: key, jsons: [line, CONTENT.line] })
    expect((await post('/batch', '', wrapped(SECRETS.key))).status).toBe(200)
    const array = JSON.stringify([SECRETS.key, SECRETS.keyOfDns].map(key => ({ intake_key: key, json: line })))
    expect((await post('/array', '', array)).status).toBe(200)

    for (let i = 0; i < 20; i++) await post('/plain/batch', SECRETS.unknownKey, line)
    for (let i = 0; i < 20; i++) await post('/batch', '', wrapped(SECRETS.unknownKey))
    await post('/plain/batch', SECRETS.key, Buffer.concat([gzipSync(line).subarray(0, 30), Buffer.from(CONTENT.line)]))
    await post('/jsons', SECRETS.key, `[{"text":"${CONTENT.line}"`)
    await post('/jsons', SECRETS.key, `{"${CONTENT.line}":1}`)
    await post('/many?path=x', SECRETS.key, `{"${CONTENT.line}":1}`)
    await post('/array', '', `[{"intake_key":"${SECRETS.key}","${CONTENT.line}":1}]`)
    await post('/array', '', `[{"intake_key":"${SECRETS.key}","json":1,"timestamp":"${CONTENT.line}"}]`)
    for (const secret of [SECRETS.key, SECRETS.unknownKey]) {
      const encoded = encodeURIComponent(secret)
      await post(`/plain/batch?dataset=${encoded}`, SECRETS.key, line)
      await post(`/plain/batch?tags=dataset:${encoded}`, SECRETS.key, line)
      await post(`/plain/batch/${encoded}`, SECRETS.key, line)
      await post(`/nothing/${encoded}?intake_key=${encoded}`, SECRETS.key, line)
      await post('/plain/batch', SECRETS.key, line, { 'x-logpush-dataset': secret })
      await post('/plain/batch', SECRETS.key, line, { 'content-encoding': secret })
      await post('/plain/batch', SECRETS.key, line, { 'x-sekoiaio-event-timestamp': secret })
      await post('/plain/batch', secret, line, { 'content-type': secret, 'user-agent': secret, referer: secret })
      await ask(`${url}/plain/batch?intake_key=${encoded}`)
      await raw(`POST /%zz?intake_key=${encoded} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      await raw(`POST /plain HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${secret}\r\n${secret}\r\n\r\n`)
      await raw(`${secret} /plain HTTP/1.1\r\nHost: x\r\n\r\n`)
      await raw(`POST /plain HTTP/1.1\r\nHost: x\r\nX: ${secret.repeat(2000)}\r\n\r\n`)
      await raw(`CONNECT ${encoded}:443 HTTP/1.1\r\nHost: x\r\n\r\n`)
      await raw(`POST /plain HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${secret}\r\nExpect: ${secret}\r\n\r\n`)
      await admin(`/${encoded}`, secret)
      await admin('/status', secret)
    }
    await post(`/plain/batch/x?y=${CONTENT.query}`, SECRETS.key, line)
    await post(`/${CONTENT.path}`, SECRETS.key, line)
    await post('/plain/batch', SECRETS.key, line, { 'content-encoding': CONTENT.header })

    // The store takes all but one line, for which it repeats whatever it was sent; the other side repeats it in every way.
    const echo = () =>
      JSON.stringify({
        error: { reason: `${JSON.stringify(store.requests.at(-1)?.headers)} ApiKey ${SECRETS.apiKey}`, type: 'x' },
      })
    await store.start()
    store.onItem = ({ text }) =>
      text.includes(CONTENT.lineRefused)
        ? { status: 400, error: { type: 'mapper_parsing_exception', reason: `ApiKey ${SECRETS.apiKey}` } }
        : undefined
    let failures = 2
    store.onReply = reply => {
      if (failures-- > 0) return json(failures === 1 && thorough ? 403 : 500, echo())
      return { ...reply, headers: { ...reply.headers, warning: `299 x "${SECRETS.apiKey}"` } }
    }
    let turn = 0
    hook.behave((socket, request) => {
      // What an operator must mend is tried again after half a minute only.
      const statuses = thorough ? [401, 500, 429, 400, 422, 413, 302] : [500, 429, 400, 422]
      const status = statuses[turn++]
      const headers = { location: `/${SECRETS.pathOfUrl}`, 'retry-after': '0' }
      const repeated = JSON.stringify({ ...request.headers, path: request.path })
      if (status === undefined) answer(200)(socket, request)
      else answer(status, headers, repeated)(socket, request)
    })
    await hook.listen()
    await expect.poll(pending, { ...SOON, timeout: 120_000 }).toBe(0)
    expect(turn).toBeGreaterThan(3)
    expect(await metric(/intake_events_total\{sink="elasticsearch",outcome="dead_lettered"\} (\d+)/)).toBeGreaterThan(0)

    store.onItem = () => undefined
    await run('dead-letters', 'list')
    await run('dead-letters', 'list', '--json')
    await run('dead-letters', 'redrive')
    await run('replay', '--sink', 'http')
    await run('replay', '--sink', 'elasticsearch')
    await expect.poll(pending, { ...SOON, timeout: 120_000 }).toBe(0)

    writeFileSync(keysFile, `${SECRETS.rotatedKey}\n`)
    await expect.poll(async () => (await post('/plain', SECRETS.rotatedKey, 'x')).status, SOON).toBe(200)
    expect((await post('/plain', SECRETS.key, 'x')).status).not.toBe(200)
    writeFileSync(keysFile, `${SECRETS.rotatedKey} with blanks\n`)
    await expect.poll(() => stderr, SOON).toContain('is not usable')
    for (const path of ['/metrics', '/status', '/openapi.json', '/openapi.yaml', '/docs/', '/livez']) await admin(path)
    await expect.poll(pending, SOON).toBe(0)
  })

  it('has modes that let nobody else in, whatever the umask', async () => {
    const wrong: string[] = []
    let files = 0
    const look = (path: string) => {
      const stat = statSync(path)
      const mode = stat.mode & 0o7777
      const expected = expectedMode(relative(dataDir, path), stat)
      if (mode !== expected) wrong.push(`${relative(dataDir, path)}: ${mode.toString(8)}, not ${expected.toString(8)}`)
      if (stat.isDirectory()) for (const name of readdirSync(path)) look(join(path, name))
      else files++
    }
    // A finished file is compressed and removed while this looks on.
    await sleep(500)
    look(dataDir)
    expect(wrong).toEqual([])
    expect(files).toBeGreaterThan(10)
  })

  it('stops with exit code 0', async () => {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    expect((await exited)[0]).toBe(0)
    await run('dead-letters', 'list')
  })

  it('has printed and answered much, and nowhere a secret', () => {
    expect(stderr).toContain('"level":20')
    expect(stderr.split('\n').length).toBeGreaterThan(30)
    expect(answers.length).toBeGreaterThan(20_000)
    expect(found(stderr, SECRETS)).toEqual([])
    expect(found(answers, SECRETS)).toEqual([])
    expect(found(stdout, SECRETS)).toEqual([])
  })

  it('has told the content of requests to the sinks and to nobody else', () => {
    for (const text of [CONTENT.line, CONTENT.lineRefused, CONTENT.lineOfNoJson]) expect(stdout).toContain(text)
    expect(found(stdout, { header: CONTENT.header, query: CONTENT.query, path: CONTENT.path })).toEqual([])
    expect(found(stderr, CONTENT)).toEqual([])
    expect(found(answers, CONTENT)).toEqual([])
  })

  it('has left no secret in the data folder', () => {
    const texts = readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
    expect(texts.length).toBeGreaterThan(10)
    for (const path of texts) expect(found(path + readFileSync(path, 'latin1'), SECRETS), path).toEqual([])
  })
})

it('shows neither the new key nor the path of a URL at the first start', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'security-'))
  const env = {
    PATH: process.env.PATH,
    DATA_DIR: join(folder, 'data'),
    PORT: '0',
    ADMIN_PORT: '0',
    SINKS: 'http,elasticsearch',
    HTTP_URL: `http://127.0.0.1:9/${SECRETS.pathOfUrl}`,
    ELASTICSEARCH_URL: `http://127.0.0.1:9/${SECRETS.pathOfUrl}`,
    WORKERS: '1',
    LOG_LEVEL: 'trace',
  }
  const child = spawn(process.execPath, [main, 'serve'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const exited = once(child, 'exit')
  try {
    await expect.poll(() => stderr, SOON).toContain('takes batches')
    expect(stderr).toContain('Events: at http://127.0.0.1:9')
    const key = readFileSync(join(folder, 'data/intake-keys'), 'utf8').trim()
    const url = /listens on (\S+),/.exec(stderr)?.[1]
    const headers = { 'x-sekoiaio-intake-key': key }
    expect((await fetch(`${url}/plain`, { method: 'POST', headers, body: 'x' })).status).toBe(200)
    await expect.poll(() => stderr.match(/"level":(?:40|50)/g)?.length ?? 0, SOON).toBeGreaterThan(1)
    expect(found(stderr, { key, pathOfUrl: SECRETS.pathOfUrl })).toEqual([])
  } finally {
    child.kill('SIGKILL')
    await exited
    await rm(folder, { recursive: true, force: true })
  }
})

/** Events are for whoever FILE_MODE says (by default the group as well); all else is for the service alone. */
function expectedMode(path: string, stat: Stats): number {
  if (stat.isDirectory()) return 0o700
  return /^events\/.*\.ndjson(?:\.gz)?$/.test(path) ? 0o640 : 0o600
}
