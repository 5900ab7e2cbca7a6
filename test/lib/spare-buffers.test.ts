import { describe, expect, it } from 'vitest'
import { createSpareBuffers } from '../../src/lib/spare-buffers.ts'

describe('spare buffers', () => {
  it('come back to who takes the next, and are shared', () => {
    const spare = createSpareBuffers({ sizes: [100, 1000], most: 2 })
    const first = spare.take(800)
    expect(first.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(first).toHaveLength(1000)
    const second = spare.take(1000)
    expect(second.buffer).not.toBe(first.buffer)
    spare.give(first.buffer)
    expect(spare.take(501).buffer).toBe(first.buffer)
  })

  it('are kept up to a number, and no others', () => {
    const spare = createSpareBuffers({ sizes: [100, 1000], most: 2 })
    const taken = Array.from({ length: 5 }, () => spare.take(1000).buffer)
    for (const buffer of [...taken, spare.take(10).buffer, new ArrayBuffer(1000)]) spare.give(buffer)
    const again = Array.from({ length: 5 }, () => spare.take(1000).buffer)
    expect(again.filter(buffer => taken.includes(buffer))).toHaveLength(2)
    expect(again.every(buffer => buffer instanceof SharedArrayBuffer)).toBe(true)
  })

  it('are of the least size that fits', () => {
    const spare = createSpareBuffers({ sizes: [100, 1000], most: 2 })
    const small = spare.take(11)
    expect(small).toHaveLength(100)
    spare.give(small.buffer)
    expect(spare.take(101)).toHaveLength(1000)
    expect(spare.take(100).buffer).toBe(small.buffer)
  })

  it('are only for what fits and is no tenth of the least', () => {
    const spare = createSpareBuffers({ sizes: [100, 1000], most: 2 })
    for (const bytes of [1, 10, 1001]) {
      const buffer = spare.take(bytes)
      expect(buffer).toHaveLength(bytes)
      expect(buffer.buffer).toBeInstanceOf(ArrayBuffer)
    }
  })
})
