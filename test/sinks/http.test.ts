import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import { createHttpSink, type HttpSinkOptions } from '../../src/sinks/http.ts'
import { createHeaders } from '../../src/sinks/http-headers.ts'
import { createSecret } from '../../src/sinks/secret.ts'
import type { Sink } from '../../src/sinks/sink.ts'
import { describeSinkContract } from '../contract/sink.ts'
import {
  answer,
  brokenBody,
  isEndless,
  type MisbehavingServer,
  oddAnswer,
  type SeenRequest,
  startMisbehavingServer,
  withoutAnswer,
} from '../helpers/misbehaving-server.ts'
import { eventsNamed, pieceOf } from '../helpers/pieces.ts'
import { KEY as INTAKE_KEY, listen } from '../http/listening.ts'

const KEY = 'S3cret-key-of-the-operator'
const never = new AbortController().signal
const DELIVERED = { retry: [], rejected: [] }
const NO_TLS = { caFile: undefined, certFile: undefined, keyFile: undefined }

const linesOf = ({ body }: SeenRequest) => gunzipSync(body).toString().split('\n').slice(0, -1)

function sinkFor(server: MisbehavingServer, options: Partial<HttpSinkOptions> = {}): Sink {
  const headers = async () => ({ 'x-sekoiaio-intake-key': KEY })
  return createHttpSink({
    urls: [`${server.url}/plain/batch`],
    form: 'event',
    headers,
    ...NO_TLS,
    ...options,
  })
}

describeSinkContract('http', { ordered: false, once: false }, async () => {
  const server = await startMisbehavingServer()
  const make = () => sinkFor(server)
  return {
    sink: make(),
    delivered: async () => server.requests.flatMap(linesOf),
    restarted: make,
    breakDown: () => server.refuse(),
    repair: () => server.listen(),
    cleanUp: () => server.close(),
  }
})

describe('the http sink', () => {
  let server: MisbehavingServer
  let sink: Sink
  beforeEach(async () => {
    server = await startMisbehavingServer()
    sink = sinkFor(server)
  })
  afterEach(async () => {
    await sink.close()
    await server.close()
  })
  const piece = pieceOf(eventsNamed('a', 3), { time: '2026-02-03T04:05:06.789Z' })
  const failureOf = async (promise: Promise<unknown>) => {
    const error = await promise.then(
      () => undefined,
      thrown => thrown,
    )
    expect(error).toBeInstanceOf(Error)
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain(KEY)
    return error
  }

  it('posts gzipped NDJSON with the headers of the operator', async () => {
    expect(await sink.write(piece, never)).toEqual(DELIVERED)
    const [seen] = server.requests
    expect(seen).toMatchObject({ method: 'POST', path: '/plain/batch' })
    expect(seen?.headers).toMatchObject({
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
      'user-agent': 'logpush-intake',
      'x-sekoiaio-intake-key': KEY,
    })
    expect(linesOf(seen!)).toEqual(eventsNamed('a', 3))
  })

  it('lets the operator set the content type and the user agent', async () => {
    const headers = async () => ({ 'Content-Type': 'application/json', 'user-agent': 'mine' })
    sink = sinkFor(server, { headers })
    await sink.write(piece, never)
    expect(server.requests[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'mine' })
  })

  it('tells another intake the dataset and the time of lines, and nothing of the kind with events', async () => {
    const lines = sinkFor(server, { form: 'line' })
    const time = '2026-02-03T04:05:06.789Z'
    await lines.write(piece, never)
    await lines.write(pieceOf(['x'], { dataset: 'unknown', declared: 'http_requests', time }), never)
    await lines.write(pieceOf(['x'], { dataset: 'unknown', time }), never)
    await sink.write(piece, never)
    await lines.close()
    const told = server.requests.map(({ headers }) => [
      headers['x-logpush-dataset'],
      headers['x-sekoiaio-event-timestamp'],
    ])
    expect(told).toEqual([
      ['dns_logs', time],
      ['http_requests', time],
      [undefined, time],
      [undefined, undefined],
    ])
  })

  it('gives another intake lines that are the same batch there when they come again', async () => {
    const intake = await listen()
    const headers = async () => ({ 'x-sekoiaio-intake-key': INTAKE_KEY })
    const lines = sinkFor(server, { form: 'line', headers, urls: [`${intake.url}/plain/batch`] })
    try {
      await lines.write(piece, never)
      await lines.write(piece, never)
      const [stored, ...others] = intake.spool.stored
      expect(others).toEqual([])
      expect(stored?.batch).toMatchObject({ dataset: 'dns_logs', time: '2026-02-03T04:05:06.789Z', lines: 3 })
      expect(gunzipSync(stored!.body)).toEqual(piece.bytes)
    } finally {
      await lines.close()
      await intake.close()
    }
  })

  it('sends a piece that comes again with the same bytes', async () => {
    await sink.write(piece, never)
    await sink.write(piece, never)
    expect(server.requests[0]?.body.equals(server.requests[1]!.body)).toBe(true)
  })

  it('sends the headers that a file holds at the time, and says at the opening when it is not usable', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'http-sink-'))
    const file = join(folder, 'headers')
    let clock = 0
    const secret = createSecret({ file }, { setting: 'HTTP_HEADERS', now: () => clock })
    sink = sinkFor(server, { headers: createHeaders(secret, 'HTTP_HEADERS') })
    await writeFile(file, KEY)
    expect((await failureOf(sink.open(never))).message).toBe('HTTP_HEADERS is not usable: line 1 is not `Name: value`.')
    for (const key of ['first', 'second']) {
      clock += 1000
      await writeFile(file, `X-Key: ${key}\n`)
      await sink.open(never)
      await sink.write(piece, never)
    }
    clock += 1000
    await rm(folder, { recursive: true })
    expect(await failureOf(sink.write(piece, never))).toMatchObject({ name: 'RetryableError', needsOperator: true })
    expect(server.requests.map(({ headers }) => headers['x-key'])).toEqual(['first', 'second'])
  })

  for (const [what, behaviour] of Object.entries(withoutAnswer)) {
    it(`tries again when the service ${what}`, async () => {
      if (isEndless(what)) sink = sinkFor(server, { timeoutMs: 300 })
      server.behave(behaviour)
      expect(await failureOf(sink.write(piece, never))).toBeInstanceOf(RetryableError)
      server.behave(answer(200))
      expect(await sink.write(piece, never)).toEqual(DELIVERED)
    })
  }

  for (const [what, behaviour] of Object.entries({ ...brokenBody, ...oddAnswer })) {
    it(`has delivered when the service answers 200 and ${what}`, async () => {
      if (isEndless(what)) sink = sinkFor(server, { timeoutMs: 300 })
      server.behave(behaviour)
      expect(await sink.write(piece, never)).toEqual(DELIVERED)
    })
  }

  it('has delivered with any 2xx, and nothing with any other status', async () => {
    for (const status of [200, 201, 202, 204]) {
      server.behave(answer(status, status === 204 ? { 'content-length': '0' } : {}))
      expect(await sink.write(piece, never)).toEqual(DELIVERED)
    }
    for (const [status, kind, needsOperator] of [
      [302, RetryableError, true],
      [400, PermanentError, undefined],
      [401, RetryableError, true],
      [403, RetryableError, true],
      [404, RetryableError, true],
      [408, RetryableError, false],
      [413, PermanentError, undefined],
      [422, PermanentError, undefined],
      [429, RetryableError, false],
      [500, RetryableError, false],
      [503, RetryableError, false],
    ] as const) {
      server.behave(answer(status, { 'retry-after': '4', 'content-type': 'text/plain' }, `no, and your key is ${KEY}`))
      const error = await failureOf(sink.write(piece, never))
      expect(error, String(status)).toBeInstanceOf(kind)
      expect(error.needsOperator, String(status)).toBe(needsOperator)
      if (kind === RetryableError) expect(error.retryAfterMs).toBe(4000)
      expect(error.message).toContain(status === 302 ? 'a redirect' : `${status}: no, and your key is ***`)
    }
  })

  it('hears a refusal that comes before the whole piece was sent', async () => {
    const noise = Array.from({ length: 2000 }, () =>
      JSON.stringify({ noise: crypto.getRandomValues(new Uint32Array(200)).join() }),
    )
    server.behave(
      (socket, request) => {
        socket.pause()
        answer(401, { connection: 'close' })(socket, request)
        setTimeout(() => socket.destroy(), 5)
      },
      { early: true },
    )
    const error = await failureOf(sink.write(pieceOf(noise), never))
    expect(error).toMatchObject({ name: 'RetryableError', needsOperator: true, message: 'The service answered 401.' })
  })

  it('says nothing of the path of its URL, which can hold a key', async () => {
    sink = sinkFor(server, { urls: [`${server.url}/services/${KEY}`] })
    server.behave(answer(404))
    await failureOf(sink.write(piece, never))
    await server.refuse()
    await failureOf(sink.write(piece, never))
  })
})
