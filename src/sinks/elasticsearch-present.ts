import { asObject, jsonOf } from './elasticsearch-answer.ts'
import type { Document } from './elasticsearch-bulk.ts'
import { failureOf, isMissing, unknownAnswer } from './elasticsearch-refusal.ts'
import type { HttpAnswer, HttpClient } from './http-client.ts'

/** An id is there once in each backing index at most, so the hits of a search can be this many times its ids. */
const MAX_COPIES = 20
const IDS = 500
const HEADERS = { 'content-type': 'application/json', accept: 'application/json' }

/**
 * The indexes of those documents whose ids the data stream (in any of its backing indices), index or alias has. Throws RetryableError where
 * this cannot be known.
 */
export async function findPresent(
  client: HttpClient,
  index: string,
  documents: readonly Document[],
  signal: AbortSignal,
) {
  const path = `/${encodeURIComponent(index)}`
  const refreshed = await client.request({ method: 'POST', path: `${path}/_refresh`, headers: HEADERS }, signal)
  if (isMissing(refreshed)) return []
  // Without the right to refresh, what came within the last seconds may be missed; it is of this same process then, or nearly.
  if (refreshed.status !== 200 && refreshed.status !== 403)
    throw failureOf(refreshed, 'the refresh before a search for ids')
  const present: number[] = []
  for (let from = 0; from < documents.length; from += IDS) {
    const some = documents.slice(from, from + IDS)
    const found = idsIn(await search(client, path, some, signal))
    present.push(...some.filter(({ id }) => found.has(id)).map(({ index }) => index))
  }
  return present
}

function search(client: HttpClient, path: string, documents: readonly Document[], signal: AbortSignal) {
  const body = {
    query: { ids: { values: documents.map(({ id }) => id) } },
    _source: false,
    size: IDS * MAX_COPIES,
    sort: ['_doc'],
    track_total_hits: false,
  }
  // timed_out is there in each answer to a search: no hits are told from no answer by it.
  const query = 'filter_path=timed_out,hits.hits._id&allow_partial_search_results=false'
  return client.request(
    { method: 'POST', path: `${path}/_search?${query}`, headers: HEADERS, body: JSON.stringify(body) },
    signal,
  )
}

function idsIn(answer: HttpAnswer): Set<unknown> {
  const what = 'a search for ids'
  if (isMissing(answer)) return new Set()
  if (answer.status !== 200) throw failureOf(answer, what)
  const found = asObject(answer.body && jsonOf(answer.body))
  const hits: unknown = found?.hits === undefined ? [] : asObject(found.hits)?.hits
  if (found?.timed_out !== false || !Array.isArray(hits)) throw unknownAnswer(what)
  return new Set(hits.map(hit => asObject(hit)?._id))
}
