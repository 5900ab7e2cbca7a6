import type { Server as HttpsServer } from 'node:https'
import fastify, { type FastifyInstance } from 'fastify'
import { createAuth } from './auth.ts'
import { countRequests } from './count.ts'
import type { IntakeDeps } from './deps.ts'
import { answerError, answerUnknownRoutes, isUnavailable } from './errors.ts'
import { answerExpectations } from './expect.ts'
import { createGates } from './gates.ts'
import { healthRoutes } from './health.ts'
import { jsonRoutes } from './json-routes.ts'
import { lingerAfterEarlyAnswers } from './linger.ts'
import { describeApi } from './openapi.ts'
import { createPeers } from './peers.ts'
import { plainRoutes } from './plain-routes.ts'
import { createRefusalPace } from './refusal-pace.ts'
import { addSecurityHeaders } from './security-headers.ts'
import { serverOptions, takeBodiesAsTheyCome } from './server-options.ts'
import { answerBrokenRequest, refuseConnect } from './socket-answers.ts'
import { PREFIX, type Refusal, whileConnected } from './state.ts'
import { answerUnreadable, refuseStrangers } from './strangers.ts'
import { readTls, renewTls } from './tls.ts'

/**
 * The intake's listener, ready to listen. close() lets what is in hand finish.
 *
 * @throws StartError when the TLS files cannot be used
 */
export function createIntake(deps: IntakeDeps): FastifyInstance {
  const { tls, log, metrics, keyring, monotonic } = deps
  const peers = deps.peers ?? createPeers({ log })
  const auth = createAuth({ keyring, peers, metrics, log, monotonic })
  const closing = new AbortController()
  const refusal: Refusal = () => (closing.signal.aborted ? 'shutting down' : deps.spool.refusal())

  const app = fastify({
    ...serverOptions(log, tls && readTls(tls)),
    frameworkErrors: answerUnreadable(peers, metrics, response => onUnreadable(response)),
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, onSocketAnswer),
  })
  const stopRenewing = tls === undefined ? () => {} : renewTls(app.server as HttpsServer, tls, log)
  app.addHook('onClose', async () => stopRenewing())

  const gates = createGates(deps.limits.maxReceiving, metrics)
  app.addHook('preClose', async () => {
    closing.abort()
    gates.close()
  })
  app.addHook('onSend', async (_request, reply) => {
    if (closing.signal.aborted) reply.header('connection', 'close')
  })
  addSecurityHeaders(app)
  const { onSocketAnswer, onUnreadable } = countRequests(app, metrics)
  refuseStrangers(app, peers, metrics)
  takeBodiesAsTheyCome(app)
  refuseConnect(app, 'GET, HEAD, POST', onSocketAnswer)
  lingerAfterEarlyAnswers(app)
  answerExpectations(app)
  answerUnknownRoutes(app, 'Logpush batches go to POST /plain/batch.')
  const pace = createRefusalPace()
  app.setErrorHandler(async (error, request, reply) => {
    if (isUnavailable(error)) await pace.wait(AbortSignal.any([closing.signal, whileConnected(reply)]))
    return answerError(error, request, reply)
  })
  describeApi(app)
  app.register(healthRoutes, { refusal, documented: true })
  for (const prefix of ['', PREFIX]) {
    app.register(plainRoutes, { deps, auth, refusal, gate: gates.plain, prefix })
    app.register(jsonRoutes, { deps, auth, refusal, gates, prefix })
  }
  return app
}
