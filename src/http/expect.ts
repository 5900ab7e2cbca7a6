import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { httpErrors } from '../errors.ts'

/** Requests with an Expect header go the way of all others, where Node would answer them itself. */
export function answerExpectations(app: FastifyInstance): void {
  const refused = new WeakSet<IncomingMessage>()
  const pass = (request: IncomingMessage, response: ServerResponse) => app.server.emit('request', request, response)
  // Node would ask for the body at once; here the body is asked for when it is read, behind the authentication.
  app.server.on('checkContinue', pass)
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    refused.add(request)
    pass(request, response)
  })
  app.addHook('onRequest', async (request, reply) => {
    if (!refused.has(request.raw)) return
    reply.header('connection', 'close')
    throw new httpErrors.badExpectation()
  })
}
