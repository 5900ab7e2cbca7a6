import { isAscii, isUtf8 } from 'node:buffer'
import { badLine, decodeText } from './decode-text.ts'
import type { FieldDropper } from './drop-fields.ts'
import type { Line } from './line.ts'
import type { RawLine } from './lines.ts'

const REPLACEMENT = '\uFFFD'
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT)

export interface DecodeOptions {
  /** The limit that cut RawLine.bytes; named in the message of a line that is too long. */
  readonly maxLineBytes: number
  readonly dropFields: FieldDropper | undefined
}

/** Makes a record of a line's bytes, or tells why they are none; what they say as text is decodeText's. Never throws for what a line holds. */
export function decodeLine(raw: RawLine, options: DecodeOptions): Line {
  const { bytes, number, time } = raw
  const base = { number, ...(time === undefined ? {} : { time }) }
  if (raw.lost > 0) return badLine(base, textOfCut(bytes), 'too_long', tooLong(raw, options.maxLineBytes))
  const ascii = isAscii(bytes)
  if (!ascii && !isUtf8(bytes)) {
    const text = bytes.toString('utf8')
    return badLine(base, text, 'not_utf8', `The line is not UTF-8 at byte ${utf8Fault(bytes, text)}.`)
  }
  return decodeText(bytes.toString(ascii ? 'latin1' : 'utf8'), base, options.dropFields)
}

/** How many of the bytes of a cut line are kept: a character that the cut went through is left out. */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) break
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0
    if (length > 0) return length > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

function textOfCut(bytes: Buffer): string {
  return bytes.toString('utf8', 0, wholeCharacters(bytes))
}

function tooLong(raw: RawLine, maxLineBytes: number): string {
  const size = raw.bytes.length + raw.lost
  return `The line has ${size} bytes, more than ${maxLineBytes} (MAX_LINE_BYTES); it is cut at byte ${wholeCharacters(raw.bytes)}.`
}

/** The first byte that decoding had to replace. U+FFFD may also stand in the bytes themselves. */
function utf8Fault(bytes: Buffer, text: string): number {
  let offset = 0
  let decoded = 0
  for (;;) {
    const next = text.indexOf(REPLACEMENT, decoded)
    if (next < 0) return bytes.length
    offset += Buffer.byteLength(text.slice(decoded, next))
    if (!bytes.subarray(offset, offset + 3).equals(REPLACEMENT_BYTES)) return offset
    offset += 3
    decoded = next + 1
  }
}
