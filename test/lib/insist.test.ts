import { expect, test } from 'vitest'
import { insist } from '../../src/lib/insist.ts'

const never = new AbortController().signal

test('what fails at first is done in the end, and told of once', async () => {
  const told: string[] = []
  let attempts = 0
  const action = async () => {
    if (++attempts < 3) throw new Error(`attempt ${attempts}`)
  }
  const begin = performance.now()
  await insist(action, never, { failing: error => told.push(String(error)), mended: () => told.push('mended') })
  expect(attempts).toBe(3)
  expect(told).toEqual(['Error: attempt 1', 'mended'])
  expect(performance.now() - begin).toBeGreaterThan(250)
})

test('what succeeds at once is not told of', async () => {
  const told: unknown[] = []
  await insist(async () => {}, never, { failing: error => told.push(error), mended: () => told.push('mended') })
  expect(told).toEqual([])
})

test('it ends with the reason of its signal, during a pause and before the first attempt', async () => {
  const abort = new AbortController()
  let attempts = 0
  const action = async () => {
    attempts++
    throw new Error('no')
  }
  const events = { failing: () => abort.abort(new Error('enough')), mended() {} }
  await expect(insist(action, abort.signal, events)).rejects.toThrow('enough')
  await expect(insist(action, abort.signal, events)).rejects.toThrow('enough')
  expect(attempts).toBe(1)
})
