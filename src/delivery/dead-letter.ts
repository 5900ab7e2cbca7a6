import { isUtf8 } from 'node:buffer'
import { wholeCharacters } from '../decode/decode-line.ts'
import type { Batch } from '../spool/spool.ts'
import type { Row } from './dead-letters.ts'

/** An event that a sink refused for good. */
export interface Refusal {
  /** The line's number. */
  readonly line: number
  readonly dataset: string
  /** A short word. */
  readonly reason: string
  /** The other side's words. */
  readonly detail: string
}

export interface Original {
  readonly bytes: Uint8Array
  /** Bytes that the line had beyond MAX_LINE_BYTES. */
  readonly lost: number
  readonly time: string | undefined
  /** The event's own id, of a line that was a dead letter before. */
  readonly id: string | undefined
}

const MAX_DETAIL_BYTES = 2048
/** JSON can make six characters of one, and no string holds those of the longest line. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024

/**
 * One line that one sink will not get. `line` is its number in the batch, `original` (`original_base64` where it is no UTF-8 or very long)
 * what was received, without dropped fields; `declared` and `received` are what mapping it again needs: the dataset that was
 * named, the time of records without one.
 */
export function refusalRow(
  batch: Batch,
  sink: string,
  id: string,
  time: string,
  refusal: Refusal,
  original: Original | undefined,
): Row {
  const key = `${batch.name}:${refusal.line}`
  const row = {
    key,
    time,
    sink,
    reason: refusal.reason,
    detail: capped(refusal.detail),
    dataset: refusal.dataset,
    id: original?.id ?? id,
    batch: batch.name,
    line: refusal.line,
    declared: batch.dataset,
    received: original?.time ?? batch.time,
    ...originalOf(original),
  }
  return { key, json: JSON.stringify(row) }
}

/** Why lines of a batch are dead letters together: it cannot be read, or it holds fewer than were counted when it came. */
export type BatchReason = 'damaged' | 'miscounted'

/** Lines of a batch that nobody can read: where it is damaged, their bytes are in the file that the spool set aside. */
export function batchRow(
  batch: Batch,
  sink: string,
  time: string,
  reason: BatchReason,
  lines: number,
  detail: string,
): Row {
  const key = `${batch.name}:${reason}`
  const row = {
    key,
    time,
    sink,
    reason,
    detail: capped(detail),
    batch: batch.name,
    lines,
    declared: batch.dataset,
    received: batch.time,
  }
  return { key, json: JSON.stringify(row) }
}

function originalOf(original: Original | undefined): object {
  if (original === undefined) return {}
  const bytes = Buffer.from(original.bytes.buffer, original.bytes.byteOffset, original.bytes.byteLength)
  return {
    ...(bytes.length <= MAX_TEXT_BYTES && isUtf8(bytes)
      ? { original: bytes.toString('utf8') }
      : { original_base64: bytes.toString('base64') }),
    ...(original.lost > 0 ? { lost_bytes: original.lost } : {}),
  }
}

function capped(detail: string): string {
  const bytes = Buffer.from(detail)
  if (bytes.length <= MAX_DETAIL_BYTES) return detail
  return bytes.toString('utf8', 0, wholeCharacters(bytes.subarray(0, MAX_DETAIL_BYTES)))
}
