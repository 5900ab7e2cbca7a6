import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import { readBulkAnswer } from '../../src/sinks/elasticsearch-answer.ts'
import type { HttpClient } from '../../src/sinks/http-client.ts'
import { createFakeBulk, type FakeBulk, json, type Reply, sinkOn } from '../helpers/fake-bulk.ts'
import { eventsNamed, pieceOf } from '../helpers/pieces.ts'

const never = new AbortController().signal
const SECRET = 'the-value-of-a-field'
const html = (status: number): Reply => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<h1>${SECRET}</h1>`,
})
const refused = (status: number, type: string, reason = SECRET) => json(status, { error: { type, reason }, status })

type Kind = 'permanent' | 'retry' | 'operator'

const CASES: [string, Reply | 'reset' | 'cut', Kind, RegExp][] = [
  ['200 with HTML', html(200), 'retry', /not known/],
  ['200 with nothing', { status: 200, headers: {}, body: '' }, 'retry', /not known/],
  ['200 with cut JSON', { status: 200, headers: {}, body: '{"errors":false,"items":[{"create"' }, 'retry', /not known/],
  ['200 without items', json(200, { errors: false }), 'retry', /not known/],
  ['200 with no item', json(200, { errors: false, items: [] }), 'retry', /not known/],
  ['200 with items of no list', json(200, { errors: false, items: { 0: {} } }), 'retry', /not known/],
  ['200 with a list', json(200, []), 'retry', /not known/],
  ['200 with null', json(200, null), 'retry', /not known/],
  ['204', { status: 204, headers: {}, body: '' }, 'retry', /not known/],
  ['a reset', 'reset', 'retry', /^No answer from elasticsearch/],
  ['an answer that breaks off', 'cut', 'retry', /not known/],
  ['a redirect', { status: 302, headers: { location: '/' }, body: '' }, 'operator', /302/],
  ['400 of the server', refused(400, 'action_request_validation_exception'), 'permanent', /400 \(action_request/],
  ['400 for JSON', refused(400, 'x_content_e_o_f_exception'), 'permanent', /x_content/],
  ['400 for an argument', refused(400, 'illegal_argument_exception'), 'permanent', /illegal_argument/],
  ['400 of something between', html(400), 'permanent', /400\.$/],
  [
    '400 for a parameter',
    refused(400, 'illegal_argument_exception', 'request [/x] contains unrecognized parameter: [zork]'),
    'operator',
    /zork/,
  ],
  ['400 for the index name', refused(400, 'invalid_index_name_exception', 'lowercase'), 'operator', /lowercase/],
  ['401', refused(401, 'security_exception', 'missing credentials'), 'operator', /security_exception: missing cred/],
  ['403', html(403), 'operator', /403/],
  ['404', refused(404, 'index_not_found_exception', 'no such index'), 'operator', /no such index/],
  ['405', html(405), 'operator', /405/],
  ['406', json(406, { error: 'Content-Type header is not supported', status: 406 }), 'operator', /406/],
  ['407', html(407), 'operator', /407/],
  ['408', html(408), 'retry', /408/],
  ['410', html(410), 'operator', /410/],
  ['413', html(413), 'permanent', /413/],
  ['415', html(415), 'operator', /415/],
  ['425', html(425), 'retry', /425/],
  ['429', refused(429, 'circuit_breaking_exception'), 'retry', /429 \(circuit_breaking_exception\)/],
  ['431', html(431), 'operator', /431/],
  ['500', html(500), 'retry', /500/],
  ['502', html(502), 'retry', /502/],
  ['503', refused(503, 'cluster_block_exception', 'no master'), 'retry', /503 \(cluster_block_exception: no master\)/],
  ['504', html(504), 'retry', /504/],
]

describe('a bulk answer as a whole', () => {
  let fake: FakeBulk

  beforeEach(async () => {
    fake = await createFakeBulk()
  })
  afterEach(() => fake.stop())

  it.each(CASES)('that is %s delivers nothing', async (_, reply, kind, words) => {
    fake.onReply = () => reply
    const failed = await sinkOn(fake)
      .write(pieceOf(eventsNamed('a', 5)), never)
      .then(
        () => undefined,
        error => error,
      )
    expect(failed).toBeInstanceOf(kind === 'permanent' ? PermanentError : RetryableError)
    expect(failed.message).toMatch(words)
    expect(failed.message).not.toContain(SECRET)
    if (kind !== 'permanent') expect(failed.needsOperator).toBe(kind === 'operator')
  })

  it('is waited for as long as the server asks', async () => {
    fake.onReply = () => ({ ...html(503), headers: { 'retry-after': '3' } })
    await expect(sinkOn(fake).write(pieceOf(['{}']), never)).rejects.toMatchObject({ retryAfterMs: 3000 })
  })

  it('of 400 halves, and is final for a single event, whoever gives it', async () => {
    fake.onReply = () => html(400)
    await expect(sinkOn(fake).write(pieceOf(['{}']), never)).rejects.toBeInstanceOf(PermanentError)
    fake.onReply = () => refused(400, 'action_request_validation_exception')
    await expect(sinkOn(fake).write(pieceOf(['{}']), never)).rejects.toBeInstanceOf(PermanentError)
  })

  it('ends the wait with the reason of the signal', async () => {
    const stop = new AbortController()
    fake.onReply = reply => {
      stop.abort(new Error('told to stop'))
      return reply
    }
    await expect(sinkOn(fake).write(pieceOf(['{}']), stop.signal)).rejects.toThrow('told to stop')
  })

  it('that is any JSON is never a crash, and delivers nothing that it does not tell of', async () => {
    let body = Buffer.alloc(0)
    const client: HttpClient = {
      request: async () => ({ status: 200, retryAfterMs: undefined, contentType: '', body }),
      close: async () => {},
    }
    const sink = sinkOn(fake, { client })
    const piece = pieceOf(eventsNamed('a', 3))
    const error = fc.record({ type: fc.jsonValue(), reason: fc.jsonValue(), caused_by: fc.jsonValue() })
    const item = fc.record(
      { _id: fc.oneof(fc.constantFrom('batch-1-0', 'batch-1-1'), fc.jsonValue()), status: fc.jsonValue(), error },
      { requiredKeys: [] },
    )
    const items = fc.array(fc.oneof(fc.record({ create: item }), fc.jsonValue()), { maxLength: 5 })
    const answers = fc.oneof(fc.jsonValue(), fc.record({ errors: fc.jsonValue(), items }))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          answers.map(value => JSON.stringify(value)),
          fc.string(),
        ),
        async text => {
          body = Buffer.from(text)
          const settled = await sink.write(piece, never).catch(failed => failed)
          if (settled instanceof RetryableError) return
          const open = [...settled.retry, ...settled.rejected.map(({ index }: { index: number }) => index)]
          expect(new Set(open).size).toBe(open.length)
          for (const index of [0, 1, 2].filter(each => !open.includes(each))) {
            expect(isToldOf(JSON.parse(text), index)).toBe(true)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('of thousands of items is read in a few milliseconds', () => {
    const ids = Array.from({ length: 5000 }, (_, at) => `018f0000-0000-8000-8000-${at.toString().padStart(12, '0')}`)
    const items = ids.map(_id => ({ create: { _id, status: 201 } }))
    const body = Buffer.from(JSON.stringify({ errors: false, items: items.toReversed() }))
    const started = performance.now()
    const found = readBulkAnswer(body, ids)
    expect(found?.every(item => item?.status === 201)).toBe(true)
    expect(performance.now() - started).toBeLessThan(200)
  })
})

/** Some item that is of the event, by id or place, says 2xx or 409. */
function isToldOf(answer: { items: { create?: { _id?: unknown; status?: unknown } }[] }, index: number): boolean {
  return answer.items.some((item, at) => {
    const status = Number(item?.create?.status)
    const isOf = item?.create?._id === `batch-1-${index}` || at === index
    return isOf && ((status >= 200 && status < 300) || status === 409)
  })
}
