import type { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { expect, test } from 'vitest'
import { counting, sendEventIds } from '../../src/http/answer.ts'

const idOf = (number: number) => `00000000-0000-8000-8000-${number.toString(16).padStart(12, '0')}`

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
  sendEventIds(reply, count, counting(idOf))
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

test('the ids of a small batch are one text', () => {
  expect(sent(2).payload).toBe(JSON.stringify({ event_ids: [idOf(0), idOf(1)] }))
})
