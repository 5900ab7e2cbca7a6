/** A line of a batch, not decoded. */
export interface RawLine {
  /** Counted from 0 without blank lines: those of blanks, tabs and CR only. */
  readonly number: number
  /** Without its LF or CR LF, at most maxBytes. Good until the callback returns. */
  readonly bytes: Buffer
  /** How many bytes more the line had. */
  readonly lost: number
  /** The line's own time, in formats `timed` and `rows`. */
  readonly time: string | undefined
  /** Its event's own id, in format `rows`; else the id follows from the batch's and the number. */
  readonly id: string | undefined
}

export interface SplitterOptions {
  /**
   * As in the spool: `single` is one line whatever it holds; in `timed` a line begins with its RFC 3339 time or `-`, and one
   * blank. `rows` are rows.ts.
   */
  readonly format: 'lines' | 'single' | 'timed'
  readonly maxBytes: number
}

export interface Splitter {
  push(chunk: Uint8Array): void
  /** The last line need not have an end. */
  end(): void
}

const LF = 10
const CR = 13
const BLANK = 32
/** A time of format `timed` is at most this long: `9999-12-31T23:59:59.999999999Z` and room to spare. */
const MAX_TIME_BYTES = 64
/** A buffer larger than this is given back after its line. */
const KEPT_BYTES = 1024 * 1024

/** Splits a body into lines as its chunks come. Holds the beginning of one line, never more than maxBytes and a little. */
export function createSplitter(options: SplitterOptions, onLine: (line: RawLine) => void): Splitter {
  const { format, maxBytes } = options
  // One byte more than a line may have, for the CR of a line that has exactly maxBytes.
  const holdBytes = maxBytes + 1 + (format === 'timed' ? MAX_TIME_BYTES : 0)
  let held: Buffer = Buffer.alloc(0)
  let heldBytes = 0
  let beyond = 0
  let beyondIsBlank = true
  let lastByte = 0
  let seen = false
  let number = 0

  const hold = (chunk: Buffer, start: number, end: number) => {
    if (start === end) return
    seen = true
    lastByte = chunk[end - 1]!
    const kept = Math.min(end - start, holdBytes - heldBytes)
    if (heldBytes + kept > held.length) held = grown(held, heldBytes, heldBytes + kept, holdBytes)
    chunk.copy(held, heldBytes, start, start + kept)
    heldBytes += kept
    beyond += end - start - kept
    beyondIsBlank &&= isBlank(chunk, start + kept, end)
  }

  const finishHeld = (ended: boolean) => {
    if (ended && lastByte === CR) {
      if (beyond > 0) beyond--
      else heldBytes--
    }
    finish(held, 0, heldBytes)
    if (held.length > KEPT_BYTES) held = Buffer.alloc(0)
    heldBytes = 0
    beyond = 0
    beyondIsBlank = true
  }

  const finish = (buffer: Buffer, start: number, end: number) => {
    if (format !== 'single' && isBlank(buffer, start, end) && beyondIsBlank) return
    const timeEnd = format === 'timed' ? endOfTime(buffer, start, end) : -1
    const textStart = timeEnd < 0 ? start : timeEnd + 1
    const lost = Math.max(0, end - textStart + beyond - maxBytes)
    const bytes = buffer.subarray(textStart, Math.min(end, textStart + maxBytes))
    onLine({ number: number++, bytes, lost, time: timeOf(buffer, start, timeEnd), id: undefined })
  }

  return {
    push(bytes) {
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      if (format === 'single') return hold(chunk, 0, chunk.length)
      let start = 0
      for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
        if (heldBytes === 0) finish(chunk, start, end > start && chunk[end - 1] === CR ? end - 1 : end)
        else {
          hold(chunk, start, end)
          finishHeld(true)
        }
        start = end + 1
      }
      hold(chunk, start, chunk.length)
    },
    end() {
      if (format === 'single' ? seen : heldBytes > 0) finishHeld(false)
    },
  }
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]
    if (byte !== BLANK && byte !== 9 && byte !== CR) return false
  }
  return true
}

function endOfTime(bytes: Buffer, start: number, end: number): number {
  const last = Math.min(end, start + MAX_TIME_BYTES)
  for (let i = start; i < last; i++) if (bytes[i] === BLANK) return i
  return -1
}

function timeOf(bytes: Buffer, start: number, timeEnd: number): string | undefined {
  if (timeEnd < 0) return undefined
  const time = bytes.toString('latin1', start, timeEnd)
  return time === '-' ? undefined : time
}

function grown(buffer: Buffer, used: number, needed: number, most: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(needed, 2 * buffer.length, 4096)))
  buffer.copy(larger, 0, 0, used)
  return larger
}
