import type { FastifyInstance } from 'fastify'
import { httpErrors } from '../errors.ts'
import { basicPassword, createAuth } from './auth.ts'
import type { Keyring } from './keys.ts'

/** They say a word that the intake's own port says as well, and who probes a container has no token. */
const OPEN = ['/livez', '/readyz']

type Deps = Omit<Parameters<typeof createAuth>[0], 'keyring'>

/** Asks for a token: as Bearer, or, for browsers, as the password of HTTP Basic. */
export function askForToken(app: FastifyInstance, tokens: Keyring, deps: Deps): void {
  const auth = createAuth({ ...deps, keyring: tokens })
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404 && OPEN.includes(request.routeOptions.url ?? '')) return
    const bearer = /^bearer +([\x21-\x7e]+) *$/i.exec(request.headers.authorization ?? '')?.[1]
    reply.header('www-authenticate', 'Bearer realm="admin", Basic realm="admin", charset="UTF-8"')
    auth.identify(bearer ?? basicPassword(request), () => new httpErrors.unauthorizedAdmin(), request, reply)
    reply.removeHeader('www-authenticate')
  })
}
