import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/**
 * What every answer says to a browser, should one ever ask: answers are data (no sniffing, no script, no frame, nothing of them into the
 * pages of others), they are not kept, and the URL, which may hold a key, is told to nobody.
 */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}
/** Only where this process ends the TLS itself: behind a proxy it is the proxy's to say. */
const TLS_HEADERS = { ...HEADERS, 'strict-transport-security': 'max-age=31536000' }

const headersFor = (socket: Socket) => ('encrypted' in socket ? TLS_HEADERS : HEADERS)

export function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, _payload, done) => {
    setSecurityHeaders(request, reply)
    done()
  })
}

/** For answers to which no hook is run. */
export function setSecurityHeaders(request: FastifyRequest, reply: FastifyReply): void {
  // A page that brings its own policy needs it.
  const policy = reply.getHeader('content-security-policy')
  reply.headers(headersFor(request.raw.socket))
  if (policy !== undefined) reply.header('content-security-policy', policy)
}

/** The same, for answers that are written on the bare socket: whole lines. */
export function securityHeaderLines(socket: Socket): string {
  return Object.entries(headersFor(socket))
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}
