import type { Batch, LineFormat, Seal } from './spool.ts'

/**
 * A stored batch's file name says everything about it, so that a start reads folders and opens no file (layout: disk.ts).
 *
 *     1790000000000001.1790000000000.http_requests.1000.204800.20260921T131320,5Z.<batch id, base64url>.lines.ndjson.gz
 *     number           stored at, ms dataset or -  lines bytes time
 */
const PATTERN =
  /^(\d{16})\.(\d{1,15})\.(-|[A-Za-z0-9_][A-Za-z0-9_-]{0,63})\.(\d{1,15})\.(\d{1,15})\.(\d{8}T\d{6}(?:,\d{1,12})?Z)\.([A-Za-z0-9_-]{43})\.(lines|single|timed)\.ndjson(\.gz)?$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?Z$/
const BATCH_ID_BYTES = 32

/** Numbers stay safe integers, with room to count on. */
const MAX_NUMBER = 9e15

export type NameParts = Pick<Seal, 'batchId' | 'dataset' | 'lines' | 'format' | 'gzip' | 'time'> &
  Pick<Batch, 'bytes' | 'storedAt'> & { readonly number: number }

/** @throws TypeError when the parts have no place in a name: a mistake of the caller, not of the sender. */
export function fileNameOf(parts: NameParts): string {
  const { number, storedAt, dataset, lines, bytes, time, batchId, format, gzip } = parts
  if (batchId.length !== BATCH_ID_BYTES) throw new TypeError(`a batch id has 32 bytes, not ${batchId.length}`)
  if (!TIME.test(time)) throw new TypeError(`the time of a batch is RFC 3339 in UTC, not ${JSON.stringify(time)}`)
  const compactTime = time.replaceAll(/[-:]/g, '').replace('.', ',')
  const id = Buffer.from(batchId.buffer, batchId.byteOffset, batchId.length).toString('base64url')
  const head = `${String(number).padStart(16, '0')}.${storedAt}.${dataset ?? '-'}.${lines}.${bytes}.${compactTime}`
  const name = `${head}.${id}.${format}.ndjson${gzip ? '.gz' : ''}`
  if (!PATTERN.test(name) || dataset === '-') throw new TypeError(`no file name can be made of ${head}`)
  return name
}

/** The batch that a file name stands for, or undefined for a name that is not ours. */
export function batchOf(fileName: string): Batch | undefined {
  const match = PATTERN.exec(fileName)
  if (match === null) return undefined
  const [, number, storedAt, dataset, lines, bytes, time, id, format, gz] = match as unknown as string[]
  if (Number(number) > MAX_NUMBER) return undefined
  const batchId = new Uint8Array(BATCH_ID_BYTES)
  // Touching `buffer` would move these few bytes out of the heap: three times the memory, for each batch found at a start.
  batchId.set(Buffer.from(id!, 'base64url'))
  return {
    name: number!,
    batchId,
    dataset: dataset === '-' ? undefined : dataset,
    lines: Number(lines),
    format: format as LineFormat,
    gzip: gz !== undefined,
    bytes: Number(bytes),
    storedAt: Number(storedAt),
    time: fullTime(time!),
  }
}

/** By replace, whose result is flat: a template would leave a tree of seven strings, for each batch found at a start. */
const fullTime = (compact: string): string =>
  compact.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/, '$1-$2-$3T$4:$5:$6').replace(/,/, '.')

/** The next number: grows with the clock, so that none comes again after the spool was empty, and never falls when the clock does. */
export const nextNumber = (last: number, nowMs: number): number => Math.max(last + 1, numberAt(nowMs))

export const numberAt = (ms: number): number => Math.min(Math.trunc(ms) * 1000, MAX_NUMBER - 1e12)
