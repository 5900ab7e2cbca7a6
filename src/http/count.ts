import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../metrics.ts'
import type { OnAnswer } from './socket-answers.ts'
import { PREFIX, settle } from './state.ts'

/** Answers to who may send no batch here. */
const STRANGERS = [401, 403, 429]

/**
 * Counts each request once, by its route's pattern, never by what the sender wrote; `aborted` is the status of one whose connection
 * closed before its answer was sent. Returns what counts the answers for which no hook is run.
 */
export function countRequests(app: FastifyInstance, metrics: Metrics) {
  const onSocket = new WeakMap<ServerResponse, number>()
  app.decorateRequest('identity', undefined)
  app.decorateRequest('outcome', undefined)

  const countWhenClosed = (raw: ServerResponse, route: string) => {
    let answered: number | undefined
    raw.once('finish', () => {
      answered = raw.statusCode
    })
    raw.once('close', () => {
      const status = onSocket.get(raw) ?? answered ?? 'aborted'
      metrics.requests.inc({ route, status: String(status) })
    })
  }
  app.addHook('onRequest', async (request, { raw }) => {
    countWhenClosed(raw, request.is404 ? 'other' : routeLabel(request.routeOptions.url ?? 'other'))
  })
  app.addHook('onSend', async (request, reply) => {
    if (request.method !== 'POST' || request.is404 || request.outcome !== undefined) return
    if (!STRANGERS.includes(reply.statusCode)) settle(request, metrics, 'refused')
  })
  app.addHook('onResponse', async (request, reply) => {
    if (request.outcome === 'stored') metrics.acceptDuration.observe(reply.elapsedTime / 1000)
  })

  const onSocketAnswer: OnAnswer = (status, inHand) => {
    if (inHand === undefined) metrics.requests.inc({ route: 'other', status: String(status) })
    else onSocket.set(inHand, status)
  }
  return { onSocketAnswer, onUnreadable: (raw: ServerResponse) => countWhenClosed(raw, 'other') }
}

function routeLabel(pattern: string): string {
  const path = pattern.startsWith(PREFIX) ? pattern.slice(PREFIX.length) : pattern
  return path === '' ? '/' : path
}
