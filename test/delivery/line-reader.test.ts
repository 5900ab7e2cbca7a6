import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createFieldDropper } from '../../src/decode/drop-fields.ts'
import { createLineReader } from '../../src/delivery/line-reader.ts'
import { body, claimOf } from './harness.ts'

const signal = new AbortController().signal
const options = { maxLineBytes: 1000, dropFields: undefined }

function countReads(claim: ReturnType<typeof claimOf>) {
  const counted = {
    ...claim,
    reads: 0,
    read(of: AbortSignal) {
      counted.reads++
      return claim.read(of)
    },
  }
  return counted
}

async function read(reader: ReturnType<typeof createLineReader>, numbers: number[]) {
  const found: [number, string, number][] = []
  await reader.read(numbers, (number, line) => void found.push([number, Buffer.from(line.bytes).toString(), line.lost]))
  return found
}

describe('reading lines of a batch again', () => {
  const records = Array.from({ length: 5000 }, (_, i) => ({ i, pad: 'x'.repeat(i % 50) }))
  const text = (i: number) => JSON.stringify(records[i])

  it.each([true, false])('gives the bytes as received in one passage when asked in order (gzip: %s)', async gzip => {
    const claim = countReads(claimOf(body(...records), { gzip, chunkBytes: 777 }))
    const reader = createLineReader(claim, options, signal)
    expect(await read(reader, [0, 1, 4000])).toEqual([0, 1, 4000].map(i => [i, text(i), 0]))
    expect(await read(reader, [4001, 4999])).toEqual([4001, 4999].map(i => [i, text(i), 0]))
    expect(claim.reads).toBe(1)
    expect(await read(reader, [3])).toEqual([[3, text(3), 0]])
    expect(claim.reads).toBe(2)
    await reader.close()
  })

  it('numbers lines as decoding does: without blank ones, a long one cut', async () => {
    const reader = createLineReader(claimOf(Buffer.from(`a\n \n\r\n${'b'.repeat(1003)}\r\nc`)), options, signal)
    expect(await read(reader, [0, 1, 2, 3])).toEqual([
      [0, 'a', 0],
      [1, 'b'.repeat(1000), 3],
      [2, 'c', 0],
    ])
  })

  it('keeps bytes that are no text', async () => {
    const reader = createLineReader(claimOf(Buffer.from([0xff, 0xfe, 0x0a])), options, signal)
    await reader.read([0], (_, line) => expect([...line.bytes]).toEqual([0xff, 0xfe]))
  })

  it('leaves dropped fields out', async () => {
    const claim = claimOf(body({ a: 1, Cookies: 'secret' }))
    const reader = createLineReader(claim, { ...options, dropFields: createFieldDropper(['cookies']) }, signal)
    expect(await read(reader, [0])).toEqual([[0, '{"a":1}', 0]])
  })

  it('gives the lines before the damage and then throws', async () => {
    const stored = gzipSync(body(...records))
    const claim = claimOf(Buffer.from('{}'), { stored: stored.subarray(0, stored.length - 20), chunkBytes: 500 })
    const reader = createLineReader(claim, options, signal)
    expect(await read(reader, [0, 10])).toEqual([
      [0, text(0), 0],
      [10, text(10), 0],
    ])
    await expect(read(reader, [4999])).rejects.toThrow('ends before')
  })
})
