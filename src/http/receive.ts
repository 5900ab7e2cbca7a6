import { createHash, randomBytes } from 'node:crypto'
import type { Draft, LineFormat, Spool } from '../spool/spool.ts'
import type { BodyReader } from './body.ts'
import { createInspector } from './inspect.ts'
import { type BodyLimits, takeBody } from './take-body.ts'

export interface Reception {
  readonly format: Exclude<LineFormat, 'timed' | 'rows'>
  /** The batch id comes from the content, and a repeat within the spool's window is found; else it is random. */
  readonly deduplicate: boolean
  readonly dataset: string | undefined
  readonly keyId: string
  /** RFC 3339 UTC. */
  readonly time: string
  readonly encoding: 'gzip' | 'none'
}

export interface Accepted {
  readonly outcome: 'stored' | 'duplicate'
  readonly batchId: Uint8Array
  readonly lines: number
  readonly bytes: number
  readonly inflatedBytes: number
}

/** Up to here a body waits in memory, so that Logpush's upload test and empty bodies never reach the disk. */
const TINY_BYTES = 512

/**
 * Streams a body into the spool. Undefined when there is nothing to store: the upload test, or no line that is not blank. Rejects with
 * the errors of takeBody and with UnavailableError; then nothing is left of the body.
 */
export async function receive(
  body: BodyReader,
  spool: Spool,
  limits: BodyLimits,
  reception: Reception,
): Promise<Accepted | undefined> {
  const hash = createHash('sha256').update(batchPrefix(reception.dataset, reception.keyId))
  const inspector = createInspector()
  const store = createStore(spool)
  try {
    const { gzip, bytes, inflatedBytes } = await takeBody(body, reception.encoding, limits, {
      onRaw(chunk) {
        hash.update(chunk)
        return store.write(chunk)
      },
      onContent: inspector.take,
      keepsNothing: true,
    })
    const lines = reception.format === 'single' ? Math.min(1, inspector.lines()) : inspector.lines()
    if (lines === 0 || (bytes <= TINY_BYTES && inspector.isPing())) {
      await store.discard()
      return undefined
    }
    const { format, deduplicate, dataset, time } = reception
    const batchId: Uint8Array = deduplicate ? hash.digest() : randomBytes(32)
    const draft = await store.draft()
    const outcome = await draft.commit({ batchId, dataset, lines, format, gzip, time, deduplicate })
    return { outcome, batchId, lines, bytes, inflatedBytes }
  } catch (error) {
    await store.discard()
    throw error
  }
}

/** The parts carry their lengths, so that no two of (dataset, key id, body) give the same bytes. */
const batchPrefix = (dataset = '', keyId: string) =>
  `${Buffer.byteLength(dataset)}:${dataset}${Buffer.byteLength(keyId)}:${keyId}`

/** Takes a draft only when the body has become larger than tiny, or when asked. */
function createStore(spool: Spool) {
  const waiting: Buffer[] = []
  let waitingBytes = 0
  let opening: Promise<Draft> | undefined

  const draft = async () => {
    opening ??= spool.draft()
    const open = await opening
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) await open.write(chunk)
    return open
  }
  return {
    draft,
    async write(chunk: Buffer) {
      waiting.push(chunk)
      waitingBytes += chunk.length
      if (waitingBytes > TINY_BYTES) await draft()
    },
    async discard() {
      // A body is refused while its draft is on its way or a chunk is being written: no further write may begin, and a draft that
      // comes later is ended as well, or its bytes would count for ever.
      waiting.length = 0
      const open = await opening?.catch(() => undefined)
      await open?.discard()
    },
  }
}
