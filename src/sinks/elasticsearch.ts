import { type Document, documentsOf, withoutCloudflare } from './elasticsearch-bulk.ts'
import { createGuard, type GuardOptions } from './elasticsearch-guard.ts'
import type { Outcome } from './elasticsearch-outcome.ts'
import { findPresent } from './elasticsearch-present.ts'
import { receiptOf } from './elasticsearch-receipt.ts'
import { failureOf } from './elasticsearch-refusal.ts'
import { createSender } from './elasticsearch-send.ts'
import { findServer, PLAIN_SERVER } from './elasticsearch-server.ts'
import type { HttpClient } from './http-client.ts'
import { DELIVERED, type Sink } from './sink.ts'

export interface ElasticsearchSinkOptions extends Pick<GuardOptions, 'setup' | 'ready'> {
  readonly client: HttpClient
  /** The data stream, or the index or alias, of a dataset. */
  readonly indexOf: (dataset: string) => string
  readonly dataStreams: boolean
  readonly gzip: boolean
  /** Events hold their line: in `message`, where it is not in `event.original`. */
  readonly keepsLine: boolean
  readonly now?: () => number
}

/**
 * Events as documents of Elasticsearch (8, 9) or OpenSearch (2, 3), by `_bulk` with `create` and the event's id: one that comes again is
 * answered with 409 and stays as it is. That holds within one backing index; after a rollover the id is new, so `present` asks for what
 * comes again on purpose. Every event ends by its own item of the answer, and what an answer does not tell is never assumed.
 */
export function createElasticsearchSink(options: ElasticsearchSinkOptions): Sink {
  const { client, indexOf, dataStreams, keepsLine, now = Date.now } = options
  let server = PLAIN_SERVER
  const guard = createGuard({
    setup: options.setup,
    now,
    // A plain index or alias that is there has its mapping.
    ready: async (target, signal) =>
      !dataStreams && (await exists(target.index, signal)) ? 'ready' : options.ready(target, signal),
  })
  const sender = createSender({
    client,
    now,
    gzip: options.gzip,
    requireDataStream: () => dataStreams && server.knowsRequireDataStream,
    onUnknownParameter() {
      server = PLAIN_SERVER
    },
    onMissing: guard.forget,
  })

  async function exists(index: string, signal: AbortSignal): Promise<boolean> {
    const answer = await client.request({ method: 'HEAD', path: `/${encodeURIComponent(index)}` }, signal)
    if (answer.status === 200) return true
    if (answer.status === 404) return false
    throw failureOf(answer, 'the question whether the index is there')
  }

  return {
    name: 'elasticsearch',
    form: 'document',
    ordered: false,
    // What is sent is a copy.
    returnsBytes: true,
    // The server works on some while others are on the way, and says 429 where that is too much. More would only hold memory here.
    maxInFlight: 4,
    async open(signal) {
      signal.throwIfAborted()
      server = await findServer(client, signal)
    },
    async write(piece, signal) {
      signal.throwIfAborted()
      if (piece.ends.length === 0) return DELIVERED
      const index = indexOf(piece.dataset)
      await guard.ensure({ dataset: piece.dataset, index }, signal)
      const documents = documentsOf(piece)
      const { outcomes, retryAfterMs } = await sender.send(index, documents, signal)
      const reduced = reducible(documents, outcomes, keepsLine)
      if (reduced.length === 0) return receiptOf(outcomes, 0, retryAfterMs)
      const anew = await sender.sendAnew(index, reduced, signal)
      const later = new Map(reduced.map((document, at) => [document.index, anew?.outcomes[at]]))
      const conflicts = [...later.values()].filter(outcome => outcome?.kind === 'delivered').length
      const last = outcomes.map((outcome, at) => later.get(at) ?? outcome)
      return receiptOf(last, conflicts, anew?.retryAfterMs ?? retryAfterMs)
    },
    async present(piece, signal) {
      signal.throwIfAborted()
      return await findPresent(client, indexOf(piece.dataset), documentsOf(piece), signal)
    },
    close: () => client.close(),
  }
}

/** The events whose fields were refused, without those that may be refused. */
function reducible(documents: readonly Document[], outcomes: readonly Outcome[], keepsLine: boolean): Document[] {
  return documents.flatMap((document, at) => {
    const outcome = outcomes[at]
    if (outcome?.kind !== 'refused' || !outcome.mapping) return []
    return withoutCloudflare(document, keepsLine) ?? []
  })
}
