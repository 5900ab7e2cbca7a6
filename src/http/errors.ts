import { STATUS_CODES } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { httpErrors, UnavailableError, type UnavailableReason } from '../errors.ts'
import { challenge } from './auth.ts'

/** What every error answer holds. */
export interface ErrorBody {
  readonly statusCode: number
  readonly code: string
  readonly error: string
  readonly message: string
}

export type HttpError = Error & { readonly statusCode?: number; readonly code: string }

/** Seconds for Retry-After. A full spool drains slowly; a restart is quick. */
const RETRY_AFTER: Record<UnavailableReason, number> = {
  'spool full': 30,
  'disk full': 30,
  'disk error': 10,
  'shutting down': 5,
}
const RETRY_AFTER_DEFAULT = 5

export function bodyOf(error: HttpError): ErrorBody {
  const statusCode = error.statusCode ?? 500
  return { statusCode, code: error.code, error: STATUS_CODES[statusCode] ?? 'Error', message: error.message }
}

/** The answer to anything thrown: errors of the table as they are, the framework's and unexpected ones as one of ours. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = inTable(error)
  if (known === undefined) request.log.error({ err: error }, 'A request failed unexpectedly; it was answered 500.')
  const body = bodyOf(known ?? new httpErrors.internal())
  if (body.statusCode === 401) challenge(reply)
  if (body.statusCode === 503) {
    const reason = error instanceof UnavailableError ? RETRY_AFTER[error.reason] : RETRY_AFTER_DEFAULT
    reply.header('retry-after', reason)
  }
  return reply.code(body.statusCode).type('application/json; charset=utf-8').send(JSON.stringify(body))
}

/** Nothing can be taken now; it is answered 503. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof UnavailableError || error instanceof httpErrors.unavailable
}

function inTable(error: unknown): HttpError | undefined {
  if (error instanceof UnavailableError) return new httpErrors.unavailable(error.reason)
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  if (error.code.startsWith('ERR_INTAKE_')) return error as HttpError
  const status = 'statusCode' in error ? error.statusCode : undefined
  return error.code.startsWith('FST_') && typeof status === 'number' && status < 500
    ? new httpErrors.badRequest()
    : undefined
}

/**
 * 404 and 405, before any of the body is read; no key is needed to be told.
 *
 * @param hint a sentence that tells what there is instead
 */
export function answerUnknownRoutes(app: FastifyInstance, hint: string): void {
  const refuse = (request: FastifyRequest, reply: FastifyReply) => {
    const [path = '/'] = request.url.split('?', 1)
    const allowed = app.supportedMethods.filter(method => app.findRoute({ method, url: path }) !== null)
    if (allowed.length === 0) throw new httpErrors.notFound(hint)
    reply.header('allow', allowed.join(', '))
    throw new httpErrors.methodNotAllowed(request.method, allowed.join(', '))
  }
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) refuse(request, reply)
  })
  app.setNotFoundHandler((request, reply) => refuse(request, reply))
}
