import { PermanentError, RetryableError } from '../errors.ts'
import { createSpareBuffers, type SpareBuffersOptions } from '../lib/spare-buffers.ts'
import { type ItemAnswer, readBulkAnswer } from './elasticsearch-answer.ts'
import { bulkBody, bulkPath, type Document } from './elasticsearch-bulk.ts'
import { type Outcome, outcomeOf } from './elasticsearch-outcome.ts'
import { isUnknownParameter, refusalOf, unknownAnswer } from './elasticsearch-refusal.ts'
import type { HttpAnswer, HttpClient } from './http-client.ts'
import { gzipBody } from './http-gzip.ts'

export interface Sent {
  /** Of each document, in their order. */
  readonly outcomes: readonly Outcome[]
  readonly retryAfterMs: number | undefined
}

/** Bulk requests to one index. Throws RetryableError or PermanentError where the answer is none to the events one by one. */
export interface Sender {
  send(index: string, documents: readonly Document[], signal: AbortSignal): Promise<Sent>
  /**
   * Documents whose first outcome is known already: where the request fails as a whole, each is to be sent again. Undefined where it is
   * refused as a whole.
   */
  sendAnew(index: string, documents: readonly Document[], signal: AbortSignal): Promise<Sent | undefined>
}

export interface SenderOptions {
  readonly client: HttpClient
  readonly gzip: boolean
  readonly now: () => number
  /** Whether `require_data_stream` is to be asked for. */
  readonly requireDataStream: () => boolean
  /** The server does not know it. */
  readonly onUnknownParameter: () => void
  /** The server says that the index is missing. */
  readonly onMissing: (index: string) => void
}

/** A piece of 1 MiB with what stands between its events, which is more where they are small. */
const BODIES: SpareBuffersOptions = { sizes: [1.25 * 1024 ** 2, 2 * 1024 ** 2], most: 4 }
const WHAT = 'a bulk request'
const HEADERS = { 'content-type': 'application/x-ndjson', accept: 'application/json' }
const GZIPPED = { ...HEADERS, 'content-encoding': 'gzip' }

export function createSender({ client, gzip, now, ...options }: SenderOptions): Sender {
  const spare = createSpareBuffers(BODIES)

  async function request(index: string, documents: readonly Document[], brief: boolean, signal: AbortSignal) {
    const requireDataStream = options.requireDataStream()
    const plain = bulkBody(documents, new Date(now()).toISOString(), spare)
    const body = gzip ? await gzipBody(plain) : plain
    const path = bulkPath(index, requireDataStream, brief)
    const answer = await client.request({ method: 'POST', path, headers: gzip ? GZIPPED : HEADERS, body }, signal)
    // Any other answer may have come before all was sent.
    if (gzip || answer.status === 200) spare.give(plain.buffer)
    if (requireDataStream && isUnknownParameter(answer, 'require_data_stream')) {
      options.onUnknownParameter()
      throw new RetryableError('The server does not know require_data_stream; the events are sent again without it.')
    }
    return answer
  }

  async function send(index: string, documents: readonly Document[], signal: AbortSignal): Promise<Sent> {
    let answer = await request(index, documents, false, signal)
    // Perhaps too long, as refusals repeat values: the same without words. What was taken is a 409 now.
    if (answer.status === 200 && answer.body === undefined) answer = await request(index, documents, true, signal)
    if (answer.status === 404) options.onMissing(index)
    const items = itemsOf(answer, documents)
    if (items.some(item => item?.status === 404)) options.onMissing(index)
    return { outcomes: items.map(outcomeOf), retryAfterMs: answer.retryAfterMs }
  }

  async function sendAnew(index: string, documents: readonly Document[], signal: AbortSignal) {
    try {
      return await send(index, documents, signal)
    } catch (error) {
      if (error instanceof PermanentError) return undefined
      // Also where the time is over: what became of the others is known already.
      const known = error instanceof RetryableError ? error : new RetryableError('The server did not answer in time.')
      const { message, needsOperator, retryAfterMs } = known
      const outcome: Outcome = { kind: 'retry', needsOperator, why: message.replace(/\.$/, '') }
      return { outcomes: documents.map(() => outcome), retryAfterMs }
    }
  }

  return { send, sendAnew }
}

function itemsOf(answer: HttpAnswer, documents: readonly Document[]): readonly (ItemAnswer | undefined)[] {
  if (answer.status !== 200) throw refusalOf(answer, WHAT)
  const ids = documents.map(({ id }) => id)
  const items = answer.body && readBulkAnswer(answer.body, ids)
  if (items === undefined) throw unknownAnswer(WHAT)
  return items
}
