import { describe, expect, it } from 'vitest'
import { abortable } from '../../src/lib/abortable.ts'
import { createSerial } from '../../src/lib/serial.ts'

const turn = () => new Promise(resolve => setImmediate(resolve))

describe('createSerial', () => {
  it('runs one task after the other in the order of the calls, past failures', async () => {
    const serial = createSerial()
    const seen: string[] = []
    const task = (name: string) => async () => {
      seen.push(`${name} begins`)
      await turn()
      seen.push(`${name} ends`)
      if (name === 'a') throw new Error('a failed')
      return name
    }
    const [a, b] = await Promise.allSettled([serial(task('a')), serial(task('b'))])
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
    expect(a).toMatchObject({ status: 'rejected' })
    expect(b).toEqual({ status: 'fulfilled', value: 'b' })
  })
})

describe('abortable', () => {
  it('gives what the promise gives while nobody aborts, and leaves no listener behind', async () => {
    const { signal } = new AbortController()
    await expect(abortable(Promise.resolve(1), signal)).resolves.toBe(1)
    await expect(abortable(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
  })

  it('rejects with the reason as soon as the signal is aborted, or if it was already', async () => {
    const stop = new AbortController()
    const waiting = abortable(new Promise(() => {}), stop.signal)
    stop.abort(new Error('stop'))
    await expect(waiting).rejects.toThrow('stop')
    await expect(abortable(Promise.reject(new Error('unheard')), stop.signal)).rejects.toThrow('stop')
  })
})
