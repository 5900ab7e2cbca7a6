import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { request } from 'undici'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { httpRequestLines } from '../../bench/records.ts'
import { type Service, startService } from '../../bench/service.ts'
import { registry } from '../../src/datasets/index.ts'
import { goldenFiles } from '../golden/golden.ts'
import { type CrashingStore, createCrashingStore } from '../helpers/crashing-store.ts'
import { type Store, startStore, stores } from '../helpers/servers.ts'

const main = join(import.meta.dirname, '../../src/main.ts')
/** The minute, by hand; CI has less time. */
const OUTAGE_MS = Number(process.env.OUTAGE_SECONDS ?? 8) * 1000
const SEARCHED = { timeout: 60_000, interval: 250 }

interface Hits {
  readonly total: number
  readonly sources: readonly Record<string, unknown>[]
}

for (const kind of stores) {
  describe.skipIf(kind.skipped)(`the service with ${kind.name}`, () => {
    let server: Store
    let store: CrashingStore
    let dataDir: string
    let service: Service | undefined

    beforeAll(async () => {
      server = await startStore(kind.name)
      store = await createCrashingStore(server)
    })
    afterAll(async () => {
      await store?.close()
      await server?.stop()
    })
    beforeEach(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'stores-'))
    })
    afterEach(async () => {
      await service?.kill()
      service = undefined
      await call('DELETE', '/_data_stream/logs-*').catch(() => {})
      await rm(dataDir, { recursive: true, force: true })
    })

    /** The body of an answer that is no error. */
    const call = async (method: string, path: string, body?: object) => {
      const answer = await store.ask(method, path, body)
      if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer.body
    }
    const search = async (query: object, stream = 'logs-*'): Promise<Hits> => {
      await call('POST', `/${stream}/_refresh?ignore_unavailable=true&expand_wildcards=all`)
      const { hits } = await call('POST', `/${stream}/_search?ignore_unavailable=true`, {
        query,
        size: 50,
        track_total_hits: true,
      })
      return { total: hits.total.value, sources: hits.hits.map((hit: { _source: object }) => hit._source) }
    }
    const count = async (query: object = { match_all: {} }, stream = 'logs-*') => (await search(query, stream)).total
    const start = async (env: Record<string, string> = {}) => {
      service = await startService({
        DATA_DIR: dataDir,
        SINKS: 'elasticsearch',
        ELASTICSEARCH_URL: store.url,
        ELASTICSEARCH_SETUP: 'auto',
        SPOOL_MIN_FREE_BYTES: '0',
        WORKERS: '2',
        ...env,
      })
      return service
    }
    const send = async (lines: readonly string[], path = '/plain/batch') => {
      const answer = await request(`${service!.url}${path}`, {
        method: 'POST',
        headers: { 'x-sekoiaio-intake-key': service!.key, 'content-encoding': 'gzip' },
        body: gzipSync(lines.map(line => `${line}\n`).join('')),
      })
      await answer.body.dump()
      return answer.statusCode
    }
    const settled = () =>
      expect.poll(() => service!.metric('intake_pending_lines', { sink: 'elasticsearch' }), SEARCHED).toBe(0)
    const intake = (...args: string[]) =>
      promisify(execFile)(process.execPath, [main, ...args], {
        env: {
          PATH: process.env.PATH,
          DATA_DIR: dataDir,
          SINKS: 'elasticsearch',
          ELASTICSEARCH_URL: store.url,
        },
      })

    it('takes published cases and every dataset, searchable by ECS fields; a batch sent three times is there once', async () => {
      await start({ DUPLICATE_WINDOW_SECONDS: '0' })
      const lines = goldenFiles().map(({ golden }) => golden.line)
      for (let turn = 0; turn < 3; turn++) expect(await send(lines)).toBe(200)
      await settled()
      expect(await service!.metric('intake_events_total', { outcome: 'dead_lettered' })).toBe(0)
      expect(await count()).toBe(lines.length)
      for (const { name } of registry) {
        expect(
          await count({ term: { 'event.dataset': datasetField(name) } }, `logs-cloudflare.${name}-default`),
          name,
        ).toBeGreaterThan(0)
      }
      const audit = 'logs-cloudflare.audit_logs-default'
      expect(await count({ term: { 'source.ip': '78.197.123.0/24' } }, audit)).toBeGreaterThan(0)
      expect(await count({ term: { 'user.email': 'john.doe@example.org' } }, audit)).toBeGreaterThan(0)
      expect(await count({ range: { '@timestamp': { gte: '2023-01-01', lt: '2024-01-01' } } }, audit)).toBeGreaterThan(
        0,
      )
      const [event] = (await search({ match_all: {} }, audit)).sources as {
        event: Record<string, string>
        data_stream: object
      }[]
      expect(Math.abs(Date.parse(event!.event.ingested as string) - Date.now())).toBeLessThan(300_000)
      expect(event!.data_stream).toEqual({ type: 'logs', dataset: 'cloudflare.audit_logs', namespace: 'default' })
    })

    it('loses one of ten thousand to a strict mapping, as a dead letter with the reason, and brings it in after a fix', async () => {
      const index = 'own-dns_logs'
      const question = { dynamic: 'strict', properties: { name: { type: 'keyword' } } }
      const mappings = { dynamic: false, properties: { dns: { properties: { question } } } }
      await store.ask('DELETE', `/${index}`)
      await call('PUT', `/${index}`, { mappings })
      await start({ ELASTICSEARCH_INDEX: 'own-{dataset}', ELASTICSEARCH_SETUP: 'check', KEEP_ORIGINAL: 'false' })
      const lines = Array.from({ length: 10_000 }, (_, n) => JSON.stringify({ QueryName: `q${n}`, ResponseCode: 0 }))
      lines[5_000] = JSON.stringify({ QueryName: 'q5000', ResponseCode: 0, QueryType: 1 })
      expect(await send(lines, '/plain/batch/dns_logs')).toBe(200)
      await settled()
      expect(await count({ match_all: {} }, index)).toBe(9_999)
      const list = async () => (await intake('dead-letters', 'list')).stdout
      expect(JSON.parse(await list())).toMatchObject({ sink: 'elasticsearch', reason: 'mapping', rows: 1 })
      const shown = JSON.parse((await intake('dead-letters', 'show')).stdout)
      expect(shown).toMatchObject({ dataset: 'dns_logs', original: lines[5_000], line: 5_000 })
      expect(shown.detail).toContain('strict')
      await call('PUT', `/${index}/_mapping`, {
        properties: { dns: { properties: { question: { properties: { type: { type: 'keyword' } } } } } },
      })
      await intake('dead-letters', 'redrive')
      await settled()
      expect(await count({ match_all: {} }, index)).toBe(10_000)
      expect(await list()).toBe('')
      expect(await service!.metric('intake_redriven_lines_total')).toBe(1)
    })

    it('neither loses nor doubles anything while the server is stopped and started again under load', async () => {
      await start({ DUPLICATE_WINDOW_SECONDS: '0' })
      const stream = 'logs-cloudflare.http_requests-default'
      let sent = 0
      const statuses = new Set<number>()
      let isSending = true
      const sending = (async () => {
        while (isSending) {
          const lines = httpRequestLines(50, { seed: ++sent })
          statuses.add(await send(lines, '/plain/batch/http_requests'))
          await new Promise(resolve => setTimeout(resolve, 100))
        }
      })()
      await expect.poll(() => sent, SEARCHED).toBeGreaterThan(20)
      await store.kill()
      await new Promise(resolve => setTimeout(resolve, OUTAGE_MS))
      await store.start()
      await new Promise(resolve => setTimeout(resolve, 2_000))
      isSending = false
      await sending
      expect(statuses).toEqual(new Set([200]))
      await settled()
      expect(await count({ match_all: {} }, stream)).toBe(sent * 50)
      expect(await service!.metric('intake_events_total', { outcome: 'dead_lettered' })).toBe(0)
    })

    it('answers 503 when its spool is full, and recovers by itself', async () => {
      await start({
        ELASTICSEARCH_SETUP: 'check',
        ELASTICSEARCH_INDEX: 'not-there',
        SPOOL_MAX_BYTES: '1048576',
        MAX_BODY_BYTES: '1048576',
      })
      const lines = httpRequestLines(500, { seed: 1 })
      let accepted = 0
      await expect
        .poll(async () => {
          const status = await send([...lines, `{"n":${accepted}}`])
          if (status === 200) accepted++
          return status
        }, SEARCHED)
        .toBe(503)
      expect(accepted).toBeGreaterThan(3)
      expect((await store.ask('HEAD', '/not-there')).status).toBe(404)
      await call('PUT', '/not-there', { mappings: { dynamic: false } })
      await settled()
      expect(await send(lines)).toBe(200)
      await settled()
      expect(await count({ match_all: {} }, 'not-there')).toBe(accepted * 501 + 500)
      await store.ask('DELETE', '/not-there')
    })

    it('replays kept batches over a rollover and after a loss, and nothing doubles', async () => {
      await start({ SPOOL_KEEP_BYTES: '100000000' })
      const stream = 'logs-cloudflare.http_requests-default'
      const lines = httpRequestLines(1_000, { seed: 7 })
      expect(await send(lines, '/plain/batch/http_requests')).toBe(200)
      await settled()
      await call('POST', `/${stream}/_rollover`)
      const replayed = async () => {
        const { stdout } = await intake('replay', '--sink', 'elasticsearch', '--since', '1h')
        await settled()
        return JSON.parse(stdout)
      }
      expect(await replayed()).toMatchObject({ batches: 1, lines: 1_000 })
      expect(await count({ match_all: {} }, stream)).toBe(1_000)
      await call('DELETE', `/_data_stream/${stream}`)
      await replayed()
      expect(await count({ match_all: {} }, stream)).toBe(1_000)
      expect(await service!.metric('intake_replayed_lines_total')).toBe(2_000)
      expect(await service!.metric('intake_received_lines_total')).toBe(1_000)
    })

    it.runIf(kind.name === 'opensearch')('leaves the mapping to an ingest pipeline in profile raw', async () => {
      await call('PUT', '/_ingest/pipeline/own', {
        processors: [
          { json: { field: 'message', target_field: 'parsed' } },
          { rename: { field: 'parsed.QueryName', target_field: 'dns.question.name' } },
          { remove: { field: 'parsed' } },
        ],
      })
      await call('PUT', '/_index_template/of-the-operator', {
        index_patterns: ['logs-cloudflare_logpush.*-*'],
        data_stream: {},
        priority: 200,
        template: { settings: { 'index.default_pipeline': 'own' } },
      })
      await start({ PROFILE: 'raw', ELASTICSEARCH_SETUP: 'check', ELASTICSEARCH_NAMESPACE: 'prod' })
      const line = JSON.stringify({ QueryName: 'a.example', ResponseCode: 0, QueryType: 1, ColoCode: 'AMS' })
      expect(await send([line])).toBe(200)
      await settled()
      const { sources } = await search({ match_all: {} }, 'logs-cloudflare_logpush.dns-prod')
      expect(sources).toMatchObject([
        {
          dns: { question: { name: 'a.example' } },
          message: line,
          data_stream: { type: 'logs', dataset: 'cloudflare_logpush.dns', namespace: 'prod' },
        },
      ])
      await call('DELETE', '/_data_stream/logs-*')
      await call('DELETE', '/_index_template/of-the-operator')
    })

    it('waits while the template is missing, says so, and lets the server make up nothing', async () => {
      await store.ask('DELETE', '/_index_template/logs-cloudflare.*')
      await start({ ELASTICSEARCH_SETUP: 'check' })
      expect(await send(httpRequestLines(10, { seed: 1 }))).toBe(200)
      await expect.poll(() => service!.log(), SEARCHED).toContain('setup elasticsearch')
      expect(Object.keys(await call('GET', '/logs-cloudflare*'))).toEqual([])
      const { stdout } = await intake('setup', 'elasticsearch')
      expect(stdout).toContain('created')
      await settled()
      expect(await count()).toBe(10)
    })
  })
}

const PUBLISHED_NAMES: Readonly<Record<string, string>> = { firewall_events: 'firewall-events' }
const datasetField = (name: string) => PUBLISHED_NAMES[name] ?? name
