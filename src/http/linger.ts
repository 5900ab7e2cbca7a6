import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const LINGER_BYTES = 1024 ** 2
const LINGER_MS = 2000

/**
 * After an answer that came before the end of the body the connection is closed. Closing while bytes of the sender are unread makes
 * the kernel reset the connection, and the sender may lose the answer; so our side is closed first, and a little more is read.
 */
export function lingerAfterEarlyAnswers(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply) => closeWhenEarly(request, reply))
}

/** The same, for answers to which no hook is run. */
export function closeWhenEarly({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.complete || !hasBody(raw.headers)) return
  reply.header('connection', 'close')
  linger(raw)
}

function linger(request: IncomingMessage): void {
  const { socket } = request
  let left = LINGER_BYTES
  let answered = false
  const close = () => {
    request.pause()
    left = 0
    if (answered) destroyWhenWritten(socket)
  }
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left <= 0) close()
  })
  request.once('end', close)
  // Node reads a request on without end and without a word when nobody has begun to read it until the answer is sent.
  request.read(0)
  request.resume()

  // Node calls it when an answer that closes the connection is finished.
  socket.destroySoon = () => {
    answered = true
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(timer))
    socket.end()
    if (left <= 0) destroyWhenWritten(socket)
  }
}

function destroyWhenWritten(socket: Socket): void {
  if (socket.writableFinished) socket.destroy()
  else socket.once('finish', () => socket.destroy())
}

const hasBody = (headers: NodeJS.Dict<string | string[]>) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
