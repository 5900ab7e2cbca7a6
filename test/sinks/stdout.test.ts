import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import { createStdoutSink } from '../../src/sinks/stdout.ts'
import { eventsNamed, pieceOf, piecesOf } from '../helpers/pieces.ts'

const never = new AbortController().signal

describe('the stdout sink', () => {
  it('resolves only when the reader has taken the bytes', async () => {
    let take = () => {}
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        take = done
      },
    })
    const sink = createStdoutSink({ stream })
    let written = false
    const write = sink.write(pieceOf(['{"a":1}']), never).then(() => {
      written = true
    })
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(written).toBe(false)
    take()
    await write
  })

  it('hands a piece over in one call, so that lines of others cannot come between', async () => {
    const chunks: string[] = []
    const stream = new Writable({
      write(chunk, _encoding, done) {
        chunks.push(chunk.toString())
        setImmediate(done)
      },
    })
    const sink = createStdoutSink({ stream })
    const pieces = piecesOf(eventsNamed('a', 20, 5_000), 5)
    await Promise.all(pieces.map(piece => sink.write(piece, never)))
    expect(chunks).toEqual(pieces.map(piece => Buffer.from(piece.bytes).toString()))
  })

  it('gives up waiting for a reader that stands still, and does not write the piece twice when it comes again', async () => {
    const stream = new PassThrough({ highWaterMark: 10 })
    const sink = createStdoutSink({ stream })
    await sink.write(pieceOf(['{"a":1}']), never)
    const piece = pieceOf(eventsNamed('b', 1), { first: 1 })
    for (let i = 0; i < 3; i++) {
      await expect(sink.write(piece, AbortSignal.timeout(10))).rejects.toThrow(/timeout/)
    }
    stream.resume()
    let text = ''
    stream.on('data', chunk => {
      text += chunk
    })
    await sink.write(piece, never)
    expect(text.split('\n')).toHaveLength(3)
  })

  it('survives the end of its reader', async () => {
    const script = `
      import { createStdoutSink } from ${JSON.stringify(join(import.meta.dirname, '../../src/sinks/stdout.ts'))}
      const sink = createStdoutSink()
      const bytes = Buffer.from('{"a":1}\\n'.repeat(50_000))
      const signal = new AbortController().signal
      await sink.open(signal)
      for (let first = 0; ; first++) {
        try {
          await sink.write({ batch: 'a', dataset: 'b', first, bytes, ends: new Uint32Array(), lines: new Uint32Array() }, signal)
        } catch (error) {
          process.stderr.write(error.name + ' ' + error.message)
          break
        }
      }
      const again = await sink.open(signal).catch(error => error)
      process.stderr.write(' then ' + again?.name)
      await sink.close()`
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script])
    let errors = ''
    child.stderr.on('data', chunk => {
      errors += chunk
    })
    child.stdout.once('data', () => child.stdout.destroy())
    const [code] = await once(child, 'close')
    expect(errors).toMatch(/^RetryableError Standard output cannot be written: .*EPIPE.* then RetryableError$/)
    expect(code).toBe(0)
  })

  it('says so when the stream was ended', async () => {
    const stream = new PassThrough()
    const sink = createStdoutSink({ stream })
    stream.end()
    await expect(sink.write(pieceOf(['{}']), never)).rejects.toBeInstanceOf(RetryableError)
    await expect(sink.open(never)).rejects.toBeInstanceOf(RetryableError)
  })
})
