import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'

/** Ids in one string of the answer: about 64 KB. */
const IDS_A_PIECE = 1640
const ID_CHARACTERS = 36
const HEAD = '{"event_ids":['
const TAIL = ']}'

/**
 * Sends `{"event_ids":[…]}`. A long answer is made while it is read, so that a batch of a million lines costs no more memory than
 * one of a thousand.
 *
 * @param next gives the ids one after the other, UUIDs of 36 characters
 */
export function sendEventIds(reply: FastifyReply, count: number, next: () => string): FastifyReply {
  reply.type('application/json; charset=utf-8')
  if (count <= IDS_A_PIECE) return reply.send(HEAD + idList(count, next) + TAIL)
  reply.header('content-length', HEAD.length + count * (ID_CHARACTERS + 3) - 1 + TAIL.length)
  return reply.send(Readable.from(pieces(count, next), { objectMode: false, highWaterMark: 1 }))
}

/** Ids of consecutive numbers from 0. */
export function counting(id: (number: number) => string): () => string {
  let number = 0
  return () => id(number++)
}

/** A turn for others before each piece: a sender that reads quickly would else keep the thread to the end. */
async function* pieces(count: number, next: () => string): AsyncGenerator<string> {
  yield HEAD
  for (let left = count; left > 0; left -= IDS_A_PIECE) {
    await nextTurn()
    yield idList(Math.min(left, IDS_A_PIECE), next) + (left > IDS_A_PIECE ? ',' : TAIL)
  }
}

function idList(count: number, next: () => string): string {
  let list = ''
  for (let i = 0; i < count; i++) list += i === 0 ? `"${next()}"` : `,"${next()}"`
  return list
}
