import type { FileHandle } from 'node:fs/promises'

/** What a row (dead-letter.ts) says of its line or lines. */
export interface Letter {
  /** When it was set aside, RFC 3339. */
  readonly time: string | undefined
  /** A short word; `unreadable` where the row is no JSON object. */
  readonly reason: string
  /** What the line was taken for, or was declared to be. */
  readonly dataset: string | undefined
  /** The dataset that was named when the line came. */
  readonly declared: string | undefined
  /** The time of the batch, RFC 3339 UTC. */
  readonly received: string | undefined
  /** The event's id. */
  readonly id: string | undefined
  readonly lines: number
  /** Whether it holds its line, so that it can be sent again. */
  readonly hasOriginal: boolean
}

export interface StoredRow {
  /** Where it is in the file; the end is behind its LF. */
  readonly start: number
  readonly end: number
  /** With its LF; undefined for a row over MAX_HELD_BYTES, which is not held whole. */
  readonly bytes: Buffer | undefined
  readonly letter: Letter
}

export const UNREADABLE = 'unreadable'
/** A row may hold a line of 256 MiB. */
export const MAX_HELD_BYTES = 1024 * 1024
/** Everything but the original fits into it. */
const HEAD_BYTES = 64 * 1024
const CHUNK_BYTES = 256 * 1024
const MAX_REASON = 64
const LF = 0x0a
/** How a row goes on behind its head: these bytes occur inside no JSON string, where a quotation mark is escaped. */
const ORIGINALS = [',"original":"', ',"original_base64":"']
const ROW_END = /"(?:,"lost_bytes":\d+)?\}\n$/

/**
 * The whole rows of a part of a file, which begins where a row does. A last one without LF is left out. Memory does not depend on
 * the size of file or rows.
 */
export async function* readRows(file: FileHandle, from: number, to: number): AsyncGenerator<StoredRow> {
  let start = from
  let position = from
  /** The beginning of the row that `position` is in. */
  let held: Buffer[] = []
  let heldBytes = 0
  while (position < to) {
    // A new one each time: rows are parts of it.
    const space = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - position))
    const { bytesRead } = await file.read(space, 0, space.length, position)
    if (bytesRead === 0) return
    const chunk = space.subarray(0, bytesRead)
    let at = 0
    for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, at)) {
      held.push(chunk.subarray(at, lf + 1))
      at = lf + 1
      const end = position + at
      yield await rowOf(file, start, end, held)
      start = end
      held = []
      heldBytes = 0
    }
    if (at < bytesRead && heldBytes <= MAX_HELD_BYTES) {
      held.push(chunk.subarray(at))
      heldBytes += bytesRead - at
    }
    position += bytesRead
  }
}

/**
 * Where the text of the original line begins in the file, behind its quotation mark; undefined where the row holds none. The row is one that
 * `letter.hasOriginal` says it of.
 */
export async function originalIn(
  file: FileHandle,
  { start, end, bytes }: StoredRow,
): Promise<{ readonly start: number; readonly isBase64: boolean } | undefined> {
  const head = bytes ?? Buffer.alloc(Math.min(HEAD_BYTES, end - start))
  if (bytes === undefined) await file.read(head, 0, head.length, start)
  const index = ORIGINALS.findIndex(text => head.includes(text))
  if (index < 0) return undefined
  const text = ORIGINALS[index]!
  return { start: start + head.indexOf(text) + text.length, isBase64: index === 1 }
}

async function rowOf(file: FileHandle, start: number, end: number, held: readonly Buffer[]): Promise<StoredRow> {
  if (end - start <= MAX_HELD_BYTES) {
    const bytes = held.length === 1 ? held[0]! : Buffer.concat(held)
    return { start, end, bytes, letter: letterOf(parse(bytes.toString())) }
  }
  const head = Buffer.concat(held, HEAD_BYTES).toString()
  const last = Buffer.alloc(64)
  await file.read(last, 0, last.length, end - last.length)
  const cut = ORIGINALS.map(text => head.indexOf(text)).find(index => index >= 0)
  const isWhole = cut !== undefined && ROW_END.test(last.toString('latin1'))
  const row = isWhole ? parse(`${head.slice(0, cut)},"original":""}`) : undefined
  return { start, end, bytes: undefined, letter: letterOf(row) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function letterOf(row: unknown): Letter {
  const isRow = typeof row === 'object' && row !== null && !Array.isArray(row)
  const members = (isRow ? row : {}) as Readonly<Record<string, unknown>>
  const text = (name: string): string | undefined => {
    const value = members[name]
    return typeof value === 'string' ? value : undefined
  }
  const { lines } = members
  const declared = text('declared')
  return {
    time: text('time'),
    reason: isRow ? (text('reason') ?? '').slice(0, MAX_REASON) : UNREADABLE,
    dataset: text('dataset') ?? declared,
    declared,
    received: text('received'),
    id: text('id'),
    lines: typeof lines === 'number' && Number.isSafeInteger(lines) && lines > 0 ? lines : 1,
    hasOriginal: text('original') !== undefined || text('original_base64') !== undefined,
  }
}
