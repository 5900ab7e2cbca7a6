import type { FastifyInstance } from 'fastify'
import * as schemas from './schemas.ts'
import { type Refusal, sendJson } from './state.ts'

interface HealthOptions {
  readonly refusal: Refusal
  /** Whether the routes are in the API's description. */
  readonly documented: boolean
}

/** For orchestrators: a word, nothing about the service's inside. A sink that is down is no reason not to be ready. */
export async function healthRoutes(app: FastifyInstance, { refusal, documented }: HealthOptions): Promise<void> {
  const hidden = { hide: !documented }
  app.get('/livez', { schema: { ...schemas.livez, ...hidden } }, (_request, reply) => sendJson(reply, { status: 'ok' }))
  app.get('/readyz', { schema: { ...schemas.readyz, ...hidden } }, (_request, reply) => {
    const reason = refusal()
    return sendJson(reply.code(reason === undefined ? 200 : 503), { status: reason ?? 'ok' })
  })
}
