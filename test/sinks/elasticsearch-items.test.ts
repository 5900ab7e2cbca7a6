import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFakeBulk, type FakeBulk, type ItemReply, sinkOn } from '../helpers/fake-bulk.ts'
import { eventsNamed, pieceOf } from '../helpers/pieces.ts'

const never = new AbortController().signal
const SECRET = 'the-value-of-a-field'

type Expected =
  | 'delivered'
  | { readonly retry: RegExp; readonly operator?: boolean }
  | { readonly rejected: string; readonly detail: RegExp }

const error = (type: string, reason = SECRET) => ({ type, reason })
const unknown = { retry: /does not tell what became of them/ }

const CASES: [string, ItemReply, Expected][] = [
  ['200', { status: 200 }, 'delivered'],
  ['201', { status: 201 }, 'delivered'],
  ['a conflict of the id', { status: 409, error: error('version_conflict_engine_exception') }, 'delivered'],
  ['409 without words', { status: 409 }, 'delivered'],
  ['another conflict', { status: 409, error: error('some_other_exception') }, 'delivered'],
  ['a full queue', { status: 429, error: error('es_rejected_execution_exception') }, { retry: /status 429 \(es_rej/ }],
  ['a full disk', { status: 429, error: error('cluster_block_exception', 'flood-stage') }, { retry: /flood-stage/ }],
  ['408', { status: 408 }, { retry: /status 408/ }],
  ['425', { status: 425 }, { retry: /status 425/ }],
  ['500', { status: 500, error: error('null_pointer_exception') }, { retry: /status 500 \(null_pointer_exception\)/ }],
  ['a red index', { status: 503, error: error('unavailable_shards_exception') }, { retry: /status 503/ }],
  ['599', { status: 599 }, { retry: /status 599/ }],
  [
    'an index made twice',
    { status: 400, error: error('resource_already_exists_exception') },
    { retry: /already_exists/ },
  ],
  ['401', { status: 401 }, { retry: /status 401/, operator: true }],
  [
    'a missing privilege',
    { status: 403, error: error('security_exception', 'action [indices:data/write] is unauthorized for user [x]') },
    { retry: /security_exception: action \[indices:data\/write\] is unauthorized for user \[x\]/, operator: true },
  ],
  [
    'a write block',
    { status: 403, error: error('cluster_block_exception', 'blocked') },
    { retry: /bloc/, operator: true },
  ],
  [
    'no index',
    { status: 404, error: error('index_not_found_exception', 'no such') },
    { retry: /such/, operator: true },
  ],
  [
    'an index name',
    { status: 400, error: error('invalid_index_name_exception', 'must be lowercase') },
    { retry: /must be lowercase/, operator: true },
  ],
  [
    'a closed index',
    { status: 400, error: error('index_closed_exception', 'closed') },
    { retry: /closed/, operator: true },
  ],
  [
    'too many shards',
    { status: 400, error: error('validation_exception', 'this action would add [2] shards') },
    { retry: /would add \[2\] shards/, operator: true },
  ],
  [
    'a missing pipeline',
    { status: 400, error: error('illegal_argument_exception', 'pipeline with id [logs] does not exist') },
    { retry: /pipeline with id \[logs\]/, operator: true },
  ],
  [
    'a full index',
    { status: 400, error: error('illegal_argument_exception', 'number of documents in the index cannot exceed 2') },
    { retry: /number of documents/, operator: true },
  ],
  [
    'a wrong type',
    { status: 400, error: { ...error('document_parsing_exception'), caused_by: error('illegal_argument', 'no') } },
    { rejected: 'mapping', detail: /^document_parsing_exception: the-value-of-a-field: illegal_argument: no$/ },
  ],
  [
    'the same',
    { status: 400, error: error('mapper_parsing_exception') },
    { rejected: 'mapping', detail: /^mapper_pars/ },
  ],
  [
    'strict',
    { status: 400, error: error('strict_dynamic_mapping_exception') },
    { rejected: 'mapping', detail: /^strict/ },
  ],
  [
    'too many fields',
    { status: 400, error: error('illegal_argument_exception', 'Limit of total fields [1000] has been exceeded') },
    { rejected: 'mapping', detail: /Limit of total fields/ },
  ],
  [
    'an immense term',
    {
      status: 400,
      error: error('illegal_argument_exception', 'Document contains at least one immense term in field="k"'),
    },
    { rejected: 'mapping', detail: /immense term/ },
  ],
  [
    'words of settings in the midst of those on a field',
    { status: 400, error: error('illegal_argument_exception', 'field [x]: pipeline with id [a] does not exist') },
    { rejected: 'mapping', detail: /field \[x\]/ },
  ],
  [
    'an argument of no field',
    { status: 400, error: error('illegal_argument_exception', 'something else') },
    { rejected: 'refused', detail: /^illegal_argument_exception: something else$/ },
  ],
  ['400 without words', { status: 400 }, { rejected: 'refused', detail: /^status 400$/ }],
  ['400 with a text', { status: 400, error: 'just a text' }, { rejected: 'refused', detail: /^just a text$/ }],
  ['413', { status: 413, error: error('content_too_long') }, { rejected: 'too_large', detail: /content_too_long/ }],
  ['418', { status: 418 }, { rejected: 'refused', detail: /status 418/ }],
  [
    'a pipeline that fails',
    { status: 500, error: error('fail_processor_exception') },
    { rejected: 'pipeline', detail: /fail/ },
  ],
  ['a status of a text', { status: '201' }, unknown],
  ['no status', { status: undefined }, unknown],
  ['a null', { status: null }, unknown],
  ['a fraction', { status: 201.5 }, unknown],
  ['100', { status: 100 }, { retry: /status 100/ }],
  ['302', { status: 302 }, { retry: /status 302/ }],
  ['600', { status: 600 }, { retry: /status 600/ }],
  ['a negative status', { status: -201 }, { retry: /status -201/ }],
  ['another action', { status: 201, op: 'index' }, unknown],
  ['no item', 'omit', unknown],
]

describe('an item of a bulk answer', () => {
  let fake: FakeBulk

  beforeEach(async () => {
    fake = await createFakeBulk()
  })
  afterEach(() => fake.stop())

  it.each(CASES)('with %s settles that event alone', async (_, reply, expected) => {
    const sink = sinkOn(fake)
    fake.onItem = ({ id }) => (id === 'batch-1-2' ? reply : undefined)
    const receipt = await sink.write(pieceOf(eventsNamed('a', 5)), never)
    if (expected === 'delivered') return expect(receipt).toEqual({ retry: [], rejected: [] })
    if ('rejected' in expected) {
      const detail = expect.stringMatching(expected.detail)
      return expect(receipt).toEqual({ retry: [], rejected: [{ index: 2, reason: expected.rejected, detail }] })
    }
    const { retry, rejected, cause } = receipt
    expect({ retry, rejected }).toEqual({ retry: [2], rejected: [] })
    expect(cause?.message).toMatch(/^The server did not take 1 of 5 events: .*\.$/)
    expect(cause?.message).toMatch(expected.retry)
    expect(cause?.message).not.toContain(SECRET)
    expect(cause?.needsOperator).toBe(expected.operator ?? false)
  })

  it('is found by its id when others are missing, and by its place when it has another id or none', async () => {
    const sink = sinkOn(fake)
    fake.onItem = ({ id }) => (/-[0-6]$/.test(id) ? 'omit' : { status: 429 })
    expect((await sink.write(pieceOf(eventsNamed('a', 10)), never)).retry).toHaveLength(10)
    fake.onItem = ({ id }) => (id.endsWith('-3') ? 'omit' : { status: id.endsWith('-7') ? 429 : 201 })
    expect((await sink.write(pieceOf(eventsNamed('b', 10)), never)).retry).toEqual([3, 7])
    fake.onItem = ({ id }) => ({ status: id.endsWith('-7') ? 429 : 201, id: null })
    expect((await sink.write(pieceOf(eventsNamed('c', 10)), never)).retry).toEqual([7])
    fake.onItem = ({ id }) => (id.endsWith('-7') ? { status: 429, id: 'of-a-failure-store' } : undefined)
    expect((await sink.write(pieceOf(eventsNamed('d', 10)), never)).retry).toEqual([7])
  })

  it('is not believed when another one tells of the same event', async () => {
    const sink = sinkOn(fake)
    fake.onItem = ({ id }) => (id.endsWith('-7') ? { status: 201, id: 'batch-1-3' } : undefined)
    expect((await sink.write(pieceOf(eventsNamed('a', 10)), never)).retry).toEqual([3, 7])
  })

  it('makes the cause of a receipt when it is the one that an operator has to mend, else the most frequent', async () => {
    const sink = sinkOn(fake)
    const statuses = [429, 503, 503, 429, 429, 403]
    fake.onItem = ({ id }) => ({ status: statuses[Number(id.at(-1))] })
    const receipt = await sink.write(pieceOf(eventsNamed('a', 6)), never)
    expect(receipt.retry).toEqual([0, 1, 2, 3, 4, 5])
    expect(receipt.cause).toMatchObject({ needsOperator: true, message: expect.stringContaining('1 of 6') })
    statuses[5] = 201
    fake.onReply = reply => ({ ...reply, headers: { ...reply.headers, 'retry-after': '7' } })
    const later = await sink.write(pieceOf(eventsNamed('a', 6)), never)
    expect(later.cause).toMatchObject({ needsOperator: false, retryAfterMs: 7000 })
    expect(later.cause?.message).toBe('The server did not take 3 of 6 events: status 429.')
  })

  it('costs its words their length, not the answer its meaning, when a refusal repeats a large value', async () => {
    const sink = sinkOn(fake)
    const piece = pieceOf(eventsNamed('a', 4))
    fake.onItem = ({ id }) =>
      id.endsWith('-1') ? { status: 400, error: error('mapper_parsing_exception', 'x'.repeat(3_000_000)) } : undefined
    fake.onReply = (reply, { query }) => {
      if (query.get('filter_path')?.includes('reason')) return reply
      return { ...reply, body: String(reply.body).replaceAll(/,"reason":"x*"/g, '') }
    }
    const receipt = await sink.write(piece, never)
    expect(receipt).toEqual({
      retry: [],
      rejected: [{ index: 1, reason: 'mapping', detail: 'mapper_parsing_exception' }],
    })
    expect(fake.requests).toHaveLength(2)
    fake.onItem = () => ({ status: 418, error: error('x', `${'y'.repeat(5000)}`) })
    const { rejected } = await sink.write(pieceOf(eventsNamed('b', 2), { batch: 'b' }), never)
    expect(rejected.map(({ detail }) => detail.length)).toEqual([503, 503])
  })
})
