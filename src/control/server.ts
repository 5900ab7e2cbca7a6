import { chmod, rename, rm } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '../delivery/log.ts'
import { UsageError } from '../errors.ts'
import { createLineReader, LineError } from '../lib/line-socket.ts'
import { listenAt, openSocketPaths, type SocketPaths } from '../lib/socket-path.ts'
import type { Operations } from './operations.ts'
import {
  ALIVE_MS,
  type Answer,
  isRequest,
  MAX_REQUEST_BYTES,
  type Progress,
  parseLine,
  REQUEST_MS,
  SOCKET_NAME,
} from './protocol.ts'

export interface ControlOptions {
  /** The data folder, whose lock this process holds. Absolute. */
  readonly dir: string
  readonly operations: Pick<Operations, 'run'>
  readonly log: Log
  /** How long a client may take to send its request. */
  readonly requestMs?: number
}

export interface Control {
  /** Takes no more requests, has what is being done broken off, and waits for that. Idempotent; never rejects. */
  close(): Promise<void>
}

const MAX_CONNECTIONS = 16
/** Beyond it, progress is not written: the client does not read. */
const MAX_UNREAD_BYTES = 64 * 1024
/** How long a client may take to read the last word. */
const LINGER_MS = 1000

/**
 * Listens on the control socket of the data folder, which only its owner may open. A client that goes away does not break off what it asked
 * for. One request is worked on at a time; another is refused meanwhile.
 *
 * Never rejects: where no socket can be made it logs an error, and only the commands are missing.
 */
export async function startControl({ dir, operations, log, requestMs = REQUEST_MS }: ControlOptions): Promise<Control> {
  const stopping = new AbortController()
  const connections = new Set<net.Socket>()
  let working: Promise<unknown> | undefined

  const work = async (request: Parameters<Operations['run']>[0], onProgress: (progress: Progress) => void) => {
    if (working !== undefined) throw new Error('Another command is at work; try again when it has ended.')
    const running = operations.run(request, onProgress, stopping.signal)
    working = running.catch(() => {})
    try {
      return await running
    } finally {
      working = undefined
    }
  }

  const answer = async (socket: net.Socket): Promise<Answer> => {
    const line = await createLineReader(socket, { maxBytes: MAX_REQUEST_BYTES, timeoutMs: requestMs })()
    const request = parseLine(line)
    if (!isRequest(request))
      throw new UsageError('This is no request of this release; use the logpush-intake of the service.')
    let progress: Progress = {}
    const tell = (news: Progress) => {
      progress = news
      if (socket.writable && socket.writableLength < MAX_UNREAD_BYTES) write(socket, { progress })
    }
    const alive = setInterval(() => tell(progress), ALIVE_MS)
    try {
      return { done: await work(request, tell) }
    } finally {
      clearInterval(alive)
    }
  }

  const serve = async (socket: net.Socket) => {
    socket.on('error', () => socket.destroy())
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    const last = await answer(socket).catch((error: unknown): Answer => {
      const kind = error instanceof UsageError ? 'usage' : 'failed'
      if (kind === 'failed' && !(error instanceof LineError)) log.warn({ err: error }, 'A command failed.')
      return { error: { kind, message: stopping.signal.aborted ? 'The service stops.' : messageOf(error) } }
    })
    if (socket.writable) write(socket, last)
    socket.end()
    // What it still sends is read away, so that it can read the last word.
    socket.removeAllListeners('readable').resume()
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }

  let isOwnersOnly = false
  const server = net.createServer({ allowHalfOpen: true }, socket => {
    if (!isOwnersOnly || stopping.signal.aborted) socket.destroy()
    else void serve(socket)
  })
  server.maxConnections = MAX_CONNECTIONS
  const draft = `${SOCKET_NAME}.new`
  let paths: SocketPaths | undefined

  const publish = async () => {
    paths = await openSocketPaths(dir)
    await rm(join(dir, draft), { force: true })
    await listenAt(server, paths.of(draft))
    await chmod(join(dir, draft), 0o600)
    // In the place of one that a killed process left.
    await rename(join(dir, draft), join(dir, SOCKET_NAME))
    isOwnersOnly = true
  }

  const close = async () => {
    stopping.abort(new Error('The service stops.'))
    await rm(join(dir, isOwnersOnly ? SOCKET_NAME : draft), { force: true }).catch(() => {})
    await working
    await Promise.race([pause(LINGER_MS, undefined, { ref: false }), closed(connections)])
    for (const socket of connections) socket.destroy()
    await new Promise<void>(resolve => server.close(() => resolve()))
    await paths?.close().catch(() => {})
  }

  let closing: Promise<void> | undefined
  const closeOnce = () => {
    closing ??= close()
    return closing
  }
  await publish().catch(async (error: unknown) => {
    log.error({ dir, err: error }, NO_SOCKET)
    await closeOnce()
  })
  return { close: closeOnce }
}

const NO_SOCKET =
  'The control socket cannot be made: until it can, at a next start, redrive, discard and replay need the service stopped.'

function write(socket: net.Socket, answer: Answer): void {
  socket.write(`${JSON.stringify(answer)}\n`)
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function closed(connections: ReadonlySet<net.Socket>): Promise<void> {
  await Promise.all([...connections].map(socket => new Promise<void>(resolve => socket.once('close', () => resolve()))))
}
