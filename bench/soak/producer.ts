import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { randomOf } from '../records.ts'
import { KEY } from '../torture/service.ts'
import { type AllSent, noteSent } from './sent.ts'

export interface ProducerOptions {
  readonly writer: number
  readonly seed: number
  readonly all: AllSent
  readonly port: number
  /** As proxy.ts: which life a connection from that local port leads to. */
  readonly lifeOf: (localPort: number) => number | undefined
  /** The life of the service now. */
  readonly life: () => number
  /** True when no new batch is to be begun. */
  readonly ended: () => boolean
  /** Sends the same body again after a restart as well, as Logpush does; else one that differs in its attempt's number. */
  readonly sameBody: boolean
  readonly tally: Tally
}

/** What the senders met. */
export interface Tally {
  requests: number
  /** Answers that said that the batch was stored before. */
  repeats: number
  /** No answer, or half of one. */
  broken: number
  /** 503, by the reason that the answer gives. */
  readonly refused: Map<string, number>
  readonly violations: Set<string>
}

/** A dataset that the service is told to drop; batches that name it. */
export const DROPPED = 'nel_reports'

const REQUEST_MS = 30_000
const PAUSE_MS = 450
const AGAIN_MS = 300
const DROPPED_SHARE = 0.08

/** Sends one batch after the other, each until it is acknowledged, in the manner of a Logpush job. */
export async function produce(options: ProducerOptions): Promise<void> {
  const random = randomOf(options.seed * 31 + options.writer)
  for (let batch = 0; !options.ended(); batch++) {
    await sendUntilAcknowledged(options, batch, random)
    await sleep(random() * PAUSE_MS)
  }
}

async function sendUntilAcknowledged(options: ProducerOptions, batch: number, random: () => number): Promise<void> {
  const { writer, all, life, sameBody } = options
  const lines = sizeOf(random)
  const dropped = random() < DROPPED_SHARE
  for (let attempt = 0; ; attempt++) {
    const id = `${writer}-${batch}-${attempt}`
    const sent = noteSent(all, id, lines, dropped)
    const body = bodyOf(id, lines, random)
    const begun = life()
    while (sameBody || life() === begun) {
      const answered = await send(options, body, lines, dropped)
      if (answered.life !== undefined) sent.lives.add(answered.life)
      if (answered.acknowledged) {
        sent.acknowledgedBy = answered.life
        return
      }
      await sleep(AGAIN_MS * random())
    }
  }
}

interface Answered {
  readonly life: number | undefined
  readonly acknowledged: boolean
}

async function send(options: ProducerOptions, body: Buffer, lines: number, dropped: boolean): Promise<Answered> {
  const { tally, port, lifeOf } = options
  let life: number | undefined
  tally.requests += 1
  try {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const outgoing = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: dropped ? `/plain/batch/${DROPPED}` : '/plain/batch',
      agent: false,
      signal: AbortSignal.timeout(REQUEST_MS),
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-encoding': 'gzip',
        'content-length': body.length,
        'x-sekoiaio-intake-key': KEY,
      },
    })
    let localPort = 0
    outgoing.on('socket', socket =>
      socket.once('connect', () => {
        localPort = socket.localPort ?? 0
      }),
    )
    outgoing.on('response', resolve).on('error', reject).end(body)
    try {
      const incoming = await promise
      const answer = await text(incoming)
      life = lifeOf(localPort)
      return { life, acknowledged: readAnswer(tally, incoming.statusCode!, answer, lines, incoming.headers) }
    } finally {
      life = lifeOf(localPort)
    }
  } catch {
    tally.broken += 1
    return { life, acknowledged: false }
  }
}

function readAnswer(
  tally: Tally,
  status: number,
  answer: string,
  lines: number,
  headers: NodeJS.Dict<string | string[]>,
): boolean {
  if (status === 200) {
    if (headers['intake-duplicate'] === 'true') tally.repeats += 1
    const ids: unknown[] = JSON.parse(answer).event_ids
    if (ids.length !== lines) tally.violations.add(`The intake acknowledged ${ids.length} of ${lines} lines.`)
    return true
  }
  if (status === 503) {
    const reason = /\(([a-z ]+)\)/.exec(answer)?.[1] ?? 'no reason'
    tally.refused.set(reason, (tally.refused.get(reason) ?? 0) + 1)
    if (headers['retry-after'] === undefined) tally.violations.add('A 503 came without Retry-After.')
  } else if (answer.includes('ERR_INTAKE_INCOMPLETE_BODY')) tally.broken += 1
  else tally.violations.add(`The intake answered ${status}: ${answer.slice(0, 300)}`)
  return false
}

/** Mostly small batches, sometimes one of several pieces. */
function sizeOf(random: () => number): number {
  const kind = random()
  if (kind < 0.7) return 1 + Math.floor(random() * 80)
  return 1 + Math.floor(random() * (kind < 0.98 ? 200 : 2_000))
}

/** Names that hardly compress, so that a small spool is full within seconds. */
function bodyOf(id: string, lines: number, random: () => number): Buffer {
  const hex = () => Math.floor(random() * 2 ** 32).toString(36)
  const label = () => Array.from({ length: 8 }, hex).join('').slice(0, 60)
  const rows = Array.from(
    { length: lines },
    (_, line) =>
      `{"ColoCode":"FRA","EDNSSubnet":"","EDNSSubnetLength":0,"QueryName":"t-${id}-${line}-.${label()}.${label()}.${label()}.example.com","QueryType":1,"ResponseCached":false,"ResponseCode":0,"SourceIP":"192.0.2.7","Timestamp":"2026-11-24T21:55:37Z"}`,
  )
  return gzipSync(`${rows.join('\n')}\n`, { level: 1 })
}
