import compress from '@fastify/compress'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fastify, { type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Metrics } from '../metrics.ts'
import { askForToken } from './admin-auth.ts'
import { answerError, answerUnknownRoutes } from './errors.ts'
import { answerExpectations } from './expect.ts'
import { healthRoutes } from './health.ts'
import type { Keyring } from './keys.ts'
import { createPeers } from './peers.ts'
import { addSecurityHeaders } from './security-headers.ts'
import { serverOptions } from './server-options.ts'
import { answerBrokenRequest, refuseConnect } from './socket-answers.ts'
import { type Refusal, sendJson } from './state.ts'
import { answerUnreadable } from './strangers.ts'

export interface AdminDeps {
  readonly metrics: Metrics
  readonly log: Logger
  /** Why no batch could be accepted now. */
  readonly refusal: Refusal
  /** Sets the gauges that are read, not counted: called before each scrape. */
  readonly refresh: () => void
  /** What /status tells, as it is now: version, uptime, sinks, spool usage, pending. JSON; no secrets. */
  readonly status: () => object
  /** The intake's listener, whose API is described. */
  readonly intake: FastifyInstance
  /** Who may look; without it anybody who reaches the listener. */
  readonly tokens?: Keyring | undefined
}

/** The listener for those who run the service: metrics, status, the API's description. */
export async function createAdmin(deps: AdminDeps): Promise<FastifyInstance> {
  const { metrics, log, intake, tokens } = deps
  await intake.ready()
  const peers = createPeers({ log })
  const app: FastifyInstance = fastify({
    ...serverOptions(log),
    // Nothing in hand here is worth waiting for at the end.
    forceCloseConnections: true,
    frameworkErrors: answerUnreadable(peers, metrics),
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket),
  })
  // A scrape is long and repetitive; Prometheus asks for gzip.
  await app.register(compress, { encodings: ['gzip', 'identity'], globalDecompression: false })
  addSecurityHeaders(app)
  refuseConnect(app, 'GET, HEAD')
  if (tokens !== undefined) askForToken(app, tokens, { peers, metrics, log })
  answerExpectations(app)
  answerUnknownRoutes(app, 'Here are /metrics, /status, /docs, /livez and /readyz.')
  app.setErrorHandler(answerError)
  app.register(healthRoutes, { refusal: deps.refusal, documented: false })

  app.get('/metrics', async (_request, reply) => {
    return reply.type(metrics.contentType).send(await metrics.render(deps.refresh))
  })
  app.get('/status', (_request, reply) => sendJson(reply, deps.status()))
  app.get('/openapi.json', (_request, reply) => sendJson(reply, intake.swagger()))
  app.get('/openapi.yaml', (_request, reply) => reply.type('application/yaml').send(intake.swagger({ yaml: true })))

  app.register(swagger, { mode: 'static', specification: { document: intake.swagger() as never } })
  app.register(swaggerUi, {
    routePrefix: '/docs',
    // The page sends nothing: neither to a validator on the internet nor to this listener, which has no such routes.
    uiConfig: { validatorUrl: null, supportedSubmitMethods: [], deepLinking: true } as never,
    staticCSP: true,
    // This listener has no TLS: a browser that asks for https instead gets nothing.
    transformStaticCSP: policy => policy.replace(/;\s*upgrade-insecure-requests\b/, ''),
  })
  return app
}
