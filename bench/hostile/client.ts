import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Case } from './wire.ts'

export interface Answer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

/** What came back for a case. */
export interface Exchange {
  /** 100 Continue is not among them. */
  readonly answers: readonly Answer[]
  /** Bytes that are no answer, or only a part of one. */
  readonly rest: Buffer
  /** Nothing came in time. */
  readonly late: boolean
  readonly error: string | undefined
  /** Was sent twice, as the kept-alive connection was closed in the moment in which it was used again. */
  readonly again: boolean
}

export interface Client {
  /** One case after the other. Rejects never: what goes wrong is in the exchange. */
  send(sent: Case): Promise<Exchange>
  close(): void
}

const ANSWER_MS = 30_000
const CLOSE_MS = 5000
const HEAD_END = '\r\n\r\n'

/** One kept-alive connection that writes bytes as they are; it is opened again when the service has closed it. */
export function createClient(port: number): Client {
  let socket: Socket | undefined
  return {
    async send(sent) {
      if (socket?.readableEnded || socket?.destroyed) socket = undefined
      const used = socket !== undefined
      socket ??= open(port)
      const { keep, ...found } = await exchange(socket, sent)
      if (keep) return found
      socket.destroy()
      socket = undefined
      const unanswered = found.answers.length === 0 && found.error !== undefined && !sent.halfClose
      return used && unanswered ? { ...(await this.send(sent)), again: true } : found
    },
    close: () => socket?.destroy(),
  }
}

function open(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  return socket
}

async function exchange(socket: Socket, sent: Case): Promise<Exchange & { keep: boolean }> {
  const answers: Answer[] = []
  let rest: Buffer = Buffer.alloc(0)
  let error: string | undefined
  let ended = false
  const changed = { wake: () => {} }
  const onData = (bytes: Buffer) => {
    rest = takeAnswers(Buffer.concat([rest, bytes]), answers, sent.isHead === true)
    changed.wake()
  }
  const onEnd = () => {
    ended = true
    changed.wake()
  }
  const onError = (cause: Error) => {
    error = cause.message
    onEnd()
  }
  socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError)
  const until = async (done: () => boolean, ms: number) => {
    const deadline = performance.now() + ms
    while (!done() && !ended && performance.now() < deadline) {
      const { promise, resolve } = Promise.withResolvers<void>()
      changed.wake = resolve
      const timer = setTimeout(resolve, deadline - performance.now())
      await promise
      clearTimeout(timer)
    }
  }

  await writeAll(socket, sent)
  await until(() => answers.length > 0, ANSWER_MS)
  const late = answers.length === 0 && !ended
  const closes = answers.at(-1)?.headers.get('connection') === 'close' || sent.halfClose === true
  // What is taken for a second request would be answered behind the first.
  if (sent.isAlone) socket.end()
  if (closes || sent.isAlone) await until(() => false, CLOSE_MS)
  socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError)
  return { answers, rest, late, error, again: false, keep: !closes && !late && !ended && !sent.isAlone }
}

async function writeAll(socket: Socket, { pieces, halfClose }: Case): Promise<void> {
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) await sleep(1)
    socket.write(piece)
  }
  if (halfClose) socket.end()
}

/** Moves whole answers out of the bytes; returns what is left. */
function takeAnswers(bytes: Buffer, answers: Answer[], isHead: boolean): Buffer {
  let rest = bytes
  for (;;) {
    const headEnd = rest.indexOf(HEAD_END)
    if (headEnd < 0) return rest
    const [first = '', ...lines] = rest.toString('latin1', 0, headEnd).split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0)
    const headers = new Map(lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), afterColon(line)]))
    const start = headEnd + HEAD_END.length
    const length = status === 100 || isHead ? 0 : Number(headers.get('content-length') ?? 0)
    if (rest.length < start + length) return rest
    if (status !== 100) answers.push({ status, headers, body: rest.subarray(start, start + length) })
    rest = rest.subarray(start + length)
  }
}

const afterColon = (line: string) => line.slice(line.indexOf(':') + 1).trim()
