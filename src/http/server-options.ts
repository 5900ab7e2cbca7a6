import { type FastifyBaseLogger, type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify'
import type { TlsContext } from './tls.ts'

/** Node looks at the two time-outs below in this interval; with its default of 30 s that would be the real time-out. */
const CHECK_MS = 1000
/** Must be below REQUEST_MS: Node swaps the two otherwise. */
const HEADERS_MS = 30_000
/** The whole request. Logpush gives up after 2 minutes. */
const REQUEST_MS = 300_000
/** Logpush keeps a connection for 10 s; whoever closes first risks the other's next request. */
const KEEP_ALIVE_MS = 75_000
/** Neither read nor written: a sender that does not fetch its answer. */
const DEAD_CONNECTION_MS = 120_000

/** What Node takes of headers and URL: a longer dataset would be refused by the router, before the key is looked at. */
const MAX_PARAM_LENGTH = 16 * 1024

/** Request logging is off: a URL may hold the intake key. */
export function serverOptions(log: FastifyBaseLogger, tls?: TlsContext): FastifyServerOptions {
  // Node would answer a request without Host itself, and not in the shape of our errors.
  const node = { headersTimeout: HEADERS_MS, connectionsCheckingInterval: CHECK_MS, requireHostHeader: false }
  const options = {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    return503OnClosing: false,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionTimeout: DEAD_CONNECTION_MS,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM_LENGTH },
    ...(tls === undefined ? { http: node } : { https: { ...tls, ...node } }),
  }
  return options
}

/** Handlers read the request's stream themselves; the framework neither reads nor checks bodies, whatever their type is called. */
export function takeBodiesAsTheyCome(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => value => JSON.stringify(value))
  app.addHook('onRequest', async request => {
    // A type that is no `type/subtype` would be refused before any parser is asked.
    delete request.raw.headers['content-type']
  })
}
