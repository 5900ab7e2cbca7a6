import type { FastifyInstance, FastifyReply } from 'fastify'
import { httpErrors, UnavailableError, type UnavailableReason } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import type { Identity } from './keys.ts'
import type { Accepted } from './receive.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose request it is, once that is known; undefined on routes whose keys are in the body. */
    identity: Identity | undefined
    /** What became of the batch, for the counters. */
    outcome: 'stored' | 'duplicate' | 'ping' | undefined
  }
}

/** Why no batch could be taken now. Asked before each body. */
export type Refusal = () => UnavailableReason | undefined

/** The prefix below which other regions of the mimicked intake serve the same routes. */
export const PREFIX = '/api/v1/intake-http'

/** @throws UnavailableError */
export function refuseWhenUnavailable(refusal: Refusal): void {
  const reason = refusal()
  if (reason !== undefined) throw new UnavailableError(reason)
}

/** @throws 413 when the sender says beforehand that the body is over the limit */
export function refuseAnnounced(contentLength: string | undefined, maxBytes: number): void {
  if (Number(contentLength ?? 0) > maxBytes) throw new httpErrors.bodyTooLarge(maxBytes, 'MAX_BODY_BYTES')
}

export function sendJson(reply: FastifyReply, value: object): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(value))
}

export function countBytes(metrics: Metrics, { outcome, bytes, inflatedBytes }: Omit<Accepted, 'batchId'>): void {
  if (outcome !== 'stored') return
  metrics.receivedBytes.inc({ kind: 'body' }, bytes)
  metrics.receivedBytes.inc({ kind: 'inflated' }, inflatedBytes)
}

/** Counts each answer by its route's pattern, never by what the sender wrote. */
export function countRequests(app: FastifyInstance, metrics: Metrics): void {
  app.decorateRequest('identity', undefined)
  app.decorateRequest('outcome', undefined)
  app.addHook('onResponse', async (request, reply) => {
    const status = reply.statusCode
    const route = request.is404 ? 'other' : routeLabel(request.routeOptions.url ?? 'other')
    metrics.requests.inc({ route, status: String(status) })
    if (request.method !== 'POST' || request.is404) return
    if (request.outcome !== undefined) metrics.batches.inc({ outcome: request.outcome })
    else if (status !== 401) metrics.batches.inc({ outcome: 'refused' })
    if (request.outcome === 'stored') metrics.acceptDuration.observe(reply.elapsedTime / 1000)
  })
}

function routeLabel(pattern: string): string {
  const path = pattern.startsWith(PREFIX) ? pattern.slice(PREFIX.length) : pattern
  return path === '' ? '/' : path
}
