import type { Draw, Weighted } from './draw.ts'
import { freshContent } from './gzip-cases.ts'
import { batchCase } from './header-cases.ts'
import { type Case, CHUNKED, chunked, inPieces, keyHeader, rawRequest } from './wire.ts'

type Make = (draw: Draw, key: string) => Case

/** Requests that leave it open where their body ends, or end before it. */
export const framingCases: Weighted<Make> = [
  [15, lengths],
  [15, transferEncodings],
  [10, brokenChunks],
  [6, incomplete],
]

/** What may end a body in two places. A second request hides behind the first: it must get no answer of its own. */
function lengths(draw: Draw, key: string): Case {
  const body = freshContent(draw)
  const { length } = body
  const [framing, statuses] = draw.pick<[string[], number[]]>([
    [[`Content-Length: ${length}`, `Content-Length: ${length + 1}`], [400]],
    [[`Content-Length: ${length}`, `Content-Length: ${length}`], [400]],
    [[`Content-Length: ${length}, ${length}`], [400]],
    [['Content-Length: -1'], [400]],
    [[`Content-Length: +${length}`], [400]],
    [[`Content-Length: 0x${length.toString(16)}`], [400]],
    [['Content-Length: 1e3'], [400]],
    [['Content-Length: '], [400]],
    [['Content-Length: a'], [400]],
    [[`Content-Length: ${'9'.repeat(30)}`], [400]],
    [['Content-Length: 9007199254740993'], [413]],
    [['Content-Length: 18446744073709551615'], [413, 400]],
    [[`Content-Length: ${length}`, 'Transfer-Encoding: chunked'], [400]],
    [['Transfer-Encoding: chunked', `Content-Length: ${length}`], [400]],
  ])
  return batchCase(
    draw,
    'length',
    { headers: [keyHeader(key)], framing, body: Buffer.concat([body, hidden(key)]) },
    statuses,
  )
}

function transferEncodings(draw: Draw, key: string): Case {
  const framing = draw.pick([
    'Transfer-Encoding: identity',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: chunked, chunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding: \x0bchunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
    'Transfer-Encoding:',
    'Transfer-Encoding: "chunked"',
    'Transfer-Encoding: chunked;q=1',
    'Content-Length: 3\r\nTransfer-Encoding: identity',
  ])
  const body = Buffer.concat([Buffer.from('0\r\n\r\n'), hidden(key)])
  return batchCase(draw, 'transfer encoding', { headers: [keyHeader(key)], framing: [framing], body }, [400])
}

const hidden = (key: string) => rawRequest({ headers: [keyHeader(key)], body: Buffer.from('{"smuggled":true}\n') })

function brokenChunks(draw: Draw, key: string): Case {
  const content = freshContent(draw)
  const size = content.length.toString(16)
  const body = draw.pick([
    `${size}\r\n${content}x\r\n0\r\n\r\n`,
    `-${size}\r\n${content}\r\n0\r\n\r\n`,
    `0x${size}\r\n${content}\r\n0\r\n\r\n`,
    `${'f'.repeat(17)}\r\n${content}\r\n0\r\n\r\n`,
    `zz\r\n${content}\r\n0\r\n\r\n`,
    `\r\n${content}\r\n0\r\n\r\n`,
    `${size} \r\n${content}\r\n0\r\n\r\n`,
    `${size};${'e'.repeat(40_000)}\r\n${content}\r\n0\r\n\r\n`,
    `${size}\n${content}\n0\n\n`,
    `${size}\r\n${content}\r\n0\r\nX-Trailer\r\n\r\n`,
  ])
  return batchCase(
    draw,
    'chunks',
    { headers: [keyHeader(key)], framing: CHUNKED, body: Buffer.from(body) },
    [400, 413, 431],
  )
}

/** The sender closes its side before the body is complete. */
function incomplete(draw: Draw, key: string): Case {
  const content = freshContent(draw)
  const whole = draw.chance(0.5)
    ? rawRequest({ headers: [keyHeader(key)], body: content })
    : rawRequest({ headers: [keyHeader(key)], body: chunked(draw, content), framing: CHUNKED })
  const bytes = whole.subarray(0, whole.length - draw.between(1, content.length))
  return {
    kind: 'headers/incomplete',
    pieces: inPieces(draw, bytes),
    halfClose: true,
    expect: { statuses: [400], texts: [] },
  }
}
