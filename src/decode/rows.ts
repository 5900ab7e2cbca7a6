import { createSplitter, type RawLine, type Splitter } from './lines.ts'

/** What of a dead letter is read when it comes again; the whole row is told in delivery/dead-letter.ts. */
interface Row {
  readonly id?: unknown
  readonly received?: unknown
  /** The line as text, or where it is no UTF-8 its bytes in base64. */
  readonly original?: unknown
  readonly original_base64?: unknown
  /** Bytes that the line had beyond the limit of its time. */
  readonly lost_bytes?: unknown
}

/** A row of JSON escapes a byte by six at most; what else it holds is small. */
const ROW_FACTOR = 6
const ROW_MORE_BYTES = 64 * 1024
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?Z$/
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Splits dead letters, one JSON object a line, into the lines that they were, each with its own time and its event's own id. A row that
 * holds no original comes as it is, so that it becomes an event of a bad line and is seen.
 *
 * @param maxBytes of an original
 */
export function createRowSplitter(maxBytes: number, onLine: (line: RawLine) => void): Splitter {
  const splitter = createSplitter({ format: 'lines', maxBytes: maxBytes * ROW_FACTOR + ROW_MORE_BYTES }, line => {
    const row = rowOf(line)
    const original = row === undefined ? undefined : originalOf(row)
    if (row === undefined || original === undefined) return onLine(cut(line, line.bytes, line.lost, maxBytes))
    const lost = typeof row.lost_bytes === 'number' && row.lost_bytes > 0 ? row.lost_bytes : 0
    onLine({
      ...cut(line, original, lost, maxBytes),
      time: typeof row.received === 'string' && TIME.test(row.received) ? row.received : undefined,
      id: typeof row.id === 'string' && UUID.test(row.id) ? row.id : undefined,
    })
  })
  return splitter
}

function rowOf(line: RawLine): Row | undefined {
  if (line.lost > 0) return undefined
  try {
    const row: unknown = JSON.parse(line.bytes.toString('utf8'))
    return typeof row === 'object' && row !== null ? row : undefined
  } catch {
    return undefined
  }
}

function originalOf({ original, original_base64 }: Row): Buffer | undefined {
  if (typeof original === 'string') return Buffer.from(original)
  return typeof original_base64 === 'string' ? Buffer.from(original_base64, 'base64') : undefined
}

/** The limit may have been another when the line came. */
function cut(line: RawLine, bytes: Buffer, lost: number, maxBytes: number): RawLine {
  const over = Math.max(0, bytes.length - maxBytes)
  return { ...line, bytes: bytes.subarray(0, bytes.length - over), lost: lost + over }
}
