import type { Again, Batch, LineFormat, Seal } from './spool.ts'

/**
 * A stored batch's file name says everything about it, so that a start reads folders and opens no file (layout: disk.ts).
 *
 *     1790000000000001.1790000000000.http_requests.1000.204800.20260921T131320,5Z.<batch id, base64url>.lines.ndjson.gz
 *     number           stored at, ms dataset or -  lines bytes time
 *
 * A batch that comes again for one sink has it behind the format: `.rows.redrive@elasticsearch.ndjson`, `.lines.replay@file.ndjson.gz`.
 */
const PATTERN =
  /^(\d{16})\.(\d{1,15})\.(-|[A-Za-z0-9_][A-Za-z0-9_-]{0,63})\.(\d{1,15})\.(\d{1,15})\.(\d{8}T\d{6}(?:,\d{1,12})?Z)\.([A-Za-z0-9_-]{43})\.(lines|single|timed|rows)(?:\.(redrive|replay)@([a-z][a-z0-9]{0,23}))?\.ndjson(\.gz)?$/
const SINK = /^[a-z][a-z0-9]{0,23}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?Z$/
const BATCH_ID_BYTES = 32

/** Numbers stay safe integers, with room to count on. */
const MAX_NUMBER = 9e15

export type NameParts = Pick<Seal, 'batchId' | 'dataset' | 'lines' | 'format' | 'gzip' | 'time'> &
  Pick<Batch, 'bytes' | 'storedAt' | 'again'> & { readonly number: number }

/** @throws TypeError when the parts have no place in a name: a mistake of the caller, not of the sender. */
export function fileNameOf(parts: NameParts): string {
  const { number, storedAt, dataset, lines, bytes, time, batchId, format, gzip, again } = parts
  if (batchId.length !== BATCH_ID_BYTES) throw new TypeError(`a batch id has 32 bytes, not ${batchId.length}`)
  if (!TIME.test(time)) throw new TypeError(`the time of a batch is RFC 3339 in UTC, not ${JSON.stringify(time)}`)
  const compactTime = time.replaceAll(/[-:]/g, '').replace('.', ',')
  const head = `${String(number).padStart(16, '0')}.${storedAt}.${dataset ?? '-'}.${lines}.${bytes}.${compactTime}`
  const to = again === undefined ? '' : `.${again.kind}@${again.sink}`
  const name = `${head}.${idText(batchId)}.${format}${to}.ndjson${gzip ? '.gz' : ''}`
  if (!PATTERN.test(name) || dataset === '-') throw new TypeError(`no file name can be made of ${head}`)
  return name
}

/** The batch that a file name stands for, or undefined for a name that is not ours. */
export function batchOf(fileName: string): Batch | undefined {
  const match = PATTERN.exec(fileName)
  if (match === null) return undefined
  const [, number, storedAt, dataset, lines, bytes, time, id, format, kind, sink, gz] = match as unknown as string[]
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
    again: kind === undefined ? undefined : { kind: kind as Again['kind'], sink: sink! },
  }
}

export const isSinkName = (name: string): boolean => SINK.test(name)

/** Fields of a name that is one of ours, for looking through many of them without reading each as a whole. */
export const nameOf = (fileName: string): string => fieldOf(fileName, 0)
export const storedAtOf = (fileName: string): number => Number(fieldOf(fileName, 1))
export const bytesOf = (fileName: string): number => Number(fieldOf(fileName, 4))
/** The batch id as it stands in names. */
export const idOf = (fileName: string): string => fieldOf(fileName, 6)
export const idText = (batchId: Uint8Array): string =>
  Buffer.from(batchId.buffer, batchId.byteOffset, batchId.length).toString('base64url')

function fieldOf(fileName: string, index: number): string {
  let start = 0
  for (let dots = 0; dots < index; dots++) start = fileName.indexOf('.', start) + 1
  return fileName.slice(start, fileName.indexOf('.', start))
}

/** By replace, whose result is flat: a template would leave a tree of seven strings, for each batch found at a start. */
const fullTime = (compact: string): string =>
  compact.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/, '$1-$2-$3T$4:$5:$6').replace(/,/, '.')

/** The next number: grows with the clock, so that none comes again after the spool was empty, and never falls when the clock does. */
export const nextNumber = (last: number, nowMs: number): number => Math.max(last + 1, numberAt(nowMs))

export const numberAt = (ms: number): number => Math.min(Math.trunc(ms) * 1000, MAX_NUMBER - 1e12)
