import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { httpErrors } from '../errors.ts'
import { createAllowance } from '../lib/allowance.ts'
import { holderOf } from '../lib/networks.ts'
import type { Metrics } from '../metrics.ts'
import type { Identity, Keyring } from './keys.ts'
import type { Peers } from './peers.ts'

/** Who may. A valid key is taken whatever came before it from the same address; only what has none is ever held back. */
export interface Auth {
  /**
   * Whose key the request carries: in X-SEKOIAIO-INTAKE-KEY, else as the password of HTTP Basic, else as intake_key in the query.
   *
   * @throws 401, and 429 when the address has failed too often
   */
  authenticate(request: FastifyRequest, reply: FastifyReply): Identity
  /**
   * Whose key it is.
   *
   * @param refusal what is thrown when it is nobody's
   * @throws 429 in its place when the address has failed too often
   */
  identify(key: string | undefined, refusal: () => Error, request: FastifyRequest, reply: FastifyReply): Identity
}

export interface AuthOptions {
  readonly keyring: Keyring
  readonly peers: Peers
  readonly metrics: Metrics
  readonly log: Logger
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonic?: (() => number) | undefined
}

/** A rotation makes the sender's own addresses fail for a while: they are told so as before. */
const FAILURES = { burst: 30, everyMs: 2000, maxHolders: 10_000 }
const WARN_EVERY_MS = 60_000

export function createAuth(options: AuthOptions): Auth {
  const { keyring, peers, metrics, log, monotonic: now = () => performance.now() } = options
  const failures = createAllowance({ ...FAILURES, now })
  let warnFrom = Number.NEGATIVE_INFINITY

  const warn = (address: string | undefined) => {
    if (now() < warnFrom) return
    warnFrom = now() + WARN_EVERY_MS
    log.warn({ address }, 'Too many requests without a valid key from an address; further ones are answered 429.')
  }

  const identify: Auth['identify'] = (key, refusal, request, reply) => {
    const missing = key === undefined || key === ''
    const identity = missing ? undefined : keyring.find(key)
    if (identity !== undefined) return identity

    const address = peers.addressOf(request.raw)
    const waitMs = failures.take(address === undefined ? 'unknown' : holderOf(address))
    if (waitMs === 0) {
      metrics.authFailures.inc({ reason: missing ? 'missing' : 'unknown' })
      throw refusal()
    }
    metrics.authFailures.inc({ reason: 'limited' })
    warn(address)
    // Each further attempt costs the other side a new connection.
    reply.headers({ 'retry-after': Math.ceil(waitMs / 1000), connection: 'close' })
    throw new httpErrors.tooManyFailures()
  }
  return {
    identify,
    authenticate: (request, reply) => identify(keyFrom(request), () => new httpErrors.unauthorized(), request, reply),
  }
}

/** RFC 9110: a 401 names a scheme. Basic is the one of ours that has a name there. */
export function challenge(reply: FastifyReply): void {
  if (!reply.hasHeader('www-authenticate')) reply.header('www-authenticate', 'Basic realm="intake", charset="UTF-8"')
}

function keyFrom(request: FastifyRequest): string | undefined {
  const header = request.headers['x-sekoiaio-intake-key']
  return typeof header === 'string' ? header.trim() : (basicPassword(request) ?? queryValues(request, 'intake_key')[0])
}

/** The password of HTTP Basic; the user's name is not looked at. */
export function basicPassword({ headers }: FastifyRequest): string | undefined {
  const basic = /^basic +([a-z0-9+/]+=*) *$/i.exec(headers.authorization ?? '')?.[1]
  if (basic === undefined) return undefined
  const pair = Buffer.from(basic, 'base64').toString()
  return pair.slice(pair.indexOf(':') + 1)
}

/** All values of a query parameter, in order. */
export function queryValues(request: FastifyRequest, name: string): string[] {
  const value = (request.query as Record<string, unknown>)[name]
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
}
