import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type App, buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config.ts'
import { registry } from '../src/datasets/index.ts'
import { StartError } from '../src/errors.ts'

const KEY = 'test-key'
const sample = readFileSync(join(import.meta.dirname, '../examples/audit-logs.ndjson.gz'))
const names = registry.map(dataset => dataset.name)

let dir: string
const running = new Set<App>()

async function start(env: Record<string, string> = {}) {
  const { config } = loadConfig(
    { DATA_DIR: dir, PORT: '0', ADMIN_PORT: '0', INTAKE_KEYS: KEY, WORKERS: '1', SPOOL_MIN_FREE_BYTES: '0', ...env },
    names,
  )
  const fail = () => {
    throw new Error('must not be called')
  }
  const app = buildApp(config, { log: pino({ enabled: false }), version: '0', keysFile: fail, onFault: fail })
  running.add(app)
  const { url, adminUrl } = await app.start()
  const metricLines = async (name: string) => {
    const text = await (await fetch(`${adminUrl}/metrics`)).text()
    return text.split('\n').filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  }
  return {
    app,
    url,
    post: (body: Uint8Array | string, path = '/plain/batch') =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'x-sekoiaio-intake-key': KEY },
        body: body as NonNullable<RequestInit['body']>,
      }),
    metricLines,
    metric: async (name: string) =>
      (await metricLines(name)).reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0),
    status: async () => (await fetch(`${adminUrl}/status`)).json() as Promise<Record<string, unknown>>,
  }
}

const events = () =>
  globSync(join(dir, 'events/*/*.ndjson')).flatMap(file => readFileSync(file, 'utf8').trimEnd().split('\n'))

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'app-'))
})
afterEach(async () => {
  await Promise.all([...running].map(app => app.stop()))
  running.clear()
  await rm(dir, { recursive: true, force: true })
})

describe('the service', () => {
  it('takes a batch, answers with its ids, and the events are in the file', async () => {
    const service = await start()
    const answer = await service.post(sample)
    expect(answer.status).toBe(200)
    const { event_ids: ids } = (await answer.json()) as { event_ids: string[] }
    expect(new Set(ids).size).toBe(5)
    await expect.poll(events).toHaveLength(5)
    expect(await service.metric('intake_received_lines_total')).toBe(5)
    expect(await service.metric('intake_events_total')).toBe(5)
    expect(await service.metric('intake_pending_lines')).toBe(0)
    expect(await service.status()).toMatchObject({ accepting: 'yes', sinks: [{ name: 'file', pendingLines: 0 }] })
  })

  it('puts the ids of the answer into the events where EVENT_ID_FIELD names a field', async () => {
    const service = await start({ EVENT_ID_FIELD: 'labels.intake_id' })
    const { event_ids: ids } = (await (await service.post(sample)).json()) as { event_ids: string[] }
    await expect.poll(events).toHaveLength(5)
    expect(events().map(event => JSON.parse(event).labels.intake_id)).toEqual(ids)
  })

  it('counts what DROP_DATASETS leaves out as filtered', async () => {
    const service = await start({ DROP_DATASETS: 'audit_logs' })
    await service.post(sample)
    await service.post('{"QueryName":"a.example.","QueryType":1,"ResponseCode":0,"Timestamp":1657233726004000000}')
    await expect.poll(events).toHaveLength(1)
    await expect.poll(() => service.metric('intake_events_total')).toBe(6)
    expect(await service.metric('intake_pending_lines')).toBe(0)
  })

  it('costs no other line for a bad one', async () => {
    const service = await start()
    await service.post('{"a":1\n{"__proto__":{"x":1},"QueryName":"a.example"}\n[1]\n{"content":"tests"}\n')
    await expect.poll(events).toHaveLength(4)
    expect(events().map(event => JSON.parse(event).error?.code)).toEqual([
      'not_json',
      undefined,
      'not_object',
      undefined,
    ])
    expect(await service.metric('intake_bad_lines_total')).toBe(2)
    expect(events()[1]).toContain('"__proto__":{"x":1}')
  })

  it('accepts while its sink is down, and a later start delivers what was kept', async () => {
    await writeFile(join(dir, 'blocked'), '')
    const blocked = { FILE_DIR: join(dir, 'blocked/events'), SHUTDOWN_SECONDS: '0' }
    const first = await start(blocked)
    expect((await first.post(sample)).status).toBe(200)
    expect(await first.metric('intake_pending_lines')).toBe(5)
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200)
    await first.app.stop()

    const second = await start()
    expect(await second.metric('intake_recovered_lines_total')).toBe(5)
    await expect.poll(events).toHaveLength(5)
    const repeat = await second.post(sample)
    expect(repeat.status).toBe(200)
    expect(events()).toHaveLength(5)
  })

  it('finishes an upload that was under way when it was told to stop', async () => {
    const service = await start()
    const { hostname, port } = new URL(service.url)
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('data', chunk => {
      answer += chunk
    })
    const head = `POST /plain/batch HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${KEY}\r\nContent-Length: ${sample.length}\r\n\r\n`
    socket.write(head)
    socket.write(sample.subarray(0, 100))
    await expect.poll(() => service.status()).toBeDefined()
    const stopped = service.app.stop()
    socket.write(sample.subarray(100))
    await stopped
    expect(answer).toMatch(/^HTTP\/1.1 200 /)
  })

  it('stops within its time although a connection never ends its TLS handshake', async () => {
    const tls = join(import.meta.dirname, 'http/tls')
    const service = await start({
      TLS_CERT_FILE: join(tls, 'first-cert.pem'),
      TLS_KEY_FILE: join(tls, 'first-key.pem'),
      SHUTDOWN_SECONDS: '1',
    })
    const { hostname, port } = new URL(service.url)
    const socket = connect(Number(port), hostname).on('error', () => {})
    const closed = new Promise(resolve => socket.once('close', () => resolve('closed')))
    await new Promise(resolve => socket.once('connect', resolve))
    // The handshake itself may take ten seconds.
    const late = new AbortController()
    const waited = sleep(5000, 'waited', { signal: late.signal }).catch(() => {})
    expect(await Promise.race([service.app.stop().then(() => closed), waited])).toBe('closed')
    late.abort()
  })

  it('stops at once where its sink is down and nothing waits for it', async () => {
    await writeFile(join(dir, 'blocked'), '')
    const service = await start({ FILE_DIR: join(dir, 'blocked/events'), SHUTDOWN_SECONDS: '3600' })
    await service.app.stop()
  })

  it('has every counter of the promise from the first scrape on', async () => {
    const service = await start()
    for (const name of ['recovered_lines', 'redriven_lines', 'replayed_lines', 'events', 'received_lines']) {
      expect(await service.metricLines(`intake_${name}_total`)).not.toEqual([])
    }
  })

  it('refuses to start on a folder or a port that is in use, with one sentence, and leaves nothing open', async () => {
    const first = await start()
    await expect(start()).rejects.toThrow(StartError)
    const port = new URL(first.url).port
    const other = await mkdtemp(join(tmpdir(), 'app-'))
    await expect(start({ DATA_DIR: other, PORT: port })).rejects.toThrow(`The port ${port} on 127.0.0.1 is in use`)
    const third = await start({ DATA_DIR: other })
    expect((await third.post(sample)).status).toBe(200)
    await third.app.stop()
    await rm(other, { recursive: true })
  })

  it('delivers to several sinks, each with its own counters', async () => {
    const service = await start({ SINKS: 'file,stdout' })
    await service.post('{"QueryName":"a.example.","QueryType":1,"ResponseCode":0,"Timestamp":1657233726004000000}')
    await expect.poll(events).toHaveLength(1)
    await expect.poll(() => service.metric('intake_events_total')).toBe(2)
    await expect.poll(() => service.status()).toMatchObject({ spool: { batches: 0 } })
  })
})
