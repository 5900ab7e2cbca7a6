import net from 'node:net'
import { StartError, UsageError } from '../errors.ts'
import { hasCode } from '../lib/error-code.ts'
import { createLineReader, LineError } from '../lib/line-socket.ts'
import { openSocketPaths } from '../lib/socket-path.ts'
import {
  isAnswer,
  MAX_ANSWER_BYTES,
  type Outcome,
  type Progress,
  parseLine,
  type Request,
  SILENCE_MS,
  SOCKET_NAME,
} from './protocol.ts'

export interface Ask {
  /** The data folder. Absolute. */
  readonly dir: string
  readonly request: Request
  readonly onProgress?: (progress: Progress) => void
  /** The service is taken for hanging when it says nothing for so long. */
  readonly silenceMs?: number
}

/**
 * Has the service that runs on the data folder do something. Resolves with `nobody` when none listens there.
 *
 * @throws UsageError where the request makes no sense there, StartError where it failed
 */
export async function askControl(ask: Ask): Promise<readonly Outcome[] | 'nobody'> {
  const paths = await openSocketPaths(ask.dir).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw unreachable(error)
  })
  if (paths === undefined) return 'nobody'
  const socket = net.connect(paths.of(SOCKET_NAME))
  try {
    if (!(await connects(socket))) return 'nobody'
    return await talk(socket, ask)
  } finally {
    socket.destroy()
    await paths.close()
  }
}

function connects(socket: net.Socket): Promise<boolean> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', error => {
      if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ECONNREFUSED')) resolve(false)
      else reject(unreachable(error))
    })
  })
}

async function talk(
  socket: net.Socket,
  { request, onProgress, silenceMs = SILENCE_MS }: Ask,
): Promise<readonly Outcome[]> {
  const nextLine = createLineReader(socket, { maxBytes: MAX_ANSWER_BYTES, timeoutMs: silenceMs })
  socket.write(`${JSON.stringify(request)}\n`)
  for (;;) {
    const line = await nextLine().catch((error: unknown) => {
      const fault = error instanceof LineError ? error.fault : 'closed'
      throw new StartError(FAULTS[fault], { cause: error })
    })
    const answer = parseLine(line)
    if (!isAnswer(answer)) throw new StartError('The service answers in a way that this release does not know.')
    if ('done' in answer) return answer.done
    if ('progress' in answer) onProgress?.(answer.progress)
    else throw new (answer.error.kind === 'usage' ? UsageError : StartError)(answer.error.message)
  }
}

const FAULTS = {
  closed: 'The service ended the connection; its log may say why. What it had begun may be done.',
  'too slow': 'The service says nothing any more. What it had begun may be done.',
  'too long': 'The service answers in a way that this release does not know.',
} as const

function unreachable(error: unknown): StartError {
  const reason = error instanceof Error ? error.message : String(error)
  return new StartError(`The service cannot be asked over its control socket (${reason}).`, { cause: error })
}
