import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { StartError } from '../errors.ts'
import { hasCode } from '../lib/error-code.ts'

/** The connections that are open, also those in which no request can come yet. */
export function openSockets({ server }: FastifyInstance): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}

/** Lets requests in hand finish; a sender that is still at it after so long is cut off, in a TLS handshake too. */
export async function closeListener(
  app: FastifyInstance,
  sockets: Iterable<Socket>,
  deadlineMs: number,
): Promise<void> {
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, deadlineMs)
  await app.close().finally(() => clearTimeout(timer))
}

/**
 * Connections that may wait until they are accepted, where the system lets as many (net.core.somaxconn). When so many wait the system drops
 * the next, and who connects tries again after one, three, seven seconds: with Node's 511 senders in a crowd locked out the probes too.
 */
const BACKLOG = 65_535

/** For the name Fastify makes a second server, which has neither the handlers of the first nor its certificates, and whose connections nobody counts. */
const addressOf = (host: string) => (host === 'localhost' ? '127.0.0.1' : host)

/** Resolves with the URL, of the port that was taken. Throws StartError. */
export async function listen(
  app: FastifyInstance,
  scheme: string,
  host: string,
  port: number,
  setting: string,
): Promise<string> {
  try {
    await app.listen({ host: addressOf(host), port, backlog: BACKLOG })
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE')) {
      throw new StartError(`The port ${port} on ${host} is in use; set ${setting} to another.`, { cause: error })
    }
    throw new StartError(`Cannot listen on ${host} port ${port} (${setting}): ${(error as Error).message}.`, {
      cause: error,
    })
  }
  const address = app.server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : port
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${taken}`
}
