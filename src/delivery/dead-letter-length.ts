import type { FileHandle } from 'node:fs/promises'
import { originalIn, type StoredRow } from './dead-letter-rows.ts'

const CHUNK_BYTES = 256 * 1024
const QUOTE = 0x22
const BACKSLASH = 0x5c
const LETTER_U = 0x75
const PADDING = 0x3d

/** Whether the original line of a row has more bytes than that. The file is read only where the row is not held and may be too long. */
export async function isOriginalLonger(file: FileHandle, row: StoredRow, maxBytes: number): Promise<boolean> {
  // JSON and base64 make no text shorter.
  if (row.end - row.start <= maxBytes) return false
  const place = await originalIn(file, row)
  if (place === undefined) return false
  const measure = place.isBase64 ? createBase64Length() : createTextLength()
  for (let position = place.start; position < row.end; ) {
    const space = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, row.end - position))
    const { bytesRead } = await file.read(space, 0, space.length, position)
    if (bytesRead === 0) break
    measure.push(space.subarray(0, bytesRead))
    if (measure.isEnded || measure.bytes > maxBytes) break
    position += bytesRead
  }
  return measure.bytes > maxBytes
}

interface Length {
  readonly bytes: number
  readonly isEnded: boolean
  push(chunk: Buffer): void
}

/** Of the text of a JSON string, whose \u stand for one byte: those that rows are written with are control characters. */
function createTextLength(): Length {
  let bytes = 0
  let isEnded = false
  let isEscaped = false
  let digits = 0
  return {
    get bytes() {
      return bytes
    },
    get isEnded() {
      return isEnded
    },
    push(chunk) {
      for (const byte of chunk) {
        if (digits > 0) digits--
        else if (isEscaped) {
          isEscaped = false
          if (byte === LETTER_U) digits = 4
        } else if (byte === QUOTE) {
          isEnded = true
          return
        } else {
          isEscaped = byte === BACKSLASH
          bytes++
        }
      }
    },
  }
}

function createBase64Length(): Length {
  let characters = 0
  let isEnded = false
  return {
    get bytes() {
      return Math.floor((characters * 3) / 4)
    },
    get isEnded() {
      return isEnded
    },
    push(chunk) {
      const quote = chunk.indexOf(QUOTE)
      isEnded = quote >= 0
      const text = isEnded ? chunk.subarray(0, quote) : chunk
      const padding = text.indexOf(PADDING)
      characters += padding < 0 ? text.length : padding
    },
  }
}
