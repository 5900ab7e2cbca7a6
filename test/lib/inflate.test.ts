import { setImmediate as turn } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { createInflater, inflateWhole, isGzip } from '../../src/lib/inflate.ts'

const text = 'hello\n'.repeat(50)
const twoMembers = Buffer.concat([gzipSync(text), gzipSync('world\n')])

async function inflate(parts: readonly Uint8Array[], chunkBytes = 64): Promise<string> {
  let out = ''
  const inflater = createInflater(
    bytes => {
      out += Buffer.from(bytes).toString()
    },
    { chunkBytes },
  )
  for (const part of parts) await inflater.write(part)
  await inflater.end()
  return out
}

const split = (bytes: Buffer, at: number) => [bytes.subarray(0, at), bytes.subarray(at)]
const fault = (parts: readonly Uint8Array[]) =>
  inflate(parts).then(
    () => 'none',
    (error: { code?: string }) => error.code,
  )

test('two members are one body wherever the stream is split', async () => {
  for (let at = 0; at <= twoMembers.length; at++)
    expect(await inflate(split(twoMembers, at)), `at ${at}`).toBe(`${text}world\n`)
  expect(await inflate(Array.from(twoMembers, byte => Uint8Array.of(byte)))).toBe(`${text}world\n`)
})

test('a stream cut anywhere but at the end of a member is truncated', async () => {
  const whole = [gzipSync(text).length, twoMembers.length]
  for (let at = 1; at <= twoMembers.length; at++)
    expect(await fault([twoMembers.subarray(0, at)]), `at ${at}`).toBe(whole.includes(at) ? 'none' : 'truncated')
})

test.each([
  ['one zero byte', [0]],
  ['one letter', [0x67]],
  ['one LF', [0x0a]],
  ['zero padding', [0, 0, 0, 0]],
  ['text', [0x78, 0x79, 0x7a]],
  ['half a magic number', [0x1f, 0x00]],
])('%s behind the last member is refused wherever the stream is split', async (_name, tail) => {
  const bytes = Buffer.concat([twoMembers, Uint8Array.from(tail)])
  for (let at = 0; at <= bytes.length; at++) expect(await fault(split(bytes, at)), `at ${at}`).toBe('trailing')
  expect(await fault(Array.from(bytes, byte => Uint8Array.of(byte)))).toBe('trailing')
})

test('the beginning of a magic number behind the last member is a member that is cut off', async () => {
  for (const tail of [[0x1f], [0x1f, 0x8b]]) {
    expect(await fault([twoMembers, Uint8Array.from(tail)])).toBe('truncated')
  }
})

test('nothing but the content of a cut stream comes out', async () => {
  const whole = gzipSync(text.toUpperCase().repeat(20))
  for (let at = 11; at < whole.length; at++) {
    let out = ''
    const inflater = createInflater(bytes => {
      out += Buffer.from(bytes).toString()
    })
    await inflater.write(whole.subarray(0, at))
    await expect(inflater.end(), `at ${at}`).rejects.toMatchObject({ code: 'truncated' })
    expect(text.toUpperCase().repeat(20).startsWith(out), `at ${at}`).toBe(true)
  }
})

test('a wrong checksum, a wrong length and bytes that are no gzip are broken', async () => {
  for (const back of [6, 2]) {
    const bytes = Buffer.from(gzipSync(text))
    bytes[bytes.length - back]! ^= 1
    expect(await fault([bytes])).toBe('broken')
  }
  expect(await fault([Buffer.from('plain text, no gzip')])).toBe('broken')
})

test('write waits for the promises of onChunk, one chunk at a time', async () => {
  let open = 0
  let most = 0
  let seen = 0
  const inflater = createInflater(
    async bytes => {
      most = Math.max(most, ++open)
      await turn()
      open--
      seen += bytes.length
    },
    { chunkBytes: 1024 },
  )
  await inflater.write(gzipSync(Buffer.alloc(100_000)))
  expect({ seen, open, most }).toEqual({ seen: 100_000, open: 0, most: 1 })
  await inflater.end()
})

test.each(['at once', 'later'])('what onChunk throws %s stops the inflater', async when => {
  const stop = new Error('enough')
  let chunks = 0
  const inflater = createInflater(
    () => {
      if (++chunks < 3) return
      if (when === 'at once') throw stop
      return turn().then(() => Promise.reject(stop))
    },
    { chunkBytes: 1024 },
  )
  await expect(inflater.write(gzipSync(Buffer.alloc(1_000_000)))).rejects.toBe(stop)
  await expect(inflater.write(gzipSync('more'))).rejects.toBe(stop)
  await expect(inflater.end()).rejects.toBe(stop)
  expect(chunks).toBe(3)
})

test('a write that waits rejects when the inflater is destroyed', async () => {
  const never = new Promise<void>(() => {})
  const inflater = createInflater(() => never)
  const write = inflater.write(gzipSync(text))
  const outcome = expect(write).rejects.toThrow('destroyed')
  await turn()
  inflater.destroy()
  inflater.destroy()
  await outcome
})

test('gzip is known by its two magic bytes', () => {
  expect(isGzip(gzipSync(''))).toBe(true)
  expect(isGzip(Uint8Array.of(0x1f))).toBe(false)
  expect(isGzip(Buffer.from('{}'))).toBe(false)
})

test('a whole stream is inflated at once, where streaming it would give the same', async () => {
  const tails = [[], [0], [0x67], [0x0a], [0, 0, 0, 0], [0x1f], [0x1f, 0x8b], [0x1f, 0x00]]
  const streams = [gzipSync(''), gzipSync(text), twoMembers]
  let taken = 0
  for (const stream of streams) {
    const cuts = Array.from({ length: stream.length }, (_, at) => stream.subarray(0, at))
    const flips = Array.from({ length: stream.length * 8 }, (_, bit) => {
      const flipped = Buffer.from(stream)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      return flipped
    })
    for (const bytes of [...cuts, ...flips, ...tails.map(tail => Buffer.concat([stream, Uint8Array.from(tail)]))]) {
      const whole = inflateWhole(bytes, 1000)
      if (whole === undefined) continue
      taken++
      expect(Buffer.from(whole).toString()).toBe(await inflate([bytes], 64))
    }
    expect(inflateWhole(stream, 1000)).toBeDefined()
  }
  expect(taken).toBeGreaterThan(streams.length)
})

test('what is larger inflated than allowed has to be streamed, whatever it says of its size', () => {
  const stream = gzipSync('x'.repeat(1001))
  expect(inflateWhole(stream, 1001)).toHaveLength(1001)
  expect(inflateWhole(stream, 1000)).toBeUndefined()
  const small = Buffer.concat([stream, gzipSync('')])
  expect(inflateWhole(small, 1001)).toHaveLength(1001)
  expect(inflateWhole(small, 1000)).toBeUndefined()
})

test('memory of output that nobody keeps is given back before the next chunk comes; nothing of it is lost', async () => {
  const body = Buffer.from(Array.from({ length: 3 * 2 ** 20 }, (_, i) => (i * 7919) >> 5))
  for (const keepsNothing of [true, false]) {
    const seen: Uint8Array[] = []
    const pieces: Buffer[] = []
    const inflater = createInflater(
      bytes => {
        for (const before of seen.slice(0, -1))
          if (before.buffer !== bytes.buffer) expect(before.byteLength === 0).toBe(keepsNothing)
        seen.push(bytes)
        pieces.push(Buffer.from(bytes))
      },
      { keepsNothing },
    )
    const packed = gzipSync(body)
    for (let at = 0; at < packed.length; at += 10_000) await inflater.write(packed.subarray(at, at + 10_000))
    await inflater.end()
    expect(new Set(seen.map(({ buffer }) => buffer)).size).toBeGreaterThan(10)
    expect(Buffer.concat(pieces).equals(body)).toBe(true)
  }
})
