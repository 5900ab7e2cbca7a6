import type { SpareBuffers } from '../lib/spare-buffers.ts'
import { DOCUMENT_HEAD, DOCUMENT_TIME, MAPPING_CONFLICT, type Piece } from './sink.ts'

/** One event on its way: its index in the piece, its id, and its bytes with their LF. */
export interface Document {
  readonly index: number
  readonly id: string
  readonly bytes: Buffer
}

export function documentsOf({ bytes: shared, ends, lines, id }: Piece): Document[] {
  const bytes = Buffer.from(shared.buffer, shared.byteOffset, shared.byteLength)
  const documents: Document[] = []
  for (let index = 0; index < ends.length; index++) {
    const begin = index === 0 ? 0 : ends[index - 1]!
    documents.push({ index, id: id(lines[index]!), bytes: bytes.subarray(begin, ends[index]) })
  }
  return documents
}

/**
 * What is asked of an answer: enough to know the outcome of each event and the server's words on a refusal. The ids, so that an item that
 * is missing costs one event its outcome and not all behind it. `brief` leaves out the words, which can repeat whole values of a document.
 */
const FILTER = ['errors', 'items.*._id', 'items.*.status', 'items.*.error.type']
const WORDS = ['items.*.error.reason', 'items.*.error.caused_by.type', 'items.*.error.caused_by.reason']

export function bulkPath(index: string, requireDataStream: boolean, brief: boolean): string {
  const filter = (brief ? FILTER : [...FILTER, ...WORDS]).join(',')
  return `/${encodeURIComponent(index)}/_bulk?filter_path=${filter}${requireDataStream ? '&require_data_stream=true' : ''}`
}

const HEAD = Buffer.from(DOCUMENT_HEAD)
const LF = 10

/**
 * The body of a bulk request, in one buffer: the bytes of the piece are shared with others and stay as they are.
 *
 * @param spare where the buffer comes from
 * @param ingested of the length of DOCUMENT_TIME; becomes `event.ingested` of the documents that begin with DOCUMENT_HEAD
 */
export function bulkBody(documents: readonly Document[], ingested: string, spare: SpareBuffers): Buffer {
  if (ingested.length !== DOCUMENT_TIME.length) throw new RangeError('The time of sending has another length.')
  const actions = documents.map(({ id }) => `{"create":{"_id":${JSON.stringify(id)}}}\n`)
  let size = 0
  for (const [at, { bytes }] of documents.entries()) size += Buffer.byteLength(actions[at]!) + bytes.length
  const body = spare.take(size).subarray(0, size)
  let end = 0
  for (const [at, { bytes }] of documents.entries()) {
    end += body.write(actions[at]!, end)
    // Not `set`: from a shared buffer that copies a word at a time.
    bytes.copy(body, end)
    if (beginsWithHead(bytes)) body.write(ingested, end + HEAD.length, 'latin1')
    end += bytes.length
  }
  return body
}

function beginsWithHead(bytes: Buffer): boolean {
  return bytes.length > HEAD.length + DOCUMENT_TIME.length && bytes.compare(HEAD, 0, HEAD.length, 0, HEAD.length) === 0
}

/** The event without its `cloudflare` and with a tag that says so; undefined where it has none, or where its line would be lost with it. */
export function withoutCloudflare(document: Document, keepsLine: boolean): Document | undefined {
  const event = parsed(document.bytes)
  if (event === undefined || event.cloudflare === undefined) return undefined
  if (!holdsLine(event, keepsLine)) return undefined
  const { cloudflare: _, tags, ...rest } = event
  const text = JSON.stringify({ ...rest, tags: [...[tags ?? []].flat(), MAPPING_CONFLICT] })
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(text) + 1)
  bytes[bytes.write(text)] = LF
  return { ...document, bytes }
}

/** With `MESSAGE=description` the line is in `event.original`, else it is the message, if it is kept. */
function holdsLine({ event, message }: Record<string, unknown>, keepsLine: boolean): boolean {
  const original = typeof event === 'object' && event !== null && 'original' in event ? event.original : undefined
  return typeof original === 'string' || (keepsLine && typeof message === 'string')
}

function parsed(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
