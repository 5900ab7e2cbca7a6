import { describe, expect, test } from 'vitest'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import type { ItemAnswer } from '../../src/sinks/elasticsearch-answer.ts'
import { isOfAccess, isPassing, type Outcome, outcomeOf, saidBy } from '../../src/sinks/elasticsearch-outcome.ts'
import { receiptOf } from '../../src/sinks/elasticsearch-receipt.ts'
import { failureOf, isMissing, isUnknownParameter, refusalOf } from '../../src/sinks/elasticsearch-refusal.ts'
import type { HttpAnswer } from '../../src/sinks/http-client.ts'

/** The table of what becomes of an event, row by row; what the sink makes of it is in elasticsearch-items.test.ts. */

const item = (status: number, type = '', reason = '', words = ''): ItemAnswer => ({ status, type, reason, words })
const ARGUMENT = 'illegal_argument_exception'
const waits = { kind: 'retry', needsOperator: true }
const refusedFor = (reason: string) => ({ kind: 'refused', reason, mapping: reason === 'mapping' })

describe('an event that is refused with 400', () => {
  test.each([
    'document_parsing_exception',
    'mapper_parsing_exception',
    'strict_dynamic_mapping_exception',
    'mapper_exception',
    'parsing_exception',
    'parse_exception',
    'x_content_parse_exception',
    'stream_constraints_exception',
  ])('by %s is refused for its fields', type => {
    expect(outcomeOf(item(400, type, 'no', 'no'))).toEqual({ ...refusedFor('mapping'), words: 'no' })
  })

  test.each([
    'invalid_index_name_exception',
    'invalid_alias_name_exception',
    'index_closed_exception',
    'index_not_found_exception',
    'index_template_missing_exception',
    'routing_missing_exception',
    'security_exception',
    'cluster_block_exception',
    'validation_exception',
  ])('by %s waits for an operator, who is told the words', type => {
    expect(outcomeOf(item(400, type, 'for this'))).toEqual({ ...waits, why: `status 400 (${type}: for this)` })
  })

  test.each([
    'pipeline with id [logs] does not exist',
    'no write index is defined for alias [logs]. The write index may be explicitly disabled',
    'no matching index template found for data stream [logs]',
    'Alias [logs] has more than one index associated with it',
    'alias [] has more than one index',
    'number of documents in the index cannot exceed 2147483519',
    'Number of documents in the shard cannot exceed [2147483519]',
    'request [/_bulk] contains unrecognized parameter: [zork]',
    'request [/_bulk] contains unrecognized parameters: [a], [b]',
    'only write ops with an op_type of create are allowed in data streams',
  ])('since %s waits for an operator', reason => {
    expect(outcomeOf(item(400, ARGUMENT, reason))).toMatchObject(waits)
    // Only of this kind of error, and only at the beginning: what stands further on can be of the event.
    expect(outcomeOf(item(400, 'other_exception', reason))).toMatchObject(refusedFor('refused'))
    expect(outcomeOf(item(400, ARGUMENT, `value [${reason}`))).toMatchObject({ kind: 'refused' })
  })

  test.each([
    'field [x] is of another type',
    'Limit of total fields [1000]',
    'mapper [x] cannot be changed',
    'two mappers of one name',
    'the mapping is full',
    'Mappings are closed',
    'an immense term',
    'immense terms',
    'The depth is too much',
    '',
  ])('as an argument with words of fields (%s) is refused for its fields', reason => {
    expect(outcomeOf(item(400, ARGUMENT, reason))).toMatchObject(refusedFor('mapping'))
    expect(outcomeOf(item(400, 'other_exception', reason))).toMatchObject(refusedFor('refused'))
  })

  test.each(['battlefield', 'determined', 'remapping', 'anything else'])('is refused for itself by %s', reason => {
    expect(outcomeOf(item(400, ARGUMENT, reason))).toMatchObject(refusedFor('refused'))
  })
})

test('a status decides by its number, with no gap between the ranges', () => {
  const kinds = (from: number, to: number) =>
    new Set(Array.from({ length: to - from + 1 }, (_, index) => outcomeOf(item(from + index)).kind))
  expect(kinds(200, 299)).toEqual(new Set(['delivered']))
  for (const [from, to] of [
    [-1, 199],
    [300, 399],
    [500, 700],
  ] as const)
    expect(kinds(from, to)).toEqual(new Set(['retry']))
  const of4xx = Array.from({ length: 100 }, (_, index) => 400 + index)
  const of = (kind: string) => of4xx.filter(status => outcomeOf(item(status)).kind === kind)
  expect(of('delivered')).toEqual([409])
  expect(of('retry')).toEqual([401, 403, 404, 408, 425, 429])
  const forOperator = of4xx.filter(status => (outcomeOf(item(status)) as { needsOperator?: boolean }).needsOperator)
  expect(forOperator).toEqual([401, 403, 404])
  expect(Array.from({ length: 700 }, (_, status) => status).filter(isOfAccess)).toEqual([401, 403, 404])
  expect(Array.from({ length: 700 }, (_, status) => status).filter(isPassing)).toEqual([
    408,
    425,
    429,
    ...Array.from({ length: 100 }, (_, index) => 500 + index),
  ])
})

test("the words of a refused event are the answer's, or its status where there are none", () => {
  expect(outcomeOf(item(413))).toEqual({ ...refusedFor('too_large'), words: 'status 413' })
  expect(outcomeOf(item(413, 'mapper_parsing_exception', 'x', 'y'))).toEqual({ ...refusedFor('mapping'), words: 'y' })
  expect(outcomeOf(item(500, 'fail_processor_exception', 'x', 'y'))).toEqual({ ...refusedFor('pipeline'), words: 'y' })
})

test('an event of which nothing is told, or that meets an index being made, comes again by itself', () => {
  const why = 'the answer does not tell what became of them'
  expect(outcomeOf(undefined)).toEqual({ kind: 'retry', needsOperator: false, why })
  const made = outcomeOf(item(400, 'resource_already_exists_exception', 'index [x]'))
  expect(made).toEqual({
    kind: 'retry',
    needsOperator: false,
    why: 'status 400 (resource_already_exists_exception)',
  })
})

test('the server is quoted where its words are of settings, up to 300 characters, and nowhere else', () => {
  expect(saidBy(item(503))).toBe('status 503')
  expect(saidBy(item(400, 'mapper_parsing_exception', 'a value'))).toBe('status 400 (mapper_parsing_exception)')
  expect(saidBy(item(403, 'security_exception'))).toBe('status 403 (security_exception)')
  expect(saidBy(item(403, 'security_exception', 'w'.repeat(400)))).toBe(
    `status 403 (security_exception: ${'w'.repeat(300)})`,
  )
})

describe('a receipt', () => {
  const again = (why: string, needsOperator = false): Outcome => ({ kind: 'retry', needsOperator, why })
  const delivered: Outcome = { kind: 'delivered' }

  test('of delivered events says nothing more than how many went without a part', () => {
    expect(receiptOf([delivered, delivered], 0, undefined)).toEqual({ retry: [], rejected: [] })
    expect(receiptOf([delivered, delivered], 1, undefined)).toEqual({ retry: [], rejected: [], conflicts: 1 })
  })

  test('names each event that is refused with its reason, and each that comes again, with one cause', () => {
    const refused: Outcome = { kind: 'refused', mapping: false, reason: 'too_large', words: 'status 413' }
    const receipt = receiptOf([refused, delivered, again('a'), again('b'), again('b')], 0, 5_000)
    expect(receipt.rejected).toEqual([{ index: 0, reason: 'too_large', detail: 'status 413' }])
    expect(receipt.retry).toEqual([2, 3, 4])
    expect(receipt.cause).toMatchObject({ needsOperator: false, retryAfterMs: 5_000, ofPieceAlone: true })
    expect(receipt.cause?.message).toBe('The server did not take 2 of 5 events: b.')
  })

  test('has the cause that an operator has to mend before one that more events met', () => {
    const outcomes = [again('often'), again('often'), again('key', true), again('index', true), again('index', true)]
    for (const list of [outcomes, outcomes.toReversed()]) {
      const { cause } = receiptOf(list, 0, undefined)
      expect(cause).toMatchObject({ needsOperator: true, message: 'The server did not take 2 of 5 events: index.' })
    }
  })
})

describe('an answer as a whole', () => {
  const answer = (status: number, error?: unknown): HttpAnswer => {
    const body = Buffer.from(error === undefined ? '' : JSON.stringify({ error, status }))
    return { status, retryAfterMs: 4_000, contentType: 'application/json', body }
  }
  const of = (status: number, type: string, reason = 'why') => refusalOf(answer(status, { type, reason }), 'a request')

  test('that passes by itself comes with its Retry-After', () => {
    for (const status of [408, 425, 429, 500, 599])
      expect(refusalOf(answer(status), 'a request')).toMatchObject({
        name: 'RetryableError',
        retryAfterMs: 4_000,
        needsOperator: false,
        message: `The server answered a request with status ${status}.`,
      })
  })

  test('is final for 413 and 400 only, and not where the settings are at fault', () => {
    for (const status of [400, 413]) expect(of(status, 'x')).toBeInstanceOf(PermanentError)
    for (const status of [300, 399, 401, 402, 403, 404, 405, 414, 422, 499, 600])
      expect(of(status, 'x')).toMatchObject({ name: 'RetryableError', needsOperator: true, ofPieceAlone: false })
    expect(of(400, 'security_exception')).toMatchObject({ needsOperator: true })
    expect(of(413, 'security_exception')).toBeInstanceOf(PermanentError)
  })

  test('concerns the piece alone where it is of its index', () => {
    for (const type of ['index_not_found_exception', 'index_closed_exception', 'invalid_index_name_exception'])
      expect(of(404, type)).toMatchObject({ needsOperator: true, ofPieceAlone: true })
    expect(of(403, 'no_index_exception')).toMatchObject({ ofPieceAlone: false })
    expect(of(403, 'an_invalid_exception')).toMatchObject({ ofPieceAlone: false })
  })

  test('that is none of the server tells that nothing is known', () => {
    for (const status of [100, 200, 299])
      expect(refusalOf(answer(status), 'a request')).toMatchObject({
        name: 'RetryableError',
        needsOperator: false,
        message: expect.stringMatching(/^The answer to a request is broken.* sent again\.$/),
      })
  })

  test('to a request without events is never final', () => {
    expect(failureOf(answer(413), 'a look')).toMatchObject({ name: 'RetryableError', needsOperator: true })
    expect(failureOf(answer(503), 'a look')).toMatchObject({ name: 'RetryableError', needsOperator: false })
    expect(failureOf(answer(413), 'a look').message).toBe('The server answered a look with status 413.')
    expect(failureOf(answer(503), 'a look')).toBeInstanceOf(RetryableError)
  })

  test('says whether a parameter is not known, and by its name', () => {
    const reason = 'request [/_bulk] contains unrecognized parameter: [require_data_stream]'
    const knows = (status: number, type: string, words = reason, name = 'require_data_stream') =>
      isUnknownParameter(answer(status, { type, reason: words }), name)
    expect(knows(400, ARGUMENT)).toBe(true)
    expect(knows(404, ARGUMENT)).toBe(false)
    expect(knows(400, 'other_exception')).toBe(false)
    expect(knows(400, ARGUMENT, 'request: [require_data_stream] is wrong')).toBe(false)
    expect(knows(400, ARGUMENT, reason, 'other')).toBe(false)
    expect(isUnknownParameter(answer(400), 'other')).toBe(false)
  })

  test('says whether there is no such index only where the server itself says so', () => {
    expect(isMissing(answer(404, { type: 'index_not_found_exception' }))).toBe(true)
    expect(isMissing(answer(400, { type: 'index_not_found_exception' }))).toBe(false)
    expect(isMissing(answer(404, { type: 'other' }))).toBe(false)
    expect(isMissing({ ...answer(404), body: undefined })).toBe(false)
  })
})
