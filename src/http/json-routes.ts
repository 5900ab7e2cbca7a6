import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { idOf, sendEventIds } from './answer.ts'
import { type Auth, queryValues } from './auth.ts'
import type { IntakeDeps } from './deps.ts'
import type { Gate } from './gate.ts'
import type { Gates } from './gates.ts'
import { acceptJson } from './json-accept.ts'
import * as shapes from './json-events.ts'
import * as schemas from './schemas.ts'
import { type Refusal, refuseWhenUnavailable, sendJson } from './state.ts'

interface JsonOptions {
  readonly deps: IntakeDeps
  readonly auth: Auth
  readonly refusal: Refusal
  readonly gates: Gates
}

/** The routes whose bodies are JSON that holds events. A body is held whole; its values never are. */
export async function jsonRoutes(app: FastifyInstance, { deps, auth, refusal, gates }: JsonOptions): Promise<void> {
  const keyed = async (request: FastifyRequest, reply: FastifyReply) => {
    request.identity = auth.authenticate(request, reply)
  }
  const willing = async () => refuseWhenUnavailable(refusal)
  const batch = (gate: Gate, shapeFor: (request: FastifyRequest) => shapes.JsonShape) => {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const { count, nextId } = await acceptJson({ ...deps, auth }, gate, shapeFor(request), request, reply)
      return sendEventIds(reply, count, nextId)
    }
  }
  const jsons = batch(gates.keyed, () => shapes.arrayOfEvents)
  const many = batch(gates.keyed, request => shapes.eventsAt(queryValues(request, 'path')[0]))
  const withKey = batch(gates.keyInBody, () => shapes.keyWithEvents)
  const withKeys = batch(gates.keyInBody, () => shapes.arrayOfWrapped)

  app.post('/jsons', { schema: schemas.jsons, onRequest: [keyed, willing] }, jsons)
  app.post('/many', { schema: schemas.many, onRequest: [keyed, willing] }, many)
  app.post('/batch', { schema: schemas.batch, onRequest: willing }, withKey)
  app.post('/array', { schema: schemas.array, onRequest: willing }, withKeys)
  app.post('/', { schema: schemas.one, onRequest: willing }, async (request, reply) => {
    const { nextId } = await acceptJson({ ...deps, auth }, gates.keyInBody, shapes.oneEvent, request, reply)
    return sendJson(reply, { event_id: idOf(nextId) })
  })
}
