import type { Socket } from 'node:net'

/** What ended the reading of lines too early. */
export type LineFault = 'too long' | 'too slow' | 'closed'

export class LineError extends Error {
  override readonly name = 'LineError'
  readonly fault: LineFault
  constructor(fault: LineFault, options?: ErrorOptions) {
    super(`the other side's line is ${fault}`, options)
    this.fault = fault
  }
}

export interface LineLimits {
  readonly maxBytes: number
  /** For each line, from the moment in which it is awaited. */
  readonly timeoutMs: number
}

/**
 * The lines that come over a socket, one at a time, without LF. What comes after the last one that was asked for stays in the
 * socket, which holds no more than its high-water mark.
 *
 * @throws LineError
 */
export function createLineReader(socket: Socket, { maxBytes, timeoutMs }: LineLimits): () => Promise<string> {
  let text = Buffer.alloc(0)
  let fault: LineError | undefined
  let wake = () => {}
  const stop = (error: LineError) => {
    fault ??= error
    wake()
  }
  socket.on('readable', () => wake())
  socket.on('error', error => stop(new LineError('closed', { cause: error })))
  socket.on('end', () => stop(new LineError('closed')))
  socket.on('close', () => stop(new LineError('closed')))

  return async () => {
    const timer = setTimeout(() => stop(new LineError('too slow')), timeoutMs)
    try {
      for (;;) {
        const lf = text.indexOf(0x0a)
        if (lf >= 0) {
          const line = text.toString('utf8', 0, lf)
          text = text.subarray(lf + 1)
          return line
        }
        if (text.length > maxBytes) throw new LineError('too long')
        const more = socket.read() as Buffer | null
        if (more !== null) text = Buffer.concat([text, more])
        else if (fault !== undefined) throw fault
        else {
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      }
    } finally {
      clearTimeout(timer)
    }
  }
}
