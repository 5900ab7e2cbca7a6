import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { httpErrors } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import { answerError } from './errors.ts'
import { closeWhenEarly } from './linger.ts'
import type { Peers } from './peers.ts'
import { setSecurityHeaders } from './security-headers.ts'

/** An orchestrator asks from its own network; without an answer it would end the service. */
const FOR_EVERYBODY = ['/livez', '/readyz']

/** 403 for addresses that are not admitted, before anything else of the request is looked at. */
export function refuseStrangers(app: FastifyInstance, peers: Peers, metrics: Metrics): void {
  app.addHook('onRequest', async request => {
    if (peers.admits(request.raw)) return
    if (!request.is404 && FOR_EVERYBODY.includes(request.routeOptions.url ?? '')) return
    metrics.authFailures.inc({ reason: 'address' })
    throw new httpErrors.forbiddenAddress()
  })
}

/** For requests whose URL cannot be read: no hook is run for them. */
export function answerUnreadable(peers: Peers, metrics: Metrics, count: (response: ServerResponse) => void = () => {}) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    count(reply.raw)
    setSecurityHeaders(request, reply)
    closeWhenEarly(request, reply)
    if (peers.admits(request.raw)) return answerError(error, request, reply)
    metrics.authFailures.inc({ reason: 'address' })
    return answerError(new httpErrors.forbiddenAddress(), request, reply)
  }
}
