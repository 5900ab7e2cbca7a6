import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpErrors } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import type { Identity, Keyring } from './keys.ts'

/**
 * Whose key the request carries: in X-SEKOIAIO-INTAKE-KEY, else as the password of HTTP Basic, else as intake_key in the query.
 *
 * @throws 401
 */
export function authenticate(request: FastifyRequest, keyring: Keyring, metrics: Metrics): Identity {
  const identity = identify(keyFrom(request), keyring, metrics)
  if (identity === undefined) throw new httpErrors.unauthorized()
  return identity
}

/** Whose key it is; where it is nobody's that is counted. */
export function identify(key: string | undefined, keyring: Keyring, metrics: Metrics): Identity | undefined {
  const missing = key === undefined || key === ''
  const identity = missing ? undefined : keyring.find(key)
  if (identity === undefined) metrics.authFailures.inc({ reason: missing ? 'missing' : 'unknown' })
  return identity
}

/** RFC 9110: a 401 names a scheme. Basic is the one of ours that has a name there. */
export function challenge(reply: FastifyReply): void {
  reply.header('www-authenticate', 'Basic realm="intake", charset="UTF-8"')
}

function keyFrom(request: FastifyRequest): string | undefined {
  const header = request.headers['x-sekoiaio-intake-key']
  if (typeof header === 'string') return header.trim()
  const { authorization } = request.headers
  const basic = /^basic +([a-z0-9+/]+=*) *$/i.exec(authorization ?? '')?.[1]
  if (basic !== undefined) {
    const pair = Buffer.from(basic, 'base64').toString()
    return pair.slice(pair.indexOf(':') + 1)
  }
  return queryValues(request, 'intake_key')[0]
}

/** All values of a query parameter, in order. */
export function queryValues(request: FastifyRequest, name: string): string[] {
  const value = (request.query as Record<string, unknown>)[name]
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
}
