import { expect, it } from 'vitest'
import { freeBuffer } from '../../src/lib/free-buffer.ts'

it('gives large buffers back at once, and leaves alone what others may use', () => {
  const large = new Uint8Array(1024 ** 2).subarray(10)
  freeBuffer(large)
  expect(large).toHaveLength(0)
  expect(large.buffer.byteLength).toBe(0)

  const pooled = Buffer.from('a line')
  const shared = new Uint8Array(new SharedArrayBuffer(1024 ** 2))
  const read = new Uint8Array(64 * 1024)
  for (const bytes of [pooled, shared, read, Buffer.alloc(0)]) {
    const { length } = bytes
    freeBuffer(bytes)
    expect(bytes).toHaveLength(length)
  }
})
