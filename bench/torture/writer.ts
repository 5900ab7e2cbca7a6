import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { httpRequestLines, randomOf } from '../records.ts'
import { type Attempts, noteAttempt } from './attempts.ts'
import { KEY } from './service.ts'

/** Where the service is now; `number` counts its lives. */
export interface Address {
  readonly url: string
  readonly number: number
}

export interface WriterOptions {
  readonly writer: number
  readonly seed: number
  readonly attempts: Attempts
  /** Resolves when the service takes batches. */
  readonly address: () => Promise<Address>
  /** True when no new batch is to be begun. */
  readonly ended: () => boolean
  /** Sends the same body again after a restart as well, as Logpush does; else one that differs in its attempt's number. */
  readonly sameBody: boolean
}

const REQUEST_MS = 30_000
const PAUSE_MS = 60
const templates = httpRequestLines(50).map(line => line.replace(/"RayID":"[^"]*"/, '"RayID":"@"'))

/** Sends one batch after the other, each until it is acknowledged, in the manner of a Logpush job. */
export async function runWriter(options: WriterOptions): Promise<void> {
  const random = randomOf(options.seed * 31 + options.writer)
  for (let batch = 0; !options.ended(); batch++) {
    await sendUntilAcknowledged(options, batch, sizeOf(random))
    await sleep(random() * PAUSE_MS)
  }
}

async function sendUntilAcknowledged(options: WriterOptions, batch: number, lines: number): Promise<void> {
  const { writer, attempts, address, sameBody } = options
  let number: number | undefined
  for (let count = 0; ; ) {
    const to = await address()
    if (number !== undefined && number !== to.number && !sameBody) count += 1
    number = to.number
    const id = `${writer}-${batch}-${count}`
    const attempt = attempts.get(id) ?? noteAttempt(attempts, id, lines)
    attempt.sends += 1
    if (await send(to.url, bodyOf(id, lines), lines)) {
      attempt.acknowledged = true
      return
    }
    await sleep(10)
  }
}

/** True when it was acknowledged. Throws where the intake answers what no retry can mend. */
async function send(url: string, body: Buffer<ArrayBuffer>, lines: number): Promise<boolean> {
  let status: number
  let text: string
  try {
    const response = await fetch(`${url}/plain/batch`, {
      method: 'POST',
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-encoding': 'gzip',
        'x-sekoiaio-intake-key': KEY,
      },
      body,
      signal: AbortSignal.timeout(REQUEST_MS),
    })
    status = response.status
    text = await response.text()
  } catch {
    return false
  }
  if (status === 503) return false
  if (status !== 200) throw new Error(`The intake answered ${status}: ${text.slice(0, 500)}`)
  const ids: unknown[] = JSON.parse(text).event_ids
  if (ids.length !== lines) throw new Error(`The intake acknowledged ${ids.length} of ${lines} lines.`)
  return true
}

/** Mostly small batches, sometimes one that takes a while. */
function sizeOf(random: () => number): number {
  const kind = random()
  if (kind < 0.6) return 1 + Math.floor(random() * 30)
  return 1 + Math.floor(random() * (kind < 0.97 ? 200 : 3_000))
}

/** Two lines of DNS to one of HTTP: the datasets of a batch go to different files. */
function bodyOf(id: string, lines: number): Buffer<ArrayBuffer> {
  const text = Array.from({ length: lines }, (_, line) => {
    const name = `t-${id}-${line}-`
    if (line % 3 === 0) return templates[line % templates.length]!.replace('@', name)
    return `{"ColoCode":"FRA","EDNSSubnet":"","EDNSSubnetLength":0,"QueryName":"${name}.example.com","QueryType":1,"ResponseCached":false,"ResponseCode":0,"SourceIP":"192.0.2.7","Timestamp":"2026-11-24T21:55:37Z"}`
  })
  return gzipSync(`${text.join('\n')}\n`, { level: 1 })
}
