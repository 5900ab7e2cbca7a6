import { httpErrors } from '../errors.ts'
import { createInflater, InflateError, isGzip } from '../lib/inflate.ts'
import type { BodyReader } from './body.ts'

export interface BodyLimits {
  /** Bytes of a body as sent. */
  readonly maxBodyBytes: number
  /** Bytes of a body after inflating. */
  readonly maxInflatedBytes: number
  /** Inflated bytes for one sent, looked at past 8 MiB inflated. */
  readonly maxInflateRatio: number
  /** Milliseconds without a byte of the body. */
  readonly bodyIdleMs: number
}

export interface Taken {
  readonly gzip: boolean
  /** Bytes as sent. */
  readonly bytes: number
  readonly inflatedBytes: number
}

export interface BodyHandlers {
  /** Each chunk as sent; at the same time it is being inflated. */
  onRaw(bytes: Buffer): Promise<void>
  /** Each chunk of the content. Throwing stops the inflater at once. */
  onContent(bytes: Uint8Array): void
  /** onContent is done with the bytes when it returns, as in lib/inflate.ts. */
  readonly keepsNothing?: boolean
}

const RATIO_COUNTS_FROM = 8 * 1024 ** 2

/**
 * Takes a body to its end within the limits, in constant memory. Gzip is known by its magic bytes, whatever the headers say.
 *
 * @param encoding what Content-Encoding says
 * @throws errors of the table in errors.ts, and what the handlers throw
 */
export async function takeBody(
  body: BodyReader,
  encoding: 'gzip' | 'none',
  limits: BodyLimits,
  handlers: BodyHandlers,
): Promise<Taken> {
  let bytes = 0
  let inflatedBytes = 0
  let content: Content | undefined
  let head: Buffer | undefined

  const onInflated = (chunk: Uint8Array) => {
    inflatedBytes += chunk.length
    if (inflatedBytes > limits.maxInflatedBytes) {
      throw new httpErrors.bodyTooLarge(limits.maxInflatedBytes, 'MAX_INFLATED_BYTES')
    }
    if (inflatedBytes > RATIO_COUNTS_FROM && inflatedBytes > bytes * limits.maxInflateRatio) {
      throw new httpErrors.ratioTooHigh(limits.maxInflateRatio)
    }
    handlers.onContent(chunk)
  }
  const pass = async (chunk: Buffer) => {
    content ??= openContent(chunk, encoding, onInflated, handlers)
    await Promise.all([handlers.onRaw(chunk), content.write(chunk)])
  }

  try {
    for (let chunk = await body.next(); chunk !== undefined; chunk = await body.next()) {
      bytes += chunk.length
      if (bytes > limits.maxBodyBytes) throw new httpErrors.bodyTooLarge(limits.maxBodyBytes, 'MAX_BODY_BYTES')
      const piece: Buffer = head === undefined ? chunk : Buffer.concat([head, chunk])
      head = piece.length < 2 ? piece : undefined
      if (head === undefined) await pass(piece)
    }
    if (head !== undefined) await pass(head)
    await content?.end()
    return { gzip: content?.gzip ?? false, bytes, inflatedBytes }
  } catch (error) {
    throw error instanceof InflateError ? new httpErrors.brokenGzip(error.message) : error
  } finally {
    content?.destroy()
  }
}

interface Content {
  readonly gzip: boolean
  write(bytes: Uint8Array): Promise<void>
  end(): Promise<void>
  destroy(): void
}

function openContent(
  head: Uint8Array,
  encoding: 'gzip' | 'none',
  onContent: (bytes: Uint8Array) => void,
  { keepsNothing = false }: BodyHandlers,
): Content {
  if (isGzip(head)) return { gzip: true, ...createInflater(onContent, { keepsNothing }) }
  if (encoding === 'gzip' && !head.subarray(0, 2).every(isAsciiText)) throw new InflateError('broken')
  return { gzip: false, write: async bytes => onContent(bytes), end: async () => {}, destroy: () => {} }
}

const isAsciiText = (byte: number) => (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d

/** Of those that are registered: other text, which may be anything, does not come back in an answer. */
const OTHER_ENCODINGS = /^(?:br|compress|deflate|zstd|dcb|dcz|exi|aes128gcm|pack200-gzip)$/i

/** @throws 415 for what is neither gzip nor nothing */
export function encodingOf(header: string | undefined): 'gzip' | 'none' {
  switch ((header ?? '').trim().toLowerCase()) {
    case '':
    case 'identity':
      return 'none'
    case 'gzip':
    case 'x-gzip':
      return 'gzip'
    default:
      throw new httpErrors.badEncoding(OTHER_ENCODINGS.test(header ?? '') ? JSON.stringify(header) : '(not shown)')
  }
}
