import { createGunzip, gunzipSync } from 'node:zlib'
import { freeBuffer } from './free-buffer.ts'

/** What is wrong with a gzip stream: it ends too early, it is no gzip, or bytes follow that start no member. */
export type InflateFault = 'truncated' | 'broken' | 'trailing'

const FAULTS: Record<InflateFault, string> = {
  truncated: 'it ends before the last member is complete',
  broken: 'its bytes are damaged',
  trailing: 'bytes follow the last member that start no member',
}

export class InflateError extends Error {
  override readonly name = 'InflateError'
  readonly code: InflateFault
  constructor(code: InflateFault, options?: ErrorOptions) {
    super(FAULTS[code], options)
    this.code = code
  }
}

/** One gzip stream being inflated. write and end are called one after the other, each after the one before has resolved. */
export interface Inflater {
  /**
   * Resolves when all output of these bytes went through onChunk and the promises it returned. Rejects with InflateError or with what
   * onChunk threw; the inflater has then stopped, and every later call rejects with the same.
   */
  write(bytes: Uint8Array): Promise<void>
  /** Rejects with InflateError when the last member is not complete. */
  end(): Promise<void>
  /** Gives the memory back; a write that waits rejects. Idempotent. */
  destroy(): void
}

const MAGIC = [0x1f, 0x8b] as const

/** RFC 1952: both magic bytes. Fewer than two bytes are not gzip. */
export const isGzip = (firstBytes: Uint8Array): boolean => firstBytes[0] === MAGIC[0] && firstBytes[1] === MAGIC[1]

/**
 * Goes in behind the last byte. Left unread the last member is complete; as the second byte of a header it shows a single stray byte,
 * for which zlib by itself waits as for a member that is cut off; taken in any other way the member is not complete.
 */
const END_PROBE = Uint8Array.of(0)

/** Every chunk is a trip to the thread pool and back; below 128 KiB these trips cost more than what is done with the bytes. */
const CHUNK_BYTES = 256 * 1024

/**
 * Inflates gzip off the main thread, strictly by RFC 1952: several members are one body, each with its checksum, and nothing may follow.
 *
 * @param onChunk takes the output in order. A promise it returns is the back-pressure.
 * @param options.chunkBytes largest chunk of output
 * @param options.keepsNothing onChunk is done with the bytes when it returns: their memory is given back at once, not when V8 collects
 */
export function createInflater(
  onChunk: (bytes: Uint8Array) => void | Promise<void>,
  options: { chunkBytes?: number; keepsNothing?: boolean } = {},
): Inflater {
  const gunzip = createGunzip({ chunkSize: options.chunkBytes ?? CHUNK_BYTES })
  const head = new Uint8Array(2)
  let fed = 0
  let lastByte = 0
  let lastOutput: Uint8Array | undefined
  let ending = false
  let busy = false
  let inputTaken = false
  let failure: unknown
  let failed = false
  let waiter: PromiseWithResolvers<void> | undefined

  const fail = (error: unknown) => {
    if (failed) return
    failed = true
    failure = error
    gunzip.destroy()
    waiter?.reject(error)
  }

  const settle = () => {
    if (inputTaken && !busy && gunzip.readableLength === 0) waiter?.resolve()
  }

  const take = async (done: Promise<void>) => {
    busy = true
    gunzip.pause()
    try {
      await done
    } catch (error) {
      return fail(error)
    }
    busy = false
    gunzip.resume()
    settle()
  }

  gunzip.on('data', (bytes: Uint8Array) => {
    if (ending) return
    try {
      const done = onChunk(bytes)
      if (options.keepsNothing) lastOutput = freeIfFull(bytes)
      if (done === undefined) settle()
      else void take(done)
    } catch (error) {
      fail(error)
    }
  })
  gunzip.on('error', (error: NodeJS.ErrnoException) => {
    const fault = ending ? faultAtEnd(error, head, lastByte) : isTrailing(error, head) ? 'trailing' : 'broken'
    fail(new InflateError(fault, { cause: error }))
  })

  const run = (start: (taken: (error?: Error | null) => void) => unknown): Promise<void> => {
    if (failed) return Promise.reject(failure)
    waiter = Promise.withResolvers<void>()
    inputTaken = false
    start(error => {
      if (error != null) return
      // zlib takes what follows a member as the end and leaves it unread when it begins with a zero byte.
      if (gunzip.bytesWritten < fed) return fail(new InflateError('trailing'))
      if (gunzip.bytesWritten > fed) return fail(new InflateError('truncated'))
      inputTaken = true
      settle()
    })
    return waiter.promise
  }

  return {
    write(bytes) {
      if (bytes.length === 0) return failed ? Promise.reject(failure) : Promise.resolve()
      if (fed < head.length) head.set(bytes.subarray(0, head.length - fed), fed)
      fed += bytes.length
      lastByte = bytes[bytes.length - 1]!
      return run(taken => gunzip.write(bytes, taken))
    },
    async end() {
      ending = true
      await run(taken => gunzip.write(END_PROBE, taken))
      gunzip.destroy()
      // Nothing is being written to it any more.
      if (lastOutput !== undefined) freeBuffer(lastOutput)
    },
    destroy: () => fail(new Error('The inflater was destroyed.')),
  }
}

/** zlib fills a buffer to its end, chunk by chunk, and then takes another. @returns the bytes whose buffer it may go on with */
function freeIfFull(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.byteOffset + bytes.byteLength < bytes.buffer.byteLength) return bytes
  freeBuffer(bytes)
  return undefined
}

/** With it the output of one member fits into one chunk, and the inflater sees the end. */
const SPARE_BYTES = 64
/** What gzip makes of a body at least. Where there are several members the last one's size says little. */
const USUAL_RATIO = 4

/**
 * A whole stream of few bytes at once, on this thread: what it makes then lies in the caller's own cache.
 *
 * @returns undefined where it has to be streamed: it is larger than `maxBytes` inflated, or something is wrong with it
 */
export function inflateWhole(bytes: Uint8Array, maxBytes: number): Uint8Array | undefined {
  const size = sizeAtEnd(bytes)
  if (size > maxBytes) return undefined
  try {
    const { buffer, engine } = gunzipSync(bytes, {
      chunkSize: Math.max(size, USUAL_RATIO * bytes.length) + SPARE_BYTES,
      maxOutputLength: maxBytes,
      info: true,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    return engine.bytesWritten === bytes.length ? buffer : undefined
  } catch {
    return undefined
  }
}

/** RFC 1952 ISIZE: bytes of the last member, which says nothing of those before. */
function sizeAtEnd(bytes: Uint8Array): number {
  if (bytes.length < 4) return 0
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true)
}

/** A wrong header is a later member's when the first had its magic bytes. */
const isTrailing = (error: Error, head: Uint8Array) => isGzip(head) && error.message === 'incorrect header check'

/** What is wrong with a stream behind which the END_PROBE gave an error. */
const faultAtEnd = (error: Error, head: Uint8Array, lastByte: number): InflateFault =>
  isTrailing(error, head) && lastByte !== MAGIC[0] ? 'trailing' : 'truncated'
