import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createQueue, type Entry } from '../../src/spool/queue.ts'

const never = new AbortController().signal
const entryOf = (number: number): Entry => ({ file: String(number), bytes: 1, storedAt: number, done: 0, position: 0 })

/** The plain way to say what the queue has to do: a list, searched from its beginning. */
interface Model {
  entry: Entry
  takenBy: Set<number>
}

test('a queue gives what a search through a list gives, whatever is taken, given back, done and removed', async () => {
  const step = fc.record({
    what: fc.constantFrom('push', 'push', 'take', 'take', 'giveBack', 'done', 'remove'),
    sink: fc.nat({ max: 2 }),
    which: fc.nat({ max: 1000 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async steps => {
      const queue = createQueue(3)
      let model: Model[] = []
      let number = 0
      const oldest = (sink: number) => model.find(({ entry }) => (entry.done & (1 << sink)) === 0)
      const nextFor = (sink: number) =>
        model.find(({ entry, takenBy }) => !takenBy.has(sink) && (entry.done & (1 << sink)) === 0)
      for (const { what, sink, which } of steps) {
        const held = model.filter(({ takenBy, entry }) => takenBy.has(sink) && (entry.done & (1 << sink)) === 0)
        const one = held[which % (held.length || 1)]
        if (what === 'push') {
          const entry = entryOf(number++)
          queue.push(entry)
          model.push({ entry, takenBy: new Set() })
        }
        if (what === 'take') {
          const expected = nextFor(sink)
          if (expected === undefined) continue
          expect(await queue.take(sink, never)).toBe(expected.entry)
          expected.takenBy.add(sink)
        }
        if (what === 'giveBack' && one !== undefined) {
          one.takenBy.delete(sink)
          queue.giveBack(sink, one.entry)
        }
        if (what === 'done' && one !== undefined) one.entry.done |= 1 << sink
        if (what === 'remove' && one !== undefined) {
          one.entry.done = -1
          queue.remove(one.entry)
          queue.remove(one.entry)
          model = model.filter(other => other !== one)
        }
        expect(queue.length).toBe(model.length)
        for (const other of [0, 1, 2]) expect(queue.oldest(other)).toBe(oldest(other)?.entry)
      }
    }),
    { numRuns: 150 },
  )
})

test('a long run of batches that come and go leaves the queue empty and right', async () => {
  const queue = createQueue(2)
  const kept = entryOf(-1)
  for (let number = 0; number < 10_000; number++) {
    const entry = entryOf(number)
    queue.push(entry)
    if (number === 5000) queue.push(kept)
    expect(await queue.take(0, never)).toBe(entry)
    if (number === 5000) await queue.take(0, never)
    entry.done = 3
    queue.remove(entry)
  }
  expect(queue.length).toBe(1)
  expect([...queue.entries()]).toEqual([kept])
  expect(queue.oldest(1)).toBe(kept)
  expect(await queue.take(1, never)).toBe(kept)
})

test('those who wait are served in the order of their coming', async () => {
  const queue = createQueue(1)
  const abort = new AbortController()
  const waiting = [queue.take(0, never), queue.take(0, abort.signal), queue.take(0, never)]
  abort.abort(new Error('gone'))
  await expect(waiting[1]).rejects.toThrow('gone')
  const entries = [entryOf(1), entryOf(2)]
  for (const entry of entries) queue.push(entry)
  expect(await Promise.all([waiting[0], waiting[2]])).toEqual(entries)
})

test('an entry that is given back goes at once to one who waits', async () => {
  const queue = createQueue(1)
  const entry = entryOf(1)
  queue.push(entry)
  await queue.take(0, never)
  const waiting = queue.take(0, never)
  queue.giveBack(0, entry)
  expect(await waiting).toBe(entry)
})

test('a closed queue rejects those who wait and those who come', async () => {
  const queue = createQueue(1)
  const waiting = queue.take(0, never)
  queue.close(new Error('closed'))
  await expect(waiting).rejects.toThrow('closed')
  await expect(queue.take(0, never)).rejects.toThrow('closed')
})

test('who waits leaves nothing with its signal, which may live as long as the service', async () => {
  const queue = createQueue(1)
  const { signal } = new AbortController()
  const waiting = queue.take(0, signal)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  queue.push(entryOf(1))
  await waiting
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
