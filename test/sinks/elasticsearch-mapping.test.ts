import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DOCUMENT_HEAD, DOCUMENT_TIME } from '../../src/sinks/sink.ts'
import { createFakeBulk, type FakeBulk, json, sinkOn } from '../helpers/fake-bulk.ts'
import { eventsNamed, pieceOf } from '../helpers/pieces.ts'

const never = new AbortController().signal
const INDEX = 'logs-cloudflare.dns_logs-default'
const AT = '2026-11-25T10:20:30.456Z'
const now = () => Date.parse(AT)

const MISMATCH = {
  status: 400,
  error: { type: 'document_parsing_exception', reason: 'failed to parse field [cloudflare.n] of type [long]' },
} as const

/** As the drain makes it. */
function documentOf(more: object, event: object = {}): string {
  return JSON.stringify({ event: { ingested: DOCUMENT_TIME, ...event }, ...more })
}

const conflicting = (more: object = {}) => documentOf({ message: '{"n":"x"}', cloudflare: { n: 'x' }, ...more })

describe('a mapping refusal', () => {
  let fake: FakeBulk
  const text = (id: string) => fake.stored.get(INDEX)?.get(id)
  const stored = (id: string) => JSON.parse(text(id) ?? 'null')

  beforeEach(async () => {
    fake = await createFakeBulk()
    fake.onItem = ({ text }) => (text.includes('"cloudflare"') ? MISMATCH : undefined)
  })
  afterEach(() => fake.stop())

  it('is answered within the same write by the event without cloudflare, tagged, at the same id', async () => {
    const piece = pieceOf([conflicting(), ...eventsNamed('a', 2), conflicting({ tags: ['logpush.bad_value'] })])
    const receipt = await sinkOn(fake, { now }).write(piece, never)
    expect(receipt).toEqual({ retry: [], rejected: [], conflicts: 2 })
    const event = { ingested: AT }
    expect(stored('batch-1-0')).toEqual({ event, message: '{"n":"x"}', tags: ['logpush.mapping_conflict'] })
    expect(stored('batch-1-3').tags).toEqual(['logpush.bad_value', 'logpush.mapping_conflict'])
    expect(fake.requests).toHaveLength(2)
    expect(fake.requests[1]!.body.split('\n')).toHaveLength(5)
  })

  it('is final where nothing would be left of the line', async () => {
    const receipt = await sinkOn(fake, { keepsLine: false }).write(pieceOf([conflicting()]), never)
    const [detail] = [expect.stringMatching(/^document_parsing_exception: failed to parse/)]
    expect(receipt).toEqual({ retry: [], rejected: [{ index: 0, reason: 'mapping', detail }] })
    const without = pieceOf([documentOf({ cloudflare: { n: 'x' } })])
    expect((await sinkOn(fake).write(without, never)).rejected).toHaveLength(1)
    expect(fake.requests).toHaveLength(2)
  })

  it('is answered where the line is in event.original, whatever message is', async () => {
    const piece = pieceOf([documentOf({ message: 'A sentence.', cloudflare: {} }, { original: '{"n":"x"}' })])
    const receipt = await sinkOn(fake, { keepsLine: false }).write(piece, never)
    expect(receipt).toEqual({ retry: [], rejected: [], conflicts: 1 })
    expect(stored('batch-1-0').event.original).toBe('{"n":"x"}')
  })

  it('of an event without cloudflare is final', async () => {
    fake.onItem = () => MISMATCH
    const receipt = await sinkOn(fake).write(pieceOf([documentOf({ message: 'x' }), 'no JSON', '[]', 'null']), never)
    expect(receipt.rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [0, 'mapping'],
      [1, 'mapping'],
      [2, 'mapping'],
      [3, 'mapping'],
    ])
    expect(fake.requests).toHaveLength(1)
  })

  it('that stays is a rejection with the words of the last answer, and counts no conflict', async () => {
    const last = {
      status: 400,
      error: { type: 'mapper_parsing_exception', reason: 'failed to parse field [url.port]' },
    }
    fake.onItem = ({ text }) => (text.includes('"cloudflare"') ? MISMATCH : last)
    const receipt = await sinkOn(fake).write(pieceOf([conflicting()]), never)
    const detail = 'mapper_parsing_exception: failed to parse field [url.port]'
    expect(receipt).toEqual({ retry: [], rejected: [{ index: 0, reason: 'mapping', detail }] })
  })

  it('is sent again alone, and nothing of the others, when the second request fails', async () => {
    const sink = sinkOn(fake)
    const piece = pieceOf([...eventsNamed('a', 3), conflicting(), ...eventsNamed('b', 3)])
    for (const status of [503, 429, 401, 200]) {
      let bulks = 0
      fake.onReply = reply => (++bulks === 2 ? { ...json(status, {}), headers: { 'retry-after': '5' } } : reply)
      const receipt = await sink.write(piece, never)
      expect(receipt).toMatchObject({ retry: [3], rejected: [] })
      expect(receipt.conflicts).toBeUndefined()
      expect(receipt.cause).toMatchObject({ needsOperator: status === 401 })
      if (status !== 200 && status !== 401) expect(receipt.cause?.retryAfterMs).toBe(5000)
    }
    fake.onReply = reply => reply
    expect(await sink.write(piece, never)).toEqual({ retry: [], rejected: [], conflicts: 1 })
  })

  it('stays a mapping refusal when the second request is refused as a whole', async () => {
    fake.onReply = (reply, { body }) => (body.includes('mapping_conflict') ? json(413, {}) : reply)
    const receipt = await sinkOn(fake).write(pieceOf([conflicting(), '{"a":1}']), never)
    expect(receipt).toMatchObject({ retry: [], rejected: [{ index: 0, reason: 'mapping' }] })
  })

  it('ends with the reason of the signal when told to stop before the second request', async () => {
    const stop = new AbortController()
    fake.onReply = reply => {
      stop.abort(new Error('told to stop'))
      return reply
    }
    await expect(sinkOn(fake).write(pieceOf([conflicting()]), stop.signal)).rejects.toThrow('told to stop')
  })
})

describe('a document', () => {
  let fake: FakeBulk

  beforeEach(async () => {
    fake = await createFakeBulk()
  })
  afterEach(() => fake.stop())

  it('carries the time of sending, and the piece stays as it is', async () => {
    const piece = pieceOf([documentOf({ message: DOCUMENT_TIME }), `{"event":{"ingested":"short"}}`, '{"a":1}', '{}'])
    const before = Buffer.from(piece.bytes)
    await sinkOn(fake, { now }).write(piece, never)
    expect([...fake.stored.get(INDEX)!.values()]).toEqual([
      `${DOCUMENT_HEAD}${AT}"},"message":"${DOCUMENT_TIME}"}`,
      '{"event":{"ingested":"short"}}',
      '{"a":1}',
      '{}',
    ])
    expect(Buffer.from(piece.bytes)).toEqual(before)
  })

  it('has an id that is written as JSON, whatever it is', async () => {
    const piece = { ...pieceOf(['{"a":1}', '{"b":2}']), id: (line: number) => `"\n\\é${line}` }
    expect(await sinkOn(fake).write(piece, never)).toEqual({ retry: [], rejected: [] })
    expect([...fake.stored.get(INDEX)!.keys()]).toEqual(['"\n\\é0', '"\n\\é1'])
  })

  it('is not written over when its id comes again', async () => {
    const sink = sinkOn(fake)
    await sink.write(pieceOf(['{"a":1}']), never)
    expect(await sink.write(pieceOf(['{"a":2}']), never)).toEqual({ retry: [], rejected: [] })
    expect([...fake.stored.get(INDEX)!.values()]).toEqual(['{"a":1}'])
  })

  it('goes gzipped where told so', async () => {
    await sinkOn(fake, { gzip: true }).write(pieceOf(['{"a":1}']), never)
    expect(fake.requests[0]!.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'application/x-ndjson',
    })
    await sinkOn(fake).write(pieceOf(['{"a":1}']), never)
    expect(fake.requests[1]!.headers['content-encoding']).toBeUndefined()
  })
})
