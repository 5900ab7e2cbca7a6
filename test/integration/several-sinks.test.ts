import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { request } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { httpRequestLines } from '../../bench/records.ts'
import { type Service, startService } from '../../bench/service.ts'
import { goldenFiles } from '../golden/golden.ts'
import { createFakeBulk, type FakeBulk } from '../helpers/fake-bulk.ts'

const SOON = { timeout: 60_000, interval: 50 }
const SECRET = 'a-secret-of-the-store'
const services: Service[] = []
let store: FakeBulk

beforeEach(async () => {
  store = await createFakeBulk()
})
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop()
  await store.stop().catch(() => {})
})

async function start(env: Record<string, string>): Promise<Service> {
  const service = await startService({ SPOOL_MIN_FREE_BYTES: '0', WORKERS: '2', ...env })
  services.push(service)
  return service
}

/** Two intakes, of which the first forwards lines to the second. */
async function startForwarding(env: Record<string, string>) {
  const second = await start({ SINKS: 'file' })
  const first = await start({
    HTTP_URL: `${second.url}/plain/batch`,
    HTTP_FORMAT: 'lines',
    HTTP_HEADERS: `X-SEKOIAIO-INTAKE-KEY: ${second.key}`,
    ...env,
  })
  return { first, second }
}

async function send(service: Service, body: Buffer | string, path = '/plain/batch'): Promise<number> {
  const answer = await request(`${service.url}${path}`, {
    method: 'POST',
    headers: { 'x-sekoiaio-intake-key': service.key, 'content-encoding': 'gzip' },
    body: gzipSync(body),
  })
  await answer.body.dump()
  return answer.statusCode
}

const pending = (service: Service, sink: string) => service.metric('intake_pending_lines', { sink })

/** The events that the file sink wrote, in the order of their texts. */
function eventsOf(service: Service): string[] {
  return globSync(join(service.dataDir, 'events/*/*.ndjson'))
    .flatMap(file => readFileSync(file, 'utf8').trimEnd().split('\n'))
    .sort()
}

describe('an intake that forwards lines to another intake', () => {
  it('makes the same events there, whatever the lines are', async () => {
    const { first, second } = await startForwarding({ SINKS: 'file,http' })
    const lines = goldenFiles().map(({ golden }) => golden.line)
    const odd = [
      '{"no":"dataset"}',
      'no json',
      '[1]',
      `{"a":${'['.repeat(50)}${']'.repeat(50)}}`,
      '{"EdgeStartTimestamp":0}',
    ]
    expect(
      await send(
        first,
        Buffer.concat([Buffer.from([...lines, ...odd, ''].join('\n')), Buffer.from([0x22, 0xff, 0x22])]),
      ),
    ).toBe(200)
    expect(
      await send(first, `${lines.filter(line => line.includes('QueryName')).join('\n')}\n`, '/plain/batch/dns_logs'),
    ).toBe(200)
    await expect.poll(() => pending(first, 'http'), SOON).toBe(0)
    await expect.poll(() => pending(first, 'file'), SOON).toBe(0)
    await expect.poll(() => pending(second, 'file'), SOON).toBe(0)
    expect(eventsOf(second)).toEqual(eventsOf(first))
    expect(eventsOf(first).length).toBeGreaterThan(lines.length)
  })
})

describe('an intake that forwards lines which look like something else there', () => {
  it('has them all there: equal lines of several pieces and batches, and one like an upload test', async () => {
    const { first, second } = await startForwarding({ SINKS: 'http', DUPLICATE_WINDOW_SECONDS: '0' })
    const line = '{"QueryName":"a.example","ResponseCode":0}'
    for (let turn = 0; turn < 2; turn++) expect(await send(first, `${line}\n`)).toBe(200)
    expect(await send(first, `${line}\n{"content":"tests"}\n`)).toBe(200)
    expect(await send(first, `${line}\n`.repeat(60_000))).toBe(200)
    await expect.poll(() => pending(first, 'http'), SOON).toBe(0)
    await expect.poll(() => pending(second, 'file'), SOON).toBe(0)
    expect(await second.metric('intake_received_lines_total')).toBe(60_004)
  })
})

describe('several sinks at once', () => {
  it('each have their own pace: one that is down holds nobody, and its lag shows', async () => {
    const url = store.url
    await store.stop()
    const service = await start({
      SINKS: 'file,elasticsearch',
      ELASTICSEARCH_URL: url,
      ELASTICSEARCH_SETUP: 'off',
      ELASTICSEARCH_API_KEY: SECRET,
    })
    for (let seed = 0; seed < 20; seed++)
      expect(await send(service, httpRequestLines(100, { seed }).join('\n'))).toBe(200)
    await expect.poll(() => pending(service, 'file'), SOON).toBe(0)
    expect(await pending(service, 'elasticsearch')).toBe(2_000)
    await expect
      .poll(() => service.metric('intake_spool_oldest_age_seconds', { sink: 'elasticsearch' }), SOON)
      .toBeGreaterThan(0.5)
    expect(await service.metric('intake_spool_oldest_age_seconds', { sink: 'file' })).toBe(0)
    expect(await service.metric('intake_sink_attempts_total', { sink: 'elasticsearch', outcome: 'ok' })).toBe(0)
    await store.start()
    await expect.poll(() => pending(service, 'elasticsearch'), SOON).toBe(0)
    expect(store.stored.get('logs-cloudflare.http_requests-default')?.size).toBe(2_000)
    expect(service.log()).not.toContain(SECRET)
    expect(service.log()).not.toContain(service.key)
  })

  it('fill the spool when one stays down, and the intake takes batches again when it is back', async () => {
    const url = store.url
    await store.stop()
    const service = await start({
      SINKS: 'file,elasticsearch',
      ELASTICSEARCH_URL: url,
      ELASTICSEARCH_SETUP: 'off',
      SPOOL_MAX_BYTES: '1048576',
      MAX_BODY_BYTES: '1048576',
    })
    let accepted = 0
    const post = async () => {
      const status = await send(service, httpRequestLines(400, { seed: accepted }).join('\n'))
      if (status === 200) accepted++
      return status
    }
    await expect.poll(post, SOON).toBe(503)
    await expect.poll(() => pending(service, 'file'), SOON).toBe(0)
    await store.start()
    await expect.poll(post, SOON).toBe(200)
    await expect.poll(() => pending(service, 'elasticsearch'), SOON).toBe(0)
    expect(store.stored.get('logs-cloudflare.http_requests-default')?.size).toBe(accepted * 400)
    expect(eventsOf(service).length).toBe(accepted * 400)
  })
})
