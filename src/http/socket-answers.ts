import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { httpErrors } from '../errors.ts'
import { bodyOf, type HttpError } from './errors.ts'
import { securityHeaderLines } from './security-headers.ts'

/**
 * Hears of each answer that is written on the bare socket.
 *
 * @param inHand the answer that the socket's request was to have, where one was in hand
 */
export type OnAnswer = (status: number, inHand?: ServerResponse) => void

/** What the HTTP parser refuses, or what times out in it: answered on the bare socket. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket, onAnswer: OnAnswer = () => {}): void {
  const inHand = responseOn(socket)
  const answer = brokenRequest(error.code, inHand?.req.complete ?? false)
  if (answer === undefined || !socket.writable || inHand?.headersSent === true) {
    socket.destroy()
    return
  }
  onAnswer(end(socket, answer), inHand)
}

/** Node closes the connection of a CONNECT without a word when nobody listens to it. */
export function refuseConnect(app: FastifyInstance, allowed: string, onAnswer: OnAnswer = () => {}): void {
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    socket.on('error', () => {})
    if (responseOn(socket) === undefined) {
      onAnswer(end(socket, new httpErrors.methodNotAllowed('CONNECT', allowed), `Allow: ${allowed}\r\n`))
    } else socket.destroy()
  })
}

const responseOn = (socket: Socket) =>
  (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined

/** @returns the status */
function end(socket: Socket, error: HttpError, headers = ''): number {
  const body = bodyOf(error)
  const json = JSON.stringify(body)
  socket.end(
    `HTTP/1.1 ${body.statusCode} ${body.error}\r\nContent-Type: application/json; charset=utf-8\r\n${headers}` +
      securityHeaderLines(socket) +
      `Content-Length: ${Buffer.byteLength(json)}\r\nConnection: close\r\n\r\n${json}`,
    () => socket.destroy(),
  )
  return body.statusCode
}

/** @param behind whether a complete request is in hand, which may be stored whatever follows it */
function brokenRequest(code: string | undefined, behind: boolean): HttpError | undefined {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new httpErrors.headersTooLarge()
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return behind ? new httpErrors.brokenBehind() : new httpErrors.slowRequest()
    case 'HPE_INVALID_EOF_STATE':
      return behind ? new httpErrors.brokenBehind() : new httpErrors.incomplete()
    default:
      if (!code?.startsWith('HPE_')) return undefined
      return behind ? new httpErrors.brokenBehind() : new httpErrors.badRequest()
  }
}
