import { createReadStream } from 'node:fs'
import { UsageError } from '../errors.ts'
import { isGzip } from '../lib/inflate.ts'

export interface Input {
  /** A file's name, or `-` for standard input. */
  readonly name: string
  readonly gzip: boolean
  readonly bytes: AsyncIterable<Uint8Array>
}

const CHUNK_BYTES = 256 * 1024

/** The named files, or standard input where there are none, one after the other; gzip by its first bytes. Throws UsageError. */
export async function* inputs(files: readonly string[]): AsyncGenerator<Input> {
  for (const name of files.length === 0 ? ['-'] : files) {
    const stream = name === '-' ? process.stdin : createReadStream(name, { highWaterMark: CHUNK_BYTES })
    const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
    const head = await firstBytes(name, chunks)
    yield { name, gzip: isGzip(head), bytes: joined(name, head, chunks) }
  }
}

async function firstBytes(name: string, chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0)
  while (head.length < 2) {
    const { done, value } = await next(name, chunks)
    if (done) break
    head = Buffer.concat([head, value])
  }
  return head
}

async function* joined(name: string, head: Uint8Array, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head
  for (;;) {
    const { done, value } = await next(name, chunks)
    if (done) return
    yield value
  }
}

async function next(name: string, chunks: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
  try {
    return await chunks.next()
  } catch (error) {
    throw new UsageError(`${name} cannot be read: ${(error as Error).message}.`)
  }
}
