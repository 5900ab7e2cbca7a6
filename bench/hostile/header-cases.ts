import type { Draw, Weighted } from './draw.ts'
import { textsOf } from './expected.ts'
import { freshContent } from './gzip-cases.ts'
import {
  type Case,
  CHUNKED,
  caseOf,
  chunked,
  inPieces,
  keyHeader,
  type Request,
  rawRequest,
  WRONG_KEY,
} from './wire.ts'

type Make = (draw: Draw, key: string) => Case

/** Requests that are hostile as HTTP: headers, methods, versions. */
export const headerCases: Weighted<Make> = [
  [15, keys],
  [10, times],
  [5, datasets],
  [15, oddHeaders],
  [6, sizes],
  [6, expectations],
  [6, trailers],
  [8, versions],
  [8, methods],
]

/** A text batch; sent with a body that nobody sent before. */
export function batchCase(draw: Draw, kind: string, request: Request, statuses: readonly number[]): Case {
  const body = freshContent(draw)
  const bytes = rawRequest({ body, ...request })
  return {
    kind: `headers/${kind}`,
    pieces: inPieces(draw, bytes),
    expect: { statuses, texts: textsOf(body) },
  }
}

function keys(draw: Draw, key: string): Case {
  const basic = (text: string) => `Authorization: Basic ${Buffer.from(text, 'latin1').toString('base64')}`
  const [headers, status] = draw.pick<[string[], number]>([
    [[], 401],
    [[keyHeader(WRONG_KEY)], 401],
    [[keyHeader('')], 401],
    [[keyHeader('x'.repeat(10_000))], 401],
    [[keyHeader('\x80\xff\xfe')], 401],
    [[keyHeader(`${key}x`)], 401],
    [[keyHeader(key.toUpperCase())], 401],
    [[keyHeader(WRONG_KEY), keyHeader(key)], 401],
    [[keyHeader(` ${key}\t`)], 200],
    [[basic(`user:${key}`)], 200],
    [[basic(`:${key}`)], 200],
    [[basic(`user:x:${key}`)], 401],
    [['Authorization: Basic'], 401],
    [['Authorization: Basic ===='], 401],
    [['Authorization: Basic \x80\xff'], 401],
    [[`Authorization: Bearer ${key}`], 401],
    [[`Authorization: basic ${'A'.repeat(9000)}`], 401],
    [[keyHeader(''), basic(`user:${key}`)], 401],
  ])
  return batchCase(draw, 'key', { headers }, [status])
}

function times(draw: Draw, key: string): Case {
  const [time, status] = draw.pick<[string, number]>([
    ['2026-11-25T10:00:00Z', 200],
    ['1790000000', 200],
    ['', 200],
    ['2026-02-30T00:00:00Z', 400],
    ['2026-11-25T24:00:00Z', 400],
    ['-1', 400],
    ['1e9', 400],
    ['9'.repeat(5000), 400],
    [`1790000000.${'1'.repeat(5000)}`, 400],
    ['2026-11-25T10:00:00+99:99', 400],
    ['NaN', 400],
    ['\xff', 400],
    ['__proto__', 400],
    [`2026-11-25T10:00:00.${'1'.repeat(3000)}Z`, 200],
  ])
  return batchCase(draw, 'time', { headers: [keyHeader(key), `X-SEKOIAIO-EVENT-TIMESTAMP: ${time}`] }, [status])
}

function datasets(draw: Draw, key: string): Case {
  const [name, status] = draw.pick<[string, number]>([
    ['http_requests', 200],
    ['HTTP_REQUESTS', 400],
    ['__proto__', 400],
    ['constructor', 400],
    ['../../etc/passwd', 400],
    ['\xe9', 400],
    ['x'.repeat(9000), 400],
    [key, 400],
    ['', 200],
  ])
  return batchCase(draw, 'dataset', { headers: [keyHeader(key), `X-Logpush-Dataset: ${name}`] }, [status])
}

/** Bytes that a header may or may not hold (RFC 9110 §5.5). */
function oddHeaders(draw: Draw, key: string): Case {
  const byte = String.fromCharCode(draw.below(256))
  const [header, statuses] = draw.pick<[string, number[]]>([
    [`X-Odd: a${byte}b`, /[\0\r\n]/.test(byte) ? [400] : [200, 400]],
    [`X-O${byte}dd: a`, [200, 400]],
    [': no name', [400]],
    ['No-Colon', [400]],
    ['X-Space : a', [400]],
    [' X-Folded: a', [400]],
    ['X-Fold: a\r\n  b', [400, 200]],
    ['X-Bare-Lf: a\nX-Next: b', [400, 200]],
    ['Content-Type: \x80', [200]],
    ['Content-Type: application/json; charset=__proto__', [200]],
    ['Content-Type: multipart/form-data', [200]],
    ['Host: other', [200, 400]],
    ['Host: [::', [200, 400]],
    ['__proto__: x', [200]],
    ['constructor: x', [200]],
    ['Cookie: a=b; __proto__=c', [200]],
    ['X-Forwarded-For: 127.0.0.1, "><script>', [200]],
    ['Range: bytes=0-1', [200]],
    ['If-Match: *', [200]],
    ['Accept-Version: 99', [200, 404]],
    ['Connection: keep-alive, close', [200]],
    ['Connection: X-SEKOIAIO-INTAKE-KEY', [200]],
    ['Keep-Alive: timeout=-1, max=x', [200]],
    ['Upgrade: websocket\r\nConnection: Upgrade', [200]],
    ['Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA', [200]],
  ])
  return batchCase(draw, 'odd', { headers: [keyHeader(key), header] }, statuses)
}

/** Node takes 16 KiB of headers, and a thousand of them. */
function sizes(draw: Draw, key: string): Case {
  const [lines, statuses] = draw.pick<[string[], number[]]>([
    [[`X-Long: ${'a'.repeat(15_000)}`], [200]],
    [[`X-Long: ${'a'.repeat(20_000)}`], [431]],
    [[`${'X'.repeat(20_000)}: a`], [431]],
    [Array.from({ length: 900 }, (_, i) => `X${i}:`), [200]],
    [Array.from({ length: 2000 }, (_, i) => `X${i}:`), [431]],
    [Array.from({ length: 10_000 }, (_, i) => `X${i}: ${i}`), [431]],
    [[`X-Long: ${'a'.repeat(300_000)}`], [431]],
  ])
  return batchCase(draw, 'size', { headers: [keyHeader(key), ...lines] }, statuses)
}

function expectations(draw: Draw, key: string): Case {
  const [value, statuses] = draw.pick<[string, number[]]>([
    ['100-continue', [200]],
    ['100-Continue', [200]],
    ['100-continue, 100-continue', [200, 417]],
    ['200-ok', [417]],
    ['x'.repeat(5000), [417]],
    ['\xff', [417]],
  ])
  return batchCase(draw, 'expect', { headers: [keyHeader(key), `Expect: ${value}`] }, statuses)
}

/** A key in a trailer is none; nor does a trailer change what was said before. */
function trailers(draw: Draw, key: string): Case {
  const content = freshContent(draw)
  const keyed = draw.chance(0.5)
  const lines = draw.pick([
    [keyHeader(key)],
    ['Content-Length: 3'],
    ['Transfer-Encoding: identity'],
    ['Content-Encoding: br'],
    ['__proto__: x'],
  ])
  const headers = keyed ? [keyHeader(key), 'Trailer: X'] : ['Trailer: X-SEKOIAIO-INTAKE-KEY']
  const bytes = rawRequest({ headers, body: chunked(draw, content, lines), framing: CHUNKED })
  const statuses = keyed ? [200, 400] : [401]
  return { kind: 'headers/trailer', pieces: inPieces(draw, bytes), expect: { statuses, texts: textsOf(content) } }
}

function versions(draw: Draw, key: string): Case {
  const version = draw.pick([
    'HTTP/1.0',
    'HTTP/0.9',
    'HTTP/1.2',
    'HTTP/2.0',
    'HTTP/9.9',
    'HTTP/1.1.1',
    'HTTX/1.1',
    'http/1.1',
    '',
    'HTTP/1',
  ])
  return batchCase(
    draw,
    'version',
    { headers: [keyHeader(key)], version },
    version === 'HTTP/1.0' ? [200] : [400, 505, 200],
  )
}

function methods(draw: Draw, key: string): Case {
  const [method, statuses] = draw.pick<[string, number[]]>([
    ['GET', [405]],
    ['PUT', [405]],
    ['DELETE', [405]],
    ['PATCH', [405]],
    ['OPTIONS', [405]],
    ['HEAD', [405]],
    ['TRACE', [405]],
    ['PROPFIND', [405, 404]],
    ['QUERY', [405, 404, 400]],
    ['CONNECT', [405, 400]],
    ['post', [400]],
    ['POST\0', [400]],
    ['PO ST', [400]],
    ['__proto__', [400]],
    ['A'.repeat(10_000), [400]],
  ])
  const sent = caseOf('headers/method', { method, headers: [keyHeader(key)], body: freshContent(draw) }, { statuses })
  return method === 'HEAD' ? { ...sent, isHead: true } : sent
}
