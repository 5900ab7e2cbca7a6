import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import type { ElasticsearchSinkOptions } from '../../src/sinks/elasticsearch.ts'
import { DOCUMENT_TIME, type Sink } from '../../src/sinks/sink.ts'
import { clientOf, sinkOn } from '../helpers/fake-bulk.ts'
import { pieceOf } from '../helpers/pieces.ts'
import { type Store, startStore, stores } from '../helpers/servers.ts'

const never = new AbortController().signal
const AT = Date.parse('2026-11-25T10:20:30.456Z')

const documentOf = (more: object) =>
  JSON.stringify({ event: { ingested: DOCUMENT_TIME }, '@timestamp': '2026-11-25T10:00:00.000Z', ...more })
const documents = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => documentOf({ message: `line ${from + at}` }))

const TEMPLATE = {
  index_patterns: ['sink-test-*'],
  data_stream: {},
  priority: 300,
  template: {
    settings: { number_of_replicas: 0 },
    mappings: {
      dynamic: 'strict',
      properties: {
        '@timestamp': { type: 'date' },
        message: { type: 'keyword' },
        tags: { type: 'keyword' },
        event: { properties: { ingested: { type: 'date' }, original: { type: 'keyword', index: false } } },
        cloudflare: { properties: { n: { type: 'long' }, k: { type: 'keyword' } } },
      },
    },
  },
}

for (const kind of stores) {
  describe.skipIf(kind.skipped)(`the sink on a real ${kind.name}`, () => {
    const isElasticsearch = kind.name === 'elasticsearch'
    let store: Store

    beforeAll(async () => {
      store = await startStore(kind.name, { security: isElasticsearch })
      expect((await store.ask('PUT', '/_index_template/sink-test', TEMPLATE)).status).toBe(200)
    })
    afterAll(() => store?.stop())

    const open = async (index: string, options: Partial<ElasticsearchSinkOptions> = {}): Promise<Sink> => {
      const sink = sinkOn(store, {
        client: clientAs(store.authorization),
        indexOf: () => index,
        now: () => AT,
        ...options,
      })
      await sink.open(never)
      return sink
    }
    const clientAs = (authorization: string | undefined) =>
      clientOf(store, authorization === undefined ? {} : { authorization })
    const searched = async (index: string): Promise<Map<string, Record<string, unknown>>> => {
      await store.ask('POST', `/${index}/_refresh`)
      const { body } = await store.ask('POST', `/${index}/_search`, { size: 10_000 })
      return new Map(body.hits.hits.map((hit: { _id: string; _source: object }) => [hit._id, hit._source]))
    }
    const isThere = async (index: string) => (await store.ask('HEAD', `/${index}`)).status === 200

    it('delivers each event once to a data stream, however often and compressed or not it comes', async () => {
      const piece = pieceOf(documents(500))
      for (const gzip of [false, true]) {
        const sink = await open('sink-test-once', { gzip })
        expect(await sink.write(piece, never)).toEqual({ retry: [], rejected: [] })
        expect(await sink.write(piece, never)).toEqual({ retry: [], rejected: [] })
      }
      const found = await searched('sink-test-once')
      expect(found.size).toBe(500)
      expect(found.get('batch-1-7')).toMatchObject({
        message: 'line 7',
        event: { ingested: new Date(AT).toISOString() },
      })
      const { body } = await store.ask('GET', '/_data_stream/sink-test-once')
      expect(body.data_streams).toHaveLength(1)
    })

    it('finds what is present behind a rollover, so that nothing has to be there twice', async () => {
      const sink = await open('sink-test-rollover')
      const all = documents(1200)
      expect(await sink.present!(pieceOf(all), never)).toEqual([])
      await sink.write(pieceOf(all.slice(0, 700)), never)
      expect((await store.ask('POST', '/sink-test-rollover/_rollover')).body.rolled_over).toBe(true)
      await sink.write(pieceOf(all.slice(700, 1000), { first: 700 }), never)
      expect(await sink.present!(pieceOf(all), never)).toEqual(Array.from({ length: 1000 }, (_, index) => index))
    })

    it('loses one event of many to the mapping, and brings in those that have their line without cloudflare', async () => {
      const sink = await open('sink-test-mapping')
      const events = documents(1000)
      events[17] = documentOf({ message: '{"n":"x"}', cloudflare: { n: 'no number' } })
      events[18] = documentOf({ message: '{"k":1}', cloudflare: { k: { an: 'object' } }, tags: ['logpush.bad_value'] })
      events[19] = documentOf({ message: 'x', cloudflare: { new_field: 1 } })
      events[20] = documentOf({ cloudflare: { n: 'without a line' } })
      events[21] = documentOf({ message: 'strict', other: 1 })
      const receipt = await sink.write(pieceOf(events), never)
      expect(receipt).toMatchObject({ retry: [], conflicts: 3 })
      expect(receipt.rejected).toEqual([
        { index: 20, reason: 'mapping', detail: expect.stringMatching(/parsing_exception: .*cloudflare\.n/) },
        { index: 21, reason: 'mapping', detail: expect.stringMatching(/^strict_dynamic_mapping_exception: .*other/) },
      ])
      const found = await searched('sink-test-mapping')
      expect(found.size).toBe(998)
      expect(found.get('batch-1-17')).toMatchObject({ message: '{"n":"x"}', tags: ['logpush.mapping_conflict'] })
      expect(found.get('batch-1-18')!.tags).toEqual(['logpush.bad_value', 'logpush.mapping_conflict'])
      expect(found.get('batch-1-19')).not.toHaveProperty('cloudflare')
    })

    it('makes up no index while its template is missing', async () => {
      const sink = await open('other-test-guarded', { setup: 'check', ready: async () => 'index template other' })
      await expect(sink.write(pieceOf(documents(3)), never)).rejects.toMatchObject({ needsOperator: true })
      expect(await isThere('other-test-guarded')).toBe(false)
    })

    it.runIf(isElasticsearch)('makes up no index without a guard either, where the server can be told', async () => {
      const sink = await open('other-test-unguarded')
      const { retry, cause } = await sink.write(pieceOf(documents(3)), never)
      expect(retry).toEqual([0, 1, 2])
      expect(cause).toMatchObject({
        needsOperator: true,
        message: expect.stringContaining('index_not_found_exception'),
      })
      expect(await isThere('other-test-unguarded')).toBe(false)
    })

    it('takes a plain index that is there, and keeps what its ids have', async () => {
      const sink = await open('plain-test', {
        dataStreams: false,
        setup: 'check',
        ready: async () => 'index plain-test',
      })
      await expect(sink.write(pieceOf(documents(2)), never)).rejects.toThrow('index plain-test')
      await store.ask('PUT', '/plain-test', { settings: { number_of_replicas: 0 } })
      expect(await sink.write(pieceOf(documents(2)), never)).toEqual({ retry: [], rejected: [] })
      expect(await sink.write(pieceOf(documents(3, 100)), never)).toEqual({ retry: [], rejected: [] })
      expect([...(await searched('plain-test')).values()].map(({ message }) => message).sort()).toEqual([
        'line 0',
        'line 1',
        'line 102',
      ])
    })

    it('waits for an operator, and loses nothing, while writes are blocked, a pipeline is missing or the name is wrong', async () => {
      const index = 'sink-test-blocked'
      const sink = await open(index)
      await sink.write(pieceOf(documents(1)), never)
      const settings = (value: object) => store.ask('PUT', `/${index}/_settings`, value)
      const waits = async (words: RegExp, from: Sink = sink) => {
        const { retry, rejected, cause } = await from.write(pieceOf(documents(3)), never)
        expect([retry, rejected]).toEqual([[0, 1, 2], []])
        expect(cause?.needsOperator).toBe(true)
        expect(cause?.message).toMatch(words)
      }
      await settings({ 'index.blocks.write': true })
      await waits(/cluster_block_exception: index .* blocked by/)
      await settings({ 'index.blocks.write': false, 'index.default_pipeline': 'nobody-made-it' })
      await waits(/pipeline with id \[nobody-made-it\] does not exist/)
      await waits(/invalid_index_name_exception/, await open('No#Name', { dataStreams: false }))
      await settings({ 'index.default_pipeline': '_none' })
      expect(await sink.write(pieceOf(documents(3)), never)).toEqual({ retry: [], rejected: [] })
      expect((await searched(index)).size).toBe(3)
    })

    it('has one event refused that the server never takes, so that a piece with it is halved', async () => {
      const sink = await open('sink-test-refused')
      const long = { ...pieceOf(documents(3)), id: (line: number) => (line === 1 ? 'i'.repeat(600) : `ok-${line}`) }
      await expect(sink.write(long, never)).rejects.toBeInstanceOf(PermanentError)
    })

    it.runIf(isElasticsearch)('waits for other credentials when these are wrong', async () => {
      const wrong = { client: clientAs(`Basic ${Buffer.from('elastic:a-wrong-one').toString('base64')}`) }
      const failed = await open('sink-test-once', wrong).catch(error => error)
      expect(failed).toBeInstanceOf(RetryableError)
      expect(failed).toMatchObject({ needsOperator: true })
      expect(failed.message).toMatch(/401 \(security_exception: /)
      expect(failed.message).not.toContain('a-wrong-one')
      const late = sinkOn(store, { ...wrong, indexOf: () => 'sink-test-once' })
      await expect(late.write(pieceOf(documents(1)), never)).rejects.toMatchObject({ needsOperator: true })
    })

    it.runIf(isElasticsearch)(
      'works with the right to make documents alone, and waits where it has not even that',
      async () => {
        const allowed = { names: ['sink-test-once', 'sink-test-key'], privileges: ['create_doc', 'auto_configure'] }
        const { body } = await store.ask('POST', '/_security/api_key', {
          name: 'writer',
          role_descriptors: { writer: { index: [allowed] } },
        })
        const options = { client: clientAs(`ApiKey ${body.encoded}`) }
        const sink = await open('sink-test-key', options)
        expect(await sink.write(pieceOf(documents(5)), never)).toEqual({ retry: [], rejected: [] })
        expect(await sink.write(pieceOf(documents(5)), never)).toEqual({ retry: [], rejected: [] })
        expect((await searched('sink-test-key')).size).toBe(5)
        await expect(sink.present!(pieceOf(documents(5)), never)).rejects.toMatchObject({ needsOperator: true })
        const elsewhere = await open('sink-test-forbidden', options)
        const { retry, cause } = await elsewhere.write(pieceOf(documents(5)), never)
        expect(retry).toHaveLength(5)
        expect(cause).toMatchObject({
          needsOperator: true,
          message: expect.stringMatching(/403 \(security_exception: /),
        })
      },
    )

    it('is told of a body that is larger than the server takes', async () => {
      const sink = await open('sink-test-large')
      const large = pieceOf([documentOf({ message: 'x'.repeat(105 * 1024 * 1024) })])
      // A server that closes the connection while it is still being sent to may take its answer with it; then the drain tries again.
      await expect.poll(() => sink.write(large, never).catch(error => error)).toBeInstanceOf(PermanentError)
    })
  })
}
