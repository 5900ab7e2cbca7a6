import { afterEach, describe, expect, it } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import { createFakeBulk, type FakeBulk, type FakeBulkOptions, json, sinkOn } from '../helpers/fake-bulk.ts'
import { eventsNamed, pieceOf } from '../helpers/pieces.ts'

const never = new AbortController().signal
const INDEX = 'logs-cloudflare.dns_logs-default'
const fakes: FakeBulk[] = []

async function fakeOf(options: FakeBulkOptions = {}): Promise<FakeBulk> {
  const fake = await createFakeBulk(options)
  fakes.push(fake)
  return fake
}

afterEach(() => Promise.all(fakes.splice(0).map(fake => fake.stop())))

const asksForStream = (fake: FakeBulk) => fake.requests.at(-1)!.query.get('require_data_stream') === 'true'

describe('the elasticsearch sink, who finds out whom it speaks to,', () => {
  it.each([
    [{ version: '9.5.3' }, true],
    [{ version: '8.13.0' }, true],
    [{ version: '8.12.2' }, false],
    [{ version: '7.17.1' }, false],
    [{ version: '10.0.0-SNAPSHOT' }, true],
    [{ version: '3.8.0', distribution: 'opensearch' as const }, false],
    [{ version: '9.0.0', distribution: 'opensearch' as const }, false],
  ])('asks %o for a data stream: %s', async (options, expected) => {
    const fake = await fakeOf(options)
    const sink = sinkOn(fake)
    await sink.open(never)
    await sink.write(pieceOf(['{}']), never)
    expect(asksForStream(fake)).toBe(expected)
    await sinkOn(fake, { dataStreams: false }).write(pieceOf(['{}']), never)
    expect(asksForStream(fake)).toBe(false)
  })

  it('goes on without the parameter when a server refuses it after all', async () => {
    const fake = await fakeOf()
    const sink = sinkOn(fake)
    await sink.open(never)
    const old = await fakeOf({ distribution: 'opensearch' })
    fake.onReply = (reply, { query }) => (query.has('require_data_stream') ? refusalOfParameter : reply)
    const failed = await sink.write(pieceOf(['{"a":1}']), never).catch(error => error)
    expect(failed).toBeInstanceOf(RetryableError)
    expect(failed.needsOperator).toBe(false)
    expect(await sink.write(pieceOf(['{"a":1}']), never)).toEqual({ retry: [], rejected: [] })
    expect(old.requests).toEqual([])
  })

  it('writes without knowing when it may not ask', async () => {
    const fake = await fakeOf()
    fake.onReply = (reply, { path }) => (path === '/' ? json(403, { error: { type: 'security_exception' } }) : reply)
    const sink = sinkOn(fake)
    await sink.open(never)
    expect(await sink.write(pieceOf(['{}']), never)).toEqual({ retry: [], rejected: [] })
    expect(asksForStream(fake)).toBe(false)
  })

  it.each([
    ['wrong credentials', json(401, { error: { type: 'security_exception' } }), true],
    ['another service', json(200, { hello: 'world' }), true],
    ['a page', { status: 200, headers: {}, body: '<html>' }, true],
    ['a version of no numbers', json(200, { version: { number: 'nine' } }), true],
    ['no such path', json(404, {}), true],
    ['a refusal', json(400, { error: { type: 'parse_exception' } }), true],
    ['a server that starts', json(503, {}), false],
  ])('does not open on %s', async (_, reply, needsOperator) => {
    const fake = await fakeOf()
    fake.onReply = () => reply
    const failed = await sinkOn(fake)
      .open(never)
      .catch(error => error)
    expect(failed).toBeInstanceOf(RetryableError)
    expect(failed.needsOperator).toBe(needsOperator)
  })

  const refusalOfParameter = json(400, {
    error: {
      type: 'illegal_argument_exception',
      reason: 'request [/x/_bulk] contains unrecognized parameter: [require_data_stream]',
    },
  })
})

describe('what is present already', () => {
  it('is found by id over all backing indices, in answers of bounded size', async () => {
    const fake = await fakeOf()
    const sink = sinkOn(fake)
    const events = eventsNamed('a', 1300)
    fake.onItem = ({ id }) => (Number(id.split('-')[2]) % 3 === 0 ? undefined : { status: 429 })
    await sink.write(pieceOf(events), never)
    fake.rollover(INDEX)
    fake.onItem = ({ id }) => (Number(id.split('-')[2]) % 3 === 1 ? undefined : { status: 429 })
    await sink.write(pieceOf(events), never)
    const present = await sink.present!(pieceOf(events), never)
    expect(present).toEqual([...events.keys()].filter(index => index % 3 < 2))
    const searches = fake.requests.filter(({ path }) => path.endsWith('_search'))
    expect(searches).toHaveLength(3)
    expect(fake.requests.filter(({ path }) => path.endsWith('_refresh'))).toHaveLength(1)
  })

  it('is nothing where there is no index yet', async () => {
    const fake = await fakeOf()
    expect(await sinkOn(fake).present!(pieceOf(['{}']), never)).toEqual([])
    fake.stored.set(INDEX, new Map())
    const missing = json(404, { error: { type: 'index_not_found_exception' } })
    fake.onReply = (reply, { path }) => (path.endsWith('_search') ? missing : reply)
    expect(await sinkOn(fake).present!(pieceOf(['{}']), never)).toEqual([])
  })

  it('is asked for without a refresh by who may not refresh', async () => {
    const fake = await fakeOf()
    const sink = sinkOn(fake)
    await sink.write(pieceOf(['{}']), never)
    fake.onReply = (reply, { path }) => (path.endsWith('_refresh') ? json(403, {}) : reply)
    expect(await sink.present!(pieceOf(['{}', '{}']), never)).toEqual([0])
  })

  it.each([
    ['a time-out', json(200, { timed_out: true }), false],
    ['an empty answer', json(200, {}), false],
    ['a page', { status: 200, headers: {}, body: '<html>' }, false],
    ['hits of no list', json(200, { timed_out: false, hits: { hits: 1 } }), false],
    ['a 404 of something between', json(404, {}), true],
    ['a missing shard', json(503, {}), false],
    ['no right to read', json(403, { error: { type: 'security_exception' } }), true],
    ['a refusal', json(400, { error: { type: 'search_phase_execution_exception' } }), true],
  ])('is not known after %s, so nothing is assumed', async (_, reply, needsOperator) => {
    const fake = await fakeOf()
    const sink = sinkOn(fake)
    await sink.write(pieceOf(['{}']), never)
    fake.onReply = (truth, { path }) => (path.endsWith('_search') ? reply : truth)
    const failed = await sink.present!(pieceOf(['{}']), never).catch(error => error)
    expect(failed).toBeInstanceOf(RetryableError)
    expect(failed.needsOperator).toBe(needsOperator)
  })
})
