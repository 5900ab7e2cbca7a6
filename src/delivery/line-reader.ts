import { decodeLine } from '../decode/decode-line.ts'
import type { FieldDropper } from '../decode/drop-fields.ts'
import { createBatchSplitter } from '../decode/split.ts'
import { createInflater } from '../lib/inflate.ts'
import type { Claim } from '../spool/spool.ts'
import type { Original } from './dead-letter.ts'

export interface LineReaderOptions {
  readonly maxLineBytes: number
  readonly dropFields: FieldDropper | undefined
}

/** Reads single lines of a batch again. Goes forward only, so asking in order costs one passage; an earlier line begins anew. */
export interface LineReader {
  /**
   * @param numbers rising
   * @param onLine called for each that is there, in order; awaited
   * Throws what Claim.read throws, and InflateError.
   */
  read(numbers: readonly number[], onLine: (number: number, line: Original) => void | Promise<void>): Promise<void>
  close(): Promise<void>
}

export function createLineReader(
  claim: Pick<Claim, 'batch' | 'read'>,
  options: LineReaderOptions,
  signal: AbortSignal,
): LineReader {
  let passage: Passage | undefined
  const close = async () => {
    await passage?.close()
    passage = undefined
  }
  return {
    async read(numbers, onLine) {
      if (passage !== undefined && (numbers[0] ?? 0) < passage.next) await close()
      passage ??= begin(claim, options, signal)
      try {
        for (const number of numbers) {
          const line = await passage.find(number)
          if (line === undefined) return
          await onLine(number, line)
        }
      } catch (error) {
        await close()
        throw error
      }
    },
    close,
  }
}

interface Passage {
  /** The least number that can be asked for. */
  readonly next: number
  find(number: number): Promise<Original | undefined>
  close(): Promise<void>
}

/** Pulls the batch through a splitter, one line of input at a time. */
function begin(claim: Pick<Claim, 'batch' | 'read'>, options: LineReaderOptions, signal: AbortSignal): Passage {
  let next = 0
  let wanted = -1
  let found: Original | undefined
  const splitter = createBatchSplitter(claim.batch.format, options.maxLineBytes, line => {
    next = line.number + 1
    if (line.number === wanted) found = { bytes: bytesOf(line.bytes), lost: line.lost, time: line.time, id: line.id }
  })
  const bytesOf = (bytes: Buffer): Uint8Array => {
    if (options.dropFields === undefined) return new Uint8Array(bytes)
    const decoded = decodeLine({ number: 0, bytes, lost: 0, time: undefined, id: undefined }, options)
    return 'record' in decoded ? Buffer.from(decoded.text) : new Uint8Array(bytes)
  }
  const steps = chunksOf(claim, signal)
  /** What of the current chunk was not split yet: lines behind the wanted one may be asked for next. */
  let rest: Uint8Array = new Uint8Array(0)

  return {
    get next() {
      return next
    },
    async find(number) {
      wanted = number
      found = undefined
      for (;;) {
        while (rest.length > 0 && found === undefined) {
          const end = rest.indexOf(0x0a) + 1 || rest.length
          splitter.push(rest.subarray(0, end))
          rest = rest.subarray(end)
        }
        if (found !== undefined) return found
        const step = await steps.next()
        if (step.done === true) {
          splitter.end()
          return found
        }
        rest = step.value
      }
    },
    close: async () => void (await steps.return()),
  }
}

/** The inflated bytes of a batch, pulled. */
async function* chunksOf(claim: Pick<Claim, 'batch' | 'read'>, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  if (!claim.batch.gzip) return yield* claim.read(signal)
  let inflated: Uint8Array[] = []
  const inflater = createInflater(bytes => void inflated.push(bytes))
  const handOut = () => {
    const chunks = inflated
    inflated = []
    return chunks
  }
  try {
    for await (const bytes of claim.read(signal)) {
      for (let start = 0; start < bytes.length; start += SLICE_BYTES) {
        await inflater.write(bytes.subarray(start, start + SLICE_BYTES))
        yield* handOut()
      }
    }
    await inflater.end()
    yield* handOut()
  } finally {
    inflater.destroy()
  }
}

/** So little is inflated at a time that all of it may be held: deflate reaches 1032:1. */
const SLICE_BYTES = 8 * 1024
