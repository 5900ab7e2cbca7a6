import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { createElasticsearchSink, type ElasticsearchSinkOptions } from '../../src/sinks/elasticsearch.ts'
import { createHttpClient, type HttpClient } from '../../src/sinks/http-client.ts'
import type { Sink } from '../../src/sinks/sink.ts'

/** One `create` action as it came. */
export interface BulkItem {
  readonly index: string
  readonly id: string
  /** The document's text. */
  readonly text: string
}

export interface ItemError {
  readonly type: string
  readonly reason?: string
  readonly caused_by?: { readonly type: string; readonly reason: string }
}

/** What an item is answered with, in place of the truth: anything but a 2xx is not stored. `omit` leaves it out, stored. */
export type ItemReply =
  | { readonly status: unknown; readonly error?: ItemError | string; readonly op?: string; readonly id?: string | null }
  | 'omit'

export interface Reply {
  status: number
  headers: Record<string, string>
  body: string | Buffer
}

export interface FakeRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A loopback server that keeps documents by index and id as Elasticsearch and OpenSearch do, and misbehaves as it is told. */
export interface FakeBulk {
  readonly url: string
  /** Texts by id, by index. */
  readonly stored: Map<string, Map<string, string>>
  readonly requests: FakeRequest[]
  /** Told each item; undefined: the truth. */
  onItem: (item: BulkItem) => ItemReply | undefined
  /** Told each answer before it leaves; `reset` closes the connection in its place, `cut` in its midst. */
  onReply: (reply: Reply, request: FakeRequest) => Reply | 'reset' | 'cut'
  /** As after a rollover: ids are new again, and what is there is still found. */
  rollover(index: string): void
  /** Connections are refused until start() is called. */
  stop(): Promise<void>
  start(): Promise<void>
}

export interface FakeBulkOptions {
  readonly distribution?: 'opensearch'
  readonly version?: string
}

export async function createFakeBulk({ distribution, version = '9.5.3' }: FakeBulkOptions = {}): Promise<FakeBulk> {
  const stored = new Map<string, Map<string, string>>()
  const older = new Map<string, Set<string>>()
  const requests: FakeRequest[] = []
  let port = 0

  const server = createServer((incoming, response) => {
    take(incoming)
      .then(async taken => {
        requests.push(taken)
        await give(response, fake.onReply(answer(taken), taken))
      })
      .catch(() => response.destroy())
  })

  function answer(request: FakeRequest): Reply {
    const { method, path, query } = request
    const [index = '', verb = ''] = path.slice(1).split('/').map(decodeURIComponent)
    const unknown = [...query.keys()].find(name => !KNOWN.has(name) || (distribution && name === 'require_data_stream'))
    if (unknown !== undefined) {
      const reason = `request [${path}] contains unrecognized parameter: [${unknown}]`
      return json(400, { error: { type: 'illegal_argument_exception', reason }, status: 400 })
    }
    if (path === '/') return json(200, { version: { number: version, ...(distribution && { distribution }) } })
    if (verb === '_bulk') return json(200, bulk(index, request.body))
    if (!stored.has(index)) return json(404, { error: { type: 'index_not_found_exception' }, status: 404 })
    if (method === 'HEAD') return json(200, {})
    if (verb === '_refresh') return json(200, {})
    if (verb === '_search') return json(200, search(index, request.body))
    return json(405, { error: 'method not allowed', status: 405 })
  }

  function bulk(index: string, body: string) {
    const lines = body.split('\n')
    if (lines.pop() !== '') throw new Error('The body does not end with LF.')
    const items: object[] = []
    for (let at = 0; at < lines.length; at += 2) {
      const id = JSON.parse(lines[at]!).create._id as string
      const item = { index, id, text: lines[at + 1]! }
      const told = fake.onItem(item)
      const reply = told === undefined || told === 'omit' ? create(item) : told
      const { status, error, op = 'create', id: answered = id } = reply
      if (told !== undefined && told !== 'omit' && typeof status === 'number' && status >= 200 && status < 300)
        create(item)
      if (told !== 'omit')
        items.push({ [op]: { ...(answered !== null && { _id: answered }), status, ...(error && { error }) } })
    }
    return { errors: items.some(item => JSON.stringify(item).includes('"error"')), items }
  }

  function create({ index, id, text }: BulkItem): Exclude<ItemReply, string> {
    const documents = stored.get(index) ?? new Map<string, string>()
    stored.set(index, documents)
    if (documents.has(id)) {
      return { status: 409, error: { type: 'version_conflict_engine_exception', reason: `[${id}]: version conflict` } }
    }
    documents.set(id, text)
    return { status: 201 }
  }

  function search(index: string, body: string) {
    const { query, size } = JSON.parse(body) as { query: { ids: { values: string[] } }; size: number }
    const has = (id: string) => stored.get(index)!.has(id) || older.get(index)?.has(id)
    const hits = query.ids.values.filter(has).slice(0, size)
    return { timed_out: false, ...(hits.length > 0 && { hits: { hits: hits.map(_id => ({ _id })) } }) }
  }

  const fake: FakeBulk = {
    get url() {
      return `http://127.0.0.1:${port}`
    },
    stored,
    requests,
    onItem: () => undefined,
    onReply: reply => reply,
    rollover(index) {
      const seen = older.get(index) ?? new Set()
      for (const id of stored.get(index)?.keys() ?? []) seen.add(id)
      older.set(index, seen)
      stored.set(index, new Map())
    },
    async stop() {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
    async start() {
      await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
      port = (server.address() as AddressInfo).port
    },
  }
  await fake.start()
  return fake
}

const KNOWN = new Set(['filter_path', 'require_data_stream', 'allow_partial_search_results'])

export const json = (status: number, value: unknown): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})

async function take(request: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const { pathname, searchParams } = new URL(request.url!, 'http://fake')
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
  return {
    method: request.method!,
    path: pathname,
    query: searchParams,
    headers: request.headers,
    body: body.toString(),
  }
}

async function give(response: ServerResponse, reply: Reply | 'reset' | 'cut'): Promise<void> {
  if (reply === 'reset') return void response.destroy()
  if (reply === 'cut') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"errors":false,"items":[')
    return void response.socket?.destroySoon()
  }
  response.writeHead(reply.status, reply.headers)
  response.end(reply.body)
}

/** Answers to tests are short; a longer one is as one that broke off. */
const MAX_ANSWER_BYTES = 1024 * 1024

export function clientOf(
  { url }: { readonly url: string },
  headers: Readonly<Record<string, string>> = {},
): HttpClient {
  return createHttpClient({
    name: 'elasticsearch',
    urls: [url],
    headers: async () => headers,
    caFile: undefined,
    certFile: undefined,
    keyFile: undefined,
    maxAnswerBytes: MAX_ANSWER_BYTES,
  })
}

/** A sink on the server, for data streams and without a guard, if not told otherwise. */
export function sinkOn(server: { readonly url: string }, options: Partial<ElasticsearchSinkOptions> = {}): Sink {
  return createElasticsearchSink({
    client: clientOf(server),
    indexOf: dataset => `logs-cloudflare.${dataset}-default`,
    dataStreams: true,
    setup: 'off',
    ready: async () => 'ready',
    gzip: false,
    keepsLine: true,
    ...options,
  })
}
