import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { uuidsOf } from '../lib/uuid.ts'
import { counting, sendEventIds } from './answer.ts'
import type { Auth } from './auth.ts'
import { BEGINNING_BYTES, type BodyReader, readBody } from './body.ts'
import { datasetFor, fallbackTime, namedDataset } from './declared.ts'
import type { IntakeDeps } from './deps.ts'
import type { Gate } from './gate.ts'
import { type Accepted, type Reception, receive } from './receive.ts'
import * as schemas from './schemas.ts'
import {
  countBytes,
  type Refusal,
  refuseAnnounced,
  refuseWhenUnavailable,
  sendJson,
  settle,
  whileConnected,
} from './state.ts'
import { encodingOf } from './take-body.ts'

interface PlainOptions {
  readonly deps: IntakeDeps
  readonly auth: Auth
  readonly refusal: Refusal
  readonly gate: Gate
}

/** The routes whose bodies are kept as they come: they stream to the spool and are never held whole. */
export async function plainRoutes(app: FastifyInstance, { deps, auth, refusal, gate }: PlainOptions) {
  app.addHook('onRequest', async (request, reply) => {
    request.identity = auth.authenticate(request, reply)
    refuseWhenUnavailable(refusal)
  })

  const batch = (request: FastifyRequest, reply: FastifyReply) => accept({ ...deps, gate }, request, reply, 'lines')
  app.post('/plain/batch', { schema: schemas.plainBatch }, batch)
  app.post('/plain/batch/:dataset', { schema: schemas.plainBatchOf }, batch)
  app.post('/plain', { schema: schemas.plain }, (request, reply) => accept({ ...deps, gate }, request, reply, 'single'))
}

interface AcceptDeps extends IntakeDeps {
  readonly gate: Gate
}

async function accept(deps: AcceptDeps, request: FastifyRequest, reply: FastifyReply, format: 'lines' | 'single') {
  const { limits, log } = deps
  const identity = request.identity!
  const now = deps.now ?? Date.now
  const dataset = datasetFor(namedDataset(request, deps.datasets), identity)
  const time = fallbackTime(request, now())
  const encoding = encodingOf(request.headers['content-encoding'])
  refuseAnnounced(request.headers['content-length'], limits.maxBodyBytes)

  const body = readBody(request.raw, reply.raw, limits.bodyIdleMs)
  const reception = { format, deduplicate: format === 'lines', dataset, keyId: identity.id, time, encoding } as const
  const accepted = await receiveInTurn(deps, body, whileConnected(reply), reception).finally(body.release)
  settle(request, deps.metrics, accepted?.outcome ?? 'ping')
  if (accepted === undefined) {
    return format === 'single' ? sendJson(reply, { event_id: null }) : sendEventIds(reply, 0, () => {})
  }
  countBytes(deps.metrics, accepted)
  const batch = Buffer.from(accepted.batchId).toString('hex')
  log.debug({ batch, key: identity.id, dataset, lines: accepted.lines, bytes: accepted.bytes }, accepted.outcome)

  reply.header('intake-batch', batch)
  if (accepted.outcome === 'duplicate') reply.header('intake-duplicate', 'true')
  if (format === 'single') return sendJson(reply, { event_id: uuidsOf(accepted.batchId)(0) })
  return sendEventIds(reply, accepted.lines, counting(accepted.batchId))
}

/** A place is taken when the body has begun to come in, so that senders who dribble hold none. */
async function receiveInTurn(
  { gate, spool, limits }: AcceptDeps,
  body: BodyReader,
  connected: AbortSignal,
  reception: Reception,
): Promise<Accepted | undefined> {
  gate.refuseWhenFull()
  await body.beginning(Math.min(BEGINNING_BYTES, limits.maxBodyBytes))
  const leave = await gate.enter(connected, body)
  return receive(body, spool, limits, reception).finally(leave)
}
