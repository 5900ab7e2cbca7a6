import type { Writable } from 'node:stream'
import { RetryableError } from '../errors.ts'
import { abortable } from '../lib/abortable.ts'
import { DELIVERED, type Piece, type Sink } from './sink.ts'

export interface StdoutSinkOptions {
  readonly stream?: Writable
}

/**
 * Events as NDJSON on standard output. A write resolves when the operating system has taken all its bytes, so a slow reader slows
 * the drain. At least once: what a reader had got before it went away comes again. The stream is not ended by close, since it is
 * not ours.
 */
export function createStdoutSink({ stream = process.stdout }: StdoutSinkOptions = {}): Sink {
  let failure: Error | undefined
  // A write that was aborted stays in the stream's buffer. When the piece comes again it waits for that one: a reader that stands
  // still neither gets it twice nor fills the memory.
  const pending = new Map<string, Promise<void>>()

  // Without a listener a reader that goes away (EPIPE) would end the process. It stays, as the error may come after close.
  stream.on('error', error => {
    failure = error
  })

  function assertWritable(): void {
    if (failure) throw gone(failure)
    if (stream.destroyed || stream.writableEnded) throw new RetryableError('Standard output is closed.')
  }

  function send(piece: Piece): Promise<void> {
    const key = keyOf(piece)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    pending.set(key, promise)
    stream.write(piece.bytes, error => {
      pending.delete(key)
      if (error) reject(gone(error))
      else resolve()
    })
    return promise
  }

  const gone = (cause: Error) => new RetryableError(`Standard output cannot be written: ${cause.message}.`, { cause })

  return {
    name: 'stdout',
    form: 'event',
    ordered: true,
    maxInFlight: 4,
    async open(signal) {
      signal.throwIfAborted()
      assertWritable()
    },
    async write(piece, signal) {
      signal.throwIfAborted()
      assertWritable()
      await abortable(pending.get(keyOf(piece)) ?? send(piece), signal)
      return DELIVERED
    },
    async close() {},
  }
}

const keyOf = ({ batch, dataset, first, bytes }: Piece): string => `${batch}/${dataset}/${first}/${bytes.length}`
