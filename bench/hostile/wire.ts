import type { Draw } from './draw.ts'

export const DATASET_KEY = 'hostile-key-of-http-requests'
export const WRONG_KEY = 'hostile-key-of-nobody'

/** What is sent as it stands, and what may come back. */
export interface Case {
  /** Family and name, as in the report. */
  readonly kind: string
  /** The request to the last byte, written in these pieces. */
  readonly pieces: readonly Buffer[]
  readonly expect: Expectation
  /** Our side of the connection is closed behind the last byte. */
  readonly halfClose?: boolean
  /** Its connection is used for nothing else, and must bring nothing behind the answer. */
  readonly isAlone?: boolean
  /** The answer has no body. */
  readonly isHead?: boolean
}

export interface Expectation {
  /** Any of them is right. Besides, 431, 400 and 405 are where bytes are sent that may be no HTTP. */
  readonly statuses: readonly number[]
  /** The text of each line that a 200 stores, in order; undefined where only the number of lines is known. */
  readonly texts: readonly (string | undefined)[]
  /** The answer holds `event_id`, not `event_ids`. */
  readonly single?: boolean
}

export interface Request {
  readonly method?: string
  readonly path?: string
  readonly version?: string
  /** Lines without CRLF, as bytes of Latin-1. */
  readonly headers?: readonly string[]
  readonly body?: Buffer
  /** The header lines of the body's length; by default its Content-Length. */
  readonly framing?: readonly string[]
}

/** A request in bytes. Nothing is checked or mended, as it may be meant to be wrong. */
export function rawRequest(request: Request): Buffer {
  const { method = 'POST', path = '/plain/batch', version = 'HTTP/1.1', headers = [], body = Buffer.alloc(0) } = request
  const framing = request.framing ?? [`Content-Length: ${body.length}`]
  const head = [`${method} ${path} ${version}`, 'Host: intake', ...headers, ...framing, '', ''].join('\r\n')
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}

export const keyHeader = (key: string) => `X-SEKOIAIO-INTAKE-KEY: ${key}`
export const CHUNKED = ['Transfer-Encoding: chunked']

/** The body as chunks of random sizes, with extensions here and there. */
export function chunked(draw: Draw, body: Buffer, trailers: readonly string[] = []): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const size = Math.min(body.length - at, 1 + draw.below(draw.pick([3, 400, 70_000])))
    const extension = draw.chance(0.1) ? ';name="a;b"' : ''
    parts.push(Buffer.from(`${size.toString(16)}${extension}\r\n`), body.subarray(at, at + size), Buffer.from('\r\n'))
    at += size
  }
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailers.map(line => `${line}\r\n`).join('')}\r\n`, 'latin1')])
}

/** Cuts bytes at a few random places, so that the service sees them in several reads. */
export function inPieces(draw: Draw, bytes: Buffer): Buffer[] {
  const cuts = Array.from({ length: draw.below(4) }, () => draw.below(bytes.length + 1)).sort((a, b) => a - b)
  return [0, ...cuts]
    .map((start, i) => bytes.subarray(start, cuts[i] ?? bytes.length))
    .filter(piece => piece.length > 0)
}

/** One request that stores these lines when it is answered 200. */
export function caseOf(kind: string, request: Request, expect: Partial<Expectation> = {}): Case {
  return { kind, pieces: [rawRequest(request)], expect: { statuses: [200], texts: [], ...expect } }
}
