import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { registry } from '../../src/datasets/index.ts'
import type { Json, Mapped } from '../../src/mapper/types.ts'
import { isObject } from '../../src/mapper/value.ts'
import { checkTemplate } from '../../src/templates/check.ts'
import { installTemplates } from '../../src/templates/install.ts'
import type { Naming } from '../../src/templates/naming.ts'
import { detectServer } from '../../src/templates/server.ts'
import { DOCUMENTED } from '../datasets/documented.ts'
import { samplesOfType } from '../datasets/samples.ts'
import { goldenFiles } from '../golden/golden.ts'
import { type Store, startStore, stores } from '../helpers/servers.ts'
import { hostileLines, strangeLines } from '../templates/hostile-lines.ts'
import { elasticsearchRefusal, openSearchRefusal } from '../templates/refusals.ts'
import { mapTexts, type Refused, store, withoutCloudflare } from '../templates/store.ts'

const STREAMS: Naming = { kind: 'data-streams', namespace: 'default' }
const EVERYTHING = { additions: 'on', message: 'description' } as const
const SEARCHED: Naming = { kind: 'data-streams', namespace: 'searched' }
const ID_FIELD = 'labels.intake_id'
const RANDOM = 40
const datasets = registry.map(({ name }) => name)

const refusals = { elasticsearch: elasticsearchRefusal, opensearch: openSearchRefusal }

/** Records as Cloudflare documents them. */
function documentedLines(dataset: string): string[] {
  const samples = DOCUMENTED[dataset]!.filter(({ status }) => status !== 'other spelling').map(({ name, type }, n) => {
    const values = samplesOfType(n, type)
    return {
      name,
      values: type === 'array[object]' ? values.filter(value => (value as Json[]).every(isObject)) : values,
    }
  })
  const most = Math.max(...samples.map(({ values }) => values.length))
  return Array.from({ length: most }, (_, at) =>
    JSON.stringify(Object.fromEntries(samples.map(({ name, values }) => [name, values[at % values.length]]))),
  )
}

/** Short, for a failure to be read. */
const summary = (refused: readonly Refused[]) =>
  refused.map(({ mapped, reason }) => `${mapped.dataset}: ${reason} ${JSON.stringify(mapped.event).slice(0, 200)}`)

/** What a `constant_keyword` took from the first event is written into the mapping. */
const withoutValues = (mapping: object): unknown =>
  JSON.parse(JSON.stringify(mapping, (key, value) => (key === 'value' ? undefined : value)))

for (const { name, skipped } of stores)
  describe.skipIf(skipped)(`the templates on ${name}`, () => {
    const refusal = refusals[name]
    let server: Store
    const install = async (naming: Naming = STREAMS) =>
      installTemplates(server.ask, { server: await detectServer(server.ask), naming, eventIdField: ID_FIELD })
    const count = async (index: string, query: object) => {
      await server.ask('POST', `/${index}/_refresh`)
      return (await server.ask('POST', `/${index}/_count`, { query })).body.count as number
    }

    beforeAll(async () => {
      server = await startStore(name, { security: name === 'elasticsearch' })
    })
    afterAll(async () => {
      await server?.stop()
    })

    it('are installed once; setting up again changes nothing', async () => {
      expect(await checkTemplate(server.ask, STREAMS, 'dns_logs')).toBe('missing')
      const first = await install()
      expect(first.created).toHaveLength(40)
      for (const dataset of [...datasets, 'unknown']) {
        expect(await checkTemplate(server.ask, STREAMS, dataset)).toBe('present')
      }
      const templates = await server.ask('GET', '/_index_template/logs-cloudflare.*')
      const second = await install()
      expect(second).toMatchObject({ created: [], updated: [], left: [] })
      expect(second.unchanged).toHaveLength(40)
      expect(await server.ask('GET', '/_index_template/logs-cloudflare.*')).toEqual(templates)
    })

    it('take every record that Cloudflare documents, and the published ones', async () => {
      const published = readFileSync(new URL('../golden/published.ndjson', import.meta.url), 'utf8')
        .trim()
        .split('\n')
      const cases = published.map(line => JSON.parse(line) as { dataset: string; raw: string })
      const lines = [
        ...goldenFiles().map(({ dataset, golden }) => ({ dataset, line: golden.line })),
        ...cases.map(({ dataset, raw }) => ({ dataset, line: raw })),
        ...datasets.flatMap(dataset => documentedLines(dataset).map(line => ({ dataset, line }))),
      ]
      const events = lines.flatMap(({ dataset, line }) => [
        ...mapTexts([line], dataset),
        ...mapTexts([line], dataset, EVERYTHING),
      ])
      expect(events.length).toBeGreaterThan(1500)
      expect(summary(await store(server, STREAMS, events))).toEqual([])
    })

    /** Refused are exactly the predicted ones, and none without its cloudflare. */
    async function expectPredicted(events: readonly Mapped[], naming = STREAMS): Promise<number> {
      const refused = await store(server, naming, events)
      const byEvent = new Map(refused.map(one => [one.mapped, one]))
      const missed = events.filter(event => !byEvent.has(event) && refusal(event.dataset, event.event) !== undefined)
      const surprises = refused.filter(({ mapped }) => refusal(mapped.dataset, mapped.event) === undefined)
      expect(missed.map(event => refusal(event.dataset, event.event))).toEqual([])
      expect(summary(surprises)).toEqual([])
      const rest = refused.map(({ mapped }) => withoutCloudflare(mapped))
      expect(summary(await store(server, naming, rest))).toEqual([])
      return refused.length
    }

    it('refuse of hostile records exactly what is documented, and that only for their cloudflare', async () => {
      let refused = 0
      for (const dataset of datasets) {
        refused += await expectPredicted(mapTexts(hostileLines(dataset, RANDOM), dataset, EVERYTHING))
      }
      expect(refused).toBeGreaterThan(100)
    })

    it('take strange lines, as records of a dataset and as records of none', async () => {
      expect(await expectPredicted(mapTexts(strangeLines(), 'http_requests'))).toBeGreaterThan(5)
      const ofNone = mapTexts(strangeLines())
      expect(new Set(ofNone.map(({ dataset }) => dataset))).toEqual(new Set(['unknown']))
      // Below an object that is not looked into, only what the parser itself refuses is left.
      expect(await expectPredicted(ofNone)).toBe(name === 'elasticsearch' ? 0 : 2)
      await expectPredicted(mapTexts(hostileLines('dns_logs', RANDOM)))
    })

    it('make events searchable by ECS and by cloudflare fields', async () => {
      const record = {
        EdgeStartTimestamp: '2026-03-04T05:06:07.123456789Z',
        ClientIP: '198.51.100.77',
        ClientRequestUserAgent: 'curl/8.5.0',
        BotScore: 17,
        RequestHeaders: { accept: 'text/html' },
        CacheReserveUsed: true,
      }
      const access = { CreatedAt: '2026-03-04T05:06:07Z', Email: 'ann@example.org', Allowed: true, AppUUID: 'a-b' }
      const events = [
        ...mapTexts([JSON.stringify(record)], 'http_requests', { eventIdField: ID_FIELD }),
        ...mapTexts([JSON.stringify(access)], 'access_requests'),
      ]
      expect(await store(server, SEARCHED, events)).toEqual([])
      const all = 'logs-cloudflare.*-searched'
      const http = 'logs-cloudflare.http_requests-searched'
      const instant = '2026-03-04T05:06:07.123456'
      const found: [string, object, number][] = [
        [all, { match_all: {} }, 2],
        [all, { term: { 'source.ip': '198.51.100.0/24' } }, 1],
        [all, { term: { 'user.email': 'ann@example.org' } }, 1],
        [all, { term: { 'event.dataset': 'http_requests' } }, 1],
        [all, { term: { 'data_stream.dataset': 'cloudflare.http_requests' } }, 1],
        [all, { term: { [ID_FIELD]: 'id-0' } }, 1],
        [all, { match: { message: 'curl' } }, 1],
        [http, { range: { '@timestamp': { gte: `${instant}788Z`, lte: `${instant}790Z` } } }, 1],
        [http, { range: { '@timestamp': { gte: `${instant}790Z` } } }, 0],
        [http, { range: { 'cloudflare.BotScore': { gte: 9, lt: 100 } } }, 1],
        [http, { term: { 'cloudflare.CacheReserveUsed': true } }, 1],
        [http, { term: { 'cloudflare.CacheReserveUsed': false } }, 0],
        [http, { term: { 'cloudflare.RequestHeaders.accept': 'text/html' } }, name === 'elasticsearch' ? 1 : 0],
      ]
      for (const [index, query, hits] of found) expect([query, await count(index, query)]).toEqual([query, hits])
    })

    it('keep the mapping over a rollover, which no event has added to', async () => {
      const stream = 'logs-cloudflare.http_requests-default'
      const { body: rolled } = await server.ask('POST', `/${stream}/_rollover`)
      expect(rolled).toMatchObject({ acknowledged: true, rolled_over: true })
      const { body } = await server.ask('GET', `/${stream}/_mapping`)
      const mapping = (index: string) => withoutValues(body[index].mappings)
      expect(Object.keys(body)).toHaveLength(2)
      expect(mapping(rolled.new_index)).toEqual(mapping(rolled.old_index))
    })

    it.each([
      ['one index for all datasets', { kind: 'index', name: 'all-of-cloudflare' }, 1],
      ['an index for each dataset', { kind: 'index', name: 'cf-{dataset}' }, 38],
    ] as const)('serve %s as well', async (_, naming, templates) => {
      expect((await install(naming)).created).toHaveLength(templates)
      const lines = [JSON.stringify({ ClientIP: '192.0.2.7', BotScore: 1 }), '{"QueryName":{"a":1}}', 'no record']
      const events = [...mapTexts(lines, 'http_requests'), ...mapTexts(['{"ClientIP":7,"a..b":{"":1}}'])]
      expect(await store(server, naming, events)).toEqual([])
      const index = naming.name.replace('{dataset}', 'http_requests')
      expect(await count(index, { term: { 'source.ip': '192.0.2.7' } })).toBe(1)
      expect(await count(index, { term: { 'cloudflare.BotScore': 1 } })).toBe(templates === 1 ? 0 : 1)
      expect((await install(naming)).unchanged).toHaveLength(templates + 2)
    })

    it('take a retention where the server has life cycles, and keep it when set up again', async () => {
      const found = await detectServer(server.ask)
      const first = await installTemplates(server.ask, {
        server: found,
        naming: STREAMS,
        eventIdField: ID_FIELD,
        retention: 30,
      })
      expect(first.updated).toHaveLength(38)
      expect((await install()).unchanged).toHaveLength(40)
      const { body } = await server.ask('GET', '/_index_template/logs-cloudflare.dns_logs')
      const { lifecycle } = body.index_templates[0].index_template.template
      if (name === 'elasticsearch') expect(lifecycle).toMatchObject({ data_retention: '30d' })
      // The minimal distribution has no state policies.
      else expect(first.warnings.join()).toMatch(/^$|No state policy was installed/)
    })

    describe.skipIf(name !== 'elasticsearch')('with the rights that the documentation gives', () => {
      const authorizationOf = async (heading: string) => {
        const text = readFileSync(new URL('../../docs/elasticsearch.md', import.meta.url), 'utf8')
        const role = JSON.parse(text.slice(text.indexOf(heading)).match(/```json\n([\s\S]*?)```/)![1]!) as object
        const key = await server.ask('POST', '/_security/api_key', { name: heading, role_descriptors: { role } })
        return `ApiKey ${key.body.encoded}`
      }
      const as = (authorization: string) => (method: string, path: string, body?: object | string) =>
        server.ask(method, path, body, authorization)

      it('sets up, and cannot do more', async () => {
        const ask = as(await authorizationOf('Setting up:'))
        expect(await checkTemplate(ask, STREAMS, 'dns_logs')).toBe('present')
        const request = { server: await detectServer(ask), naming: STREAMS, retention: 7 } as const
        expect((await installTemplates(ask, request)).updated).toHaveLength(39)
        expect((await ask('POST', '/logs-cloudflare.dns_logs-default/_search')).status).toBe(403)
      })

      it('writes to a data stream that is not there yet, refreshes and looks for ids; cannot set up or delete', async () => {
        const ask = as(await authorizationOf('The service, writing'))
        expect(await detectServer(ask)).toMatchObject({ kind: 'elasticsearch' })
        expect(await checkTemplate(ask, STREAMS, 'dns_logs')).toBe('present')
        const events = mapTexts(['{"QueryName":"a.example"}'], 'dns_logs')
        expect(await store({ ...server, ask }, { kind: 'data-streams', namespace: 'rights' }, events)).toEqual([])
        const stream = '/logs-cloudflare.dns_logs-rights'
        expect((await ask('POST', `${stream}/_refresh`)).status).toBe(200)
        const ids = await ask('POST', `${stream}/_search`, { query: { ids: { values: ['none'] } } })
        expect([ids.status, ids.body.hits.total.value]).toEqual([200, 0])
        const found = await ask('POST', `${stream}/_search`, { query: { match_all: {} } })
        const [hit] = found.body.hits.hits as { _index: string; _id: string }[]
        expect((await ask('DELETE', `/${hit!._index}/_doc/${hit!._id}`)).status).toBe(403)
        expect((await ask('PUT', '/_component_template/x', { template: {} })).status).toBe(403)
        expect((await ask('DELETE', '/_index_template/logs-cloudflare.dns_logs')).status).toBe(403)
      })

      it('tells by the data stream where the template may not be looked at', async () => {
        const indices = [{ names: ['logs-cloudflare.*'], privileges: ['view_index_metadata'] }]
        const role_descriptors = { role: { cluster: [], indices } }
        const key = await server.ask('POST', '/_security/api_key', { name: 'stream', role_descriptors })
        const ask = as(`ApiKey ${key.body.encoded}`)
        expect(await checkTemplate(ask, STREAMS, 'dns_logs')).toBe('present')
        expect(await checkTemplate(ask, { kind: 'data-streams', namespace: 'unheard' }, 'dns_logs')).toBe('unknown')
      })
    })
  })
