import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import { UUID_CHARACTERS, uuidWriter } from '../lib/uuid.ts'

/** Ids in one piece of the answer: about 64 KB. */
const IDS_A_PIECE = 1640
/** In quotes, with what stands between two. */
const ID_BYTES = UUID_CHARACTERS + 3
const HEAD = '{"event_ids":['
const TAIL = ']}'
const QUOTE = 0x22
const COMMA = 0x2c

/** Writes the next id, UUID_CHARACTERS bytes of ASCII. */
export type NextId = (to: Uint8Array, at: number) => void

/**
 * Sends `{"event_ids":[…]}`. A long answer is made while it is read, so that a batch of a million lines costs no more memory than
 * one of a thousand.
 *
 * @param next called once for each id, in their order
 */
export function sendEventIds(reply: FastifyReply, count: number, next: NextId): FastifyReply {
  reply.type('application/json; charset=utf-8')
  if (count <= IDS_A_PIECE) return reply.send(listOf(count, next, HEAD, TAIL))
  reply.header('content-length', HEAD.length + count * ID_BYTES - 1 + TAIL.length)
  return reply.send(Readable.from(pieces(count, next), { objectMode: false, highWaterMark: 1 }))
}

/** Ids of consecutive numbers from 0, of one batch. */
export function counting(batchId: Uint8Array): NextId {
  const write = uuidWriter(batchId)
  let number = 0
  return (to, at) => write(number++, to, at)
}

export function idOf(next: NextId): string {
  const id = Buffer.alloc(UUID_CHARACTERS)
  next(id, 0)
  return id.toString('latin1')
}

/** A turn for others before each piece: a sender that reads quickly would else keep the thread to the end. */
async function* pieces(count: number, next: NextId): AsyncGenerator<Buffer> {
  for (let left = count; left > 0; left -= IDS_A_PIECE) {
    await nextTurn()
    yield listOf(Math.min(left, IDS_A_PIECE), next, left === count ? HEAD : ',', left > IDS_A_PIECE ? '' : TAIL)
  }
}

/** Bytes, not a string, which would be joined of thousands of small ones, once for each request. */
function listOf(count: number, next: NextId, before: string, behind: string): Buffer {
  const list = Buffer.allocUnsafe(before.length + Math.max(0, count * ID_BYTES - 1) + behind.length)
  let at = list.write(before, 'latin1')
  for (let i = 0; i < count; i++) {
    if (i > 0) list[at++] = COMMA
    list[at] = QUOTE
    next(list, at + 1)
    at += UUID_CHARACTERS + 2
    list[at - 1] = QUOTE
  }
  list.write(behind, at, 'latin1')
  return list
}
