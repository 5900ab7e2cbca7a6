import { Pool } from 'undici'
import { RetryableError } from '../errors.ts'
import { abortable } from '../lib/abortable.ts'
import { type AnswerHead, headOf } from './http-answer.ts'
import { faultOf } from './http-fault.ts'
import { createNodes } from './http-nodes.ts'
import { createConnector, type TlsFiles } from './http-tls.ts'

/** Who we are to the other side. Secrets from files are read again when the files change. */
export interface HttpClientOptions extends TlsFiles {
  /** For errors: `elasticsearch`, `http`. */
  readonly name: string
  /** One or more base URLs, perhaps with a path, without credentials: requests go round; one that failed rests. */
  readonly urls: readonly string[]
  /**
   * Headers of every request, such as authorization; asked before each, and they win over the request's own. Rejects with
   * RetryableError where a secret cannot be read.
   */
  headers(): Promise<Readonly<Record<string, string>>>
  /** Longer answers are not read; default MAX_ANSWER_BYTES. */
  readonly maxAnswerBytes?: number
  /** For a whole attempt, from connecting to the end of the answer; default 25 s, below the time that the drain gives a write. */
  readonly timeoutMs?: number
  readonly now?: () => number
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** With its query; put behind the path of the base URL. Empty: the base URL as it is. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | readonly Uint8Array[] | string
}

export interface HttpAnswer extends AnswerHead {
  /** At most `maxAnswerBytes`; undefined where the answer was longer, broke off, took too long or is compressed, which was not asked for. */
  readonly body: Buffer | undefined
}

/** One request is one attempt at one of the URLs. */
export interface HttpClient {
  /**
   * Resolves with the answer, whatever its status (a redirect is an answer). Throws RetryableError where none came: refused, reset,
   * timed out, broken TLS; and the signal's reason. No error holds a header or a credential.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>
  /** Idempotent; request() may be called again after it. */
  close(): Promise<void>
}

export const MAX_ANSWER_BYTES = 32 * 1024 * 1024
const TIMEOUT_MS = 25_000
/** Answers that another node may not give: of something before the server, of one that does not serve now or is set up in another way. */
const RESTING = new Set([401, 403, 404, 500, 502, 503, 504])
const OURS = { 'user-agent': 'logpush-intake', 'accept-encoding': 'identity' }

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { name, maxAnswerBytes = MAX_ANSWER_BYTES, timeoutMs = TIMEOUT_MS, now = Date.now } = options
  const bases = options.urls.map(url => new URL(url))
  const nodes = createNodes(bases.length, now)
  const connect = createConnector(options)
  const pools = new Map<string, Pool>()

  const poolOf = ({ origin }: URL): Pool => {
    const known = pools.get(origin)
    if (known !== undefined) return known
    // An attempt has one deadline for all: with those of the pool a server that drips would hold it for ever.
    const noTimeouts = { headersTimeout: 0, bodyTimeout: 0 }
    const pool = new Pool(origin, { connect, allowH2: false, maxResponseSize: maxAnswerBytes, ...noTimeouts })
    pools.set(origin, pool)
    return pool
  }

  async function attempt(base: URL, request: HttpRequest, headers: Record<string, string>, signal: AbortSignal) {
    const { method, path, body } = request
    const asked = poolOf(base).request({
      method,
      path: path === '' ? base.pathname : base.pathname.replace(/\/$/, '') + path,
      headers,
      body: body === undefined ? null : asOne(body),
      signal,
    })
    // While it connects the pool does not heed the signal; what is aborted then is not sent later.
    const answer = await abortable(asked, signal)
    const head = headOf(answer.statusCode, answer.headers, now())
    const bytes = await abortable(answer.body.bytes(), signal).catch(() => undefined)
    const isPlain = /^(?:identity)?$/i.test(String(answer.headers['content-encoding'] ?? ''))
    return { ...head, body: isPlain ? bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : undefined }
  }

  return {
    async request(request, signal) {
      signal.throwIfAborted()
      const headers = { ...OURS, ...lowerCased(request.headers ?? {}), ...lowerCased(await options.headers()) }
      const turn = nodes.next()
      const base = bases[turn.index]!
      const deadline = new AbortController()
      const timer = setTimeout(() => deadline.abort(), timeoutMs)
      try {
        const answer = await attempt(base, request, headers, AbortSignal.any([signal, deadline.signal]))
        signal.throwIfAborted()
        if (RESTING.has(answer.status)) turn.failed()
        else turn.worked()
        return answer
      } catch (error) {
        signal.throwIfAborted()
        turn.failed()
        if (!deadline.signal.aborted) throw faultOf(`${name} at ${base.origin}`, error, nodes.allRest())
        const message = `No answer from ${name} at ${base.origin}: nothing came within ${timeoutMs / 1000} s.`
        throw error instanceof RetryableError ? error : new RetryableError(message, { timedOut: true })
      } finally {
        clearTimeout(timer)
      }
    },
    async close() {
      const open = [...pools.values()]
      pools.clear()
      await Promise.all(open.map(pool => pool.destroy()))
    },
  }
}

function asOne(body: NonNullable<HttpRequest['body']>): string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array ? body : Buffer.concat(body)
}

const lowerCased = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]))
