import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpErrors, UnavailableError, type UnavailableReason } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import type { Identity } from './keys.ts'
import type { Accepted } from './receive.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose request it is, once that is known; undefined on routes whose keys are in the body. */
    identity: Identity | undefined
    /** What became of the batch, once that is known. */
    outcome: Outcome | undefined
  }
}

export type Outcome = 'stored' | 'duplicate' | 'ping' | 'refused'

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

/** Aborted with 400 when the sender is gone, or is so already. */
export function whileConnected({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  const onClose = () => {
    if (!raw.writableFinished) gone.abort(new httpErrors.incomplete())
  }
  if (raw.closed) onClose()
  else raw.once('close', onClose)
  return gone.signal
}

export function sendJson(reply: FastifyReply, value: object): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(value))
}

export function countBytes(metrics: Metrics, { outcome, bytes, inflatedBytes }: Omit<Accepted, 'batchId'>): void {
  if (outcome !== 'stored') return
  metrics.receivedBytes.inc({ kind: 'body' }, bytes)
  metrics.receivedBytes.inc({ kind: 'inflated' }, inflatedBytes)
}

/** What became of a batch: counted as soon as it is known, since the sender may be gone before its answer. */
export function settle(request: FastifyRequest, metrics: Metrics, outcome: Outcome): void {
  request.outcome = outcome
  metrics.batches.inc({ outcome })
}
