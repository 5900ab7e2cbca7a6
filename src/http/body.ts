import type { IncomingMessage, ServerResponse } from 'node:http'
import { httpErrors } from '../errors.ts'
import type { Guest } from './gate.ts'

/**
 * A request's body, pulled chunk by chunk: what is not asked for stays in the socket, but for what Node reads ahead. As a guest of a gate
 * it is slow when the sender has been waited for longer than what came is worth.
 */
export interface BodyReader extends Guest {
  /**
   * Resolves when so many bytes of it, or all of it, can be had without waiting; takes nothing. Who sends byte by byte gets no further
   * than this for long, and costs nothing but a connection. Called at most once, before next. Rejects as next does.
   *
   * @param bytes at most 64 KiB: so much Node reads ahead by itself, and up to as much again
   */
  beginning(bytes: number): Promise<void>
  /**
   * The next chunk, undefined at the end. Rejects with 408 when nothing comes in time or the sender is sent off, and with 400 when it goes
   * away.
   */
  next(): Promise<Buffer | undefined>
  /** Lets the stream go as it is. Idempotent. */
  release(): void
}

/** Chunks that may wait here, so that the socket is read while the chunk before is written. */
const READ_AHEAD = 2
/** What has come of a body before it takes a place at a gate. */
export const BEGINNING_BYTES = 16 * 1024
/** How long a sender may be waited for in all, when others wait: so long and as long as its bytes take at this speed. */
const PATIENCE_MS = 500
/** A sender that is slower than 64 KB/s. */
const SLOW_BYTES_A_MS = 64

/**
 * Nothing is taken and no `100 Continue` is sent before the first call of beginning or next, so an answer can come before the body.
 *
 * @param idleMs how long the sender is waited for at a time; the time that the caller takes does not count
 * @param maxMs from that first call to the last byte
 */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  idleMs: number,
  maxMs = Number.POSITIVE_INFINITY,
): BodyReader {
  const chunks: Buffer[] = []
  let begun = false
  let flowing = false
  let deadline = 0
  let ended = false
  let gone = false
  let sentOff = false
  let bytes = 0
  let waitedMs = 0
  let waitingFrom: number | undefined
  let wake = () => {}

  const onReadable = () => wake()
  const onData = (chunk: Buffer) => {
    chunks.push(chunk)
    bytes += chunk.length
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
    if (begun) return
    begun = true
    deadline = performance.now() + maxMs
    gone = request.destroyed
    request.on('end', onEnd).on('error', onGone).on('close', onGone)
    if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue()
  }
  const flow = () => {
    if (flowing) return
    flowing = true
    request.off('readable', onReadable).on('data', onData)
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
  const timedWait = async () => {
    waitingFrom = performance.now()
    await wait()
    waitedMs += performance.now() - waitingFrom
    waitingFrom = undefined
  }

  return {
    async beginning(least) {
      begin()
      const isHere = () => request.complete || request.readableLength >= least
      if (isHere()) return
      request.on('readable', onReadable)
      while (!isHere() && !ended) {
        if (gone) throw new httpErrors.incomplete()
        await wait()
      }
    },
    async next() {
      begin()
      flow()
      if (chunks.length < READ_AHEAD && !ended && !gone) request.resume()
      if (chunks.length === 0 && !ended && !gone && !sentOff) await timedWait()
      if (sentOff && !ended) throw new httpErrors.slowRequest()
      const chunk = chunks.shift()
      if (chunk === undefined && !ended) throw new httpErrors.incomplete()
      return chunk
    },
    isSlow() {
      const ms = waitedMs + (waitingFrom === undefined ? 0 : performance.now() - waitingFrom)
      return !request.complete && ms > PATIENCE_MS + bytes / SLOW_BYTES_A_MS
    },
    sendOff() {
      sentOff = true
      wake()
    },
    release() {
      request.off('readable', onReadable).off('data', onData).off('end', onEnd).off('close', onGone)
      chunks.length = 0
    },
  }
}
