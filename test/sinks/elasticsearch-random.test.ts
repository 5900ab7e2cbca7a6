import { afterEach, beforeEach, expect, it } from 'vitest'
import { pickEvents } from '../../src/delivery/pieces.ts'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import type { Piece, Sink } from '../../src/sinks/sink.ts'
import { createFakeBulk, type FakeBulk, type ItemReply, sinkOn } from '../helpers/fake-bulk.ts'
import { eventsNamed, piecesOf } from '../helpers/pieces.ts'

const never = new AbortController().signal
const EVENTS = 20_000
const REPLIES = [201, 200, 400, 403, 404, 409, 413, 429, 500, 503, 'omit'] as const
const BROKEN = ['cut', 'reset', 'html', 'short', 'swapped', 'half', 503, 401] as const

/** The same numbers in each run. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
const random = createRandom(20_260_101)
const oneOf = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!

let fake: FakeBulk

beforeEach(async () => {
  fake = await createFakeBulk()
})
afterEach(() => fake.stop())

it(`ends each of ${EVENTS} events as delivered or rejected, once, whatever the server answers, and sends none that was`, async () => {
  const delivered = new Set<string>()
  const rejected = new Set<string>()
  const again: string[] = []
  /** What the server has, as it says itself. */
  const there = new Set<string>()
  let broken = 0
  fake.onItem = ({ id }): ItemReply => {
    if (delivered.has(id) || rejected.has(id)) again.push(id)
    const reply = oneOf(REPLIES)
    if (reply === 'omit') return random() < 0.5 ? 'omit' : { status: 201, op: 'index' }
    if (reply < 300 || reply === 409) there.add(id)
    return { status: reply }
  }
  fake.onReply = (reply, { path }) => {
    if (!path.endsWith('_bulk') || random() > 0.2) return reply
    broken++
    const { items, ...rest } = JSON.parse(String(reply.body)) as { items: Record<string, unknown>[] }
    const body = (changed: unknown) => ({ ...reply, body: JSON.stringify({ ...rest, items: changed }) })
    switch (oneOf(BROKEN)) {
      case 'cut':
        return 'cut'
      case 'reset':
        return 'reset'
      case 'html':
        return {
          status: 200,
          headers: { 'content-type': 'text/html' },
          body: '<html><body>Please log in</body></html>',
        }
      case 'short':
        return body(items.slice(0, Math.floor(items.length / 2)))
      case 'swapped':
        return body(items.map(item => ({ index: item.create })))
      case 'half':
        return { ...reply, body: String(reply.body).slice(0, String(reply.body).length / 2) }
      case 401:
        return { ...reply, status: 401, body: '' }
      case 503:
        return { ...reply, status: 503 }
    }
  }

  const sink = sinkOn(fake, { gzip: true })
  await sink.open(never)
  const queue = piecesOf(eventsNamed('e', EVENTS), 500)
  const settle = (piece: Piece, index: number, into: Set<string>) => {
    const id = piece.id(piece.lines[index]!)
    expect(delivered.has(id) || rejected.has(id)).toBe(false)
    into.add(id)
  }
  const writeOne = async (piece: Piece) => {
    const open = await attempt(sink, piece)
    if (open === undefined) return void queue.push(piece)
    const rest = new Set(open.retry)
    for (const { index } of open.rejected) settle(piece, index, rejected)
    const refused = new Set(open.rejected.map(({ index }) => index))
    for (const index of piece.lines.keys()) if (!rest.has(index) && !refused.has(index)) settle(piece, index, delivered)
    if (open.retry.length > 0) queue.push(pickEvents(piece, open.retry))
  }
  while (queue.length > 0) await Promise.all(queue.splice(0, sink.maxInFlight).map(writeOne))

  expect(delivered.size + rejected.size).toBe(EVENTS)
  expect(again).toEqual([])
  expect(broken).toBeGreaterThan(20)
  expect(rejected.size).toBeGreaterThan(EVENTS / 10)
  expect([...delivered].filter(id => !there.has(id))).toEqual([])
})

/** Undefined: the whole piece comes again. */
async function attempt(sink: Sink, piece: Piece) {
  try {
    return await sink.write(piece, never)
  } catch (error) {
    expect(error).toBeInstanceOf(RetryableError)
    expect(error).not.toBeInstanceOf(PermanentError)
    return undefined
  }
}
