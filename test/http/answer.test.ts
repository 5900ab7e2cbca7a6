import type { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { expect, test } from 'vitest'
import { counting, sendEventIds, idOf as textOf } from '../../src/http/answer.ts'
import { uuidsOf } from '../../src/lib/uuid.ts'

const batchId = Uint8Array.from({ length: 32 }, (_, i) => 255 - i)
const idOf = uuidsOf(batchId)

/** What is sent, as a reader gets it that is never behind. */
function sent(count: number): { payload: unknown; length: number } {
  let payload: unknown
  let length = 0
  const reply = {
    type: () => reply,
    header: (_name: string, value: number) => {
      length = value
      return reply
    },
    send: (value: unknown) => {
      payload = value
      return reply
    },
  } as unknown as FastifyReply
  sendEventIds(reply, count, counting(batchId))
  return { payload, length }
}

test('the ids of a large batch are made while others have their turn, however quickly they are read', async () => {
  const { payload, length } = sent(100_000)
  let turns = 0
  let over = false
  const count = () => {
    turns++
    if (!over) setImmediate(count)
  }
  setImmediate(count)
  const chunks: Buffer[] = []
  for await (const chunk of payload as Readable) chunks.push(Buffer.from(chunk))
  over = true
  const text = Buffer.concat(chunks).toString()
  expect(text).toHaveLength(length)
  expect(JSON.parse(text).event_ids).toEqual(Array.from({ length: 100_000 }, (_, number) => idOf(number)))
  expect(turns).toBeGreaterThan(50)
})

test.each([0, 1, 2, 1640])('the ids of a small batch are one piece: %i', count => {
  const ids = Array.from({ length: count }, (_, number) => idOf(number))
  expect(String(sent(count).payload)).toBe(JSON.stringify({ event_ids: ids }))
})

test('an id alone is a text', () => {
  expect(textOf(counting(batchId))).toBe(idOf(0))
})
