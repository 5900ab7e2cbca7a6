import { RetryableError } from '../errors.ts'
import { asObject, jsonOf } from './elasticsearch-answer.ts'
import { failureOf } from './elasticsearch-refusal.ts'
import type { HttpClient } from './http-client.ts'

/** What the sink must know of the other side. */
export interface Server {
  /** Of `_bulk`; Elasticsearch from 8.13 on. OpenSearch refuses a request with a parameter that it does not know. */
  readonly knowsRequireDataStream: boolean
}

/** What any of them takes. */
export const PLAIN_SERVER: Server = { knowsRequireDataStream: false }

/** Asks who answers. Throws RetryableError where none of the two does. */
export async function findServer(client: HttpClient, signal: AbortSignal): Promise<Server> {
  const answer = await client.request({ method: 'GET', path: '/', headers: { accept: 'application/json' } }, signal)
  // Who may only write is not told the version.
  if (answer.status === 403) return PLAIN_SERVER
  if (answer.status !== 200) throw failureOf(answer, 'GET /')
  const version = asObject(asObject(answer.body && jsonOf(answer.body))?.version)
  const number = /^(\d{1,4})\.(\d{1,4})\b/.exec(typeof version?.number === 'string' ? version.number : '')
  if (version === undefined || number === null) {
    throw new RetryableError('What answers at the URL is neither Elasticsearch nor OpenSearch.', {
      needsOperator: true,
    })
  }
  const [major, minor] = [Number(number[1]), Number(number[2])]
  const isElasticsearch = version.distribution === undefined
  return { knowsRequireDataStream: isElasticsearch && (major > 8 || (major === 8 && minor >= 13)) }
}
