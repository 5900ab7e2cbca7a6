import type { IncomingMessage, ServerResponse } from 'node:http'
import { httpErrors } from '../errors.ts'

/** A request's body, pulled chunk by chunk: what is not asked for stays in the socket. */
export interface BodyReader {
  /** The next chunk, undefined at the end. Rejects with 408 when nothing comes in time and with 400 when the sender goes away. */
  next(): Promise<Buffer | undefined>
  /** Lets the stream go as it is. Idempotent. */
  release(): void
}

/** Chunks that may wait here, so that the socket is read while the chunk before is written. */
const READ_AHEAD = 2

/**
 * Nothing is read and no `100 Continue` is sent before the first call of next, so an answer can come before the body.
 *
 * @param idleMs how long next waits for the sender; the time that the caller takes does not count
 * @param maxMs from the first call of next to the last byte
 */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  idleMs: number,
  maxMs = Number.POSITIVE_INFINITY,
): BodyReader {
  const chunks: Buffer[] = []
  let begun = false
  let deadline = 0
  let ended = false
  let gone = false
  let wake = () => {}

  const onData = (chunk: Buffer) => {
    chunks.push(chunk)
    if (chunks.length >= READ_AHEAD) request.pause()
    wake()
  }
  const onEnd = () => {
    ended = true
    wake()
  }
  const onGone = () => {
    gone = true
    wake()
  }

  const begin = () => {
    begun = true
    deadline = performance.now() + maxMs
    gone = request.destroyed
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone)
    if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue()
  }

  const wait = () =>
    new Promise<void>((resolve, reject) => {
      const leftMs = deadline - performance.now()
      const late = () => reject(leftMs < idleMs ? new httpErrors.slowRequest() : new httpErrors.idleBody(idleMs / 1000))
      const timer = setTimeout(late, Math.max(0, Math.min(leftMs, idleMs)))
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  return {
    async next() {
      if (!begun) begin()
      if (chunks.length < READ_AHEAD && !ended && !gone) request.resume()
      if (chunks.length === 0 && !ended && !gone) await wait()
      const chunk = chunks.shift()
      if (chunk === undefined && !ended) throw new httpErrors.incomplete()
      return chunk
    },
    release() {
      request.off('data', onData).off('end', onEnd).off('close', onGone)
      chunks.length = 0
    },
  }
}
