import { gunzipSync, gzipSync } from 'node:zlib'
import type { Draw, Weighted } from './draw.ts'
import { textsOf } from './expected.ts'
import { anyHeader, member, members } from './gzip-stream.ts'
import { type Case, CHUNKED, caseOf, chunked, inPieces, keyHeader, rawRequest } from './wire.ts'

const MIB = 1024 ** 2
const GZIP = 'Content-Encoding: gzip'

type Make = (draw: Draw, key: string) => Case

/** Bodies that are hostile as gzip. Each is good or wrong by how it is made, whatever zlib thinks of it. */
export const gzipCases: Weighted<Make> = [
  [20, (draw, key) => stored(draw, key, 'members', content => members(draw, content, draw.between(1, 20)))],
  [10, (draw, key) => stored(draw, key, 'header', content => member(draw, content, anyHeader(draw)))],
  [5, (draw, key) => stored(draw, key, 'empty members', content => around(draw, content, 50))],
  [0.1, (draw, key) => stored(draw, key, '10,000 members', content => around(draw, content, 10_000))],
  [30, truncated],
  [15, (draw, key) => refused(draw, key, 'tail', body => Buffer.concat([body, tail(draw)]))],
  [8, (draw, key) => wrong(draw, key, 'wrong crc', content => member(draw, content, { wrongCrc: true }))],
  [8, (draw, key) => wrong(draw, key, 'wrong size', content => member(draw, content, { wrongSize: true }))],
  [
    5,
    (draw, key) => wrong(draw, key, 'reserved flags', content => member(draw, content, { flags: 32 << draw.below(3) })),
  ],
  [5, (draw, key) => wrong(draw, key, 'second member wrong', content => secondWrong(draw, content))],
  [40, flipped],
  [2, bomb],
  [2, (draw, key) => nested(draw, key)],
  [0.5, blanks],
  [4, encodings],
  [4, notGzip],
]

/** A few short lines that nobody sent before. */
export function freshContent(draw: Draw): Buffer {
  const lines = Array.from(
    { length: draw.between(1, 4) },
    (_, i) => `{"case":${draw.number},"n":${i},"word":"${draw.pick(['a', 'bb', 'ccc'])}${draw.below(1e9)}"}`,
  )
  return Buffer.from(`${lines.join('\n')}${draw.pick(['', '\n', '\r\n', '\n\n'])}`)
}

function send(
  draw: Draw,
  kind: string,
  key: string,
  body: Buffer,
  statuses: number[],
  texts: Case['expect']['texts'],
): Case {
  const headers = draw.chance(0.7) ? [keyHeader(key), GZIP] : [keyHeader(key)]
  const chunks = draw.chance(0.2)
  const bytes = rawRequest(chunks ? { headers, body: chunked(draw, body), framing: CHUNKED } : { headers, body })
  return { kind: `gzip/${kind}`, pieces: inPieces(draw, bytes), expect: { statuses, texts } }
}

function stored(draw: Draw, key: string, kind: string, make: (content: Buffer) => Buffer): Case {
  const content = freshContent(draw)
  return send(draw, kind, key, make(content), [200], textsOf(content))
}

const wrong = (draw: Draw, key: string, kind: string, make: (content: Buffer) => Buffer) =>
  send(draw, kind, key, make(freshContent(draw)), [400], [])

const refused = (draw: Draw, key: string, kind: string, make: (body: Buffer) => Buffer) =>
  wrong(draw, key, kind, content => make(members(draw, content, draw.between(1, 3))))

/** At every byte in turn, from behind the magic bytes on. */
function truncated(draw: Draw, key: string): Case {
  return wrong(draw, key, 'truncated', content => {
    const body = member(draw, content, draw.chance(0.5) ? {} : { flags: draw.pick([0, 2, 8, 16]) })
    return body.subarray(0, 2 + (draw.number % (body.length - 2)))
  })
}

function flipped(draw: Draw, key: string): Case {
  const body = member(draw, freshContent(draw), anyHeader(draw))
  for (let i = draw.between(1, 3); i > 0; i--) body[draw.between(2, body.length - 1)]! ^= 1 << draw.below(8)
  const content = inflated(body)
  return send(draw, 'flipped', key, body, [content === undefined ? 400 : 200], content ? textsOf(content) : [])
}

function inflated(body: Buffer): Buffer | undefined {
  try {
    return gunzipSync(body, { maxOutputLength: 8 * MIB })
  } catch {
    return undefined
  }
}

function around(draw: Draw, content: Buffer, count: number): Buffer {
  const empty = member(draw, Buffer.alloc(0))
  const before = draw.below(count)
  return Buffer.concat([
    ...Array<Buffer>(before).fill(empty),
    member(draw, content),
    ...Array<Buffer>(count - before - 1).fill(empty),
  ])
}

const secondWrong = (draw: Draw, content: Buffer) =>
  Buffer.concat([
    member(draw, content),
    member(draw, content, draw.chance(0.5) ? { wrongCrc: true } : { wrongSize: true }),
  ])

/** What is no member: any bytes, or the beginning of one. */
function tail(draw: Draw): Buffer {
  const bytes = draw.pick([
    Buffer.alloc(draw.between(1, 600)),
    Buffer.from('\n'),
    Buffer.of(0x1f),
    Buffer.of(0x1f, 0x8b),
    Buffer.concat([Buffer.of(0x1f, 0x8b, 8, 0), draw.bytes(draw.between(0, 5))]),
    Buffer.concat([Buffer.of(draw.between(0x20, 0xff)), draw.bytes(draw.below(40))]),
  ])
  return bytes
}

const bombs = new Map<number, Buffer>()

/** Flat: the same byte again and again, which deflate makes a thousandth of; past 8 MiB the ratio counts. */
function bomb(draw: Draw, key: string): Case {
  const [mebibytes, fill] = draw.pick([
    [9, 0],
    [20, 0x0a],
    [40, 0x61],
  ] as const)
  const body = bombs.get(mebibytes) ?? gzipSync(Buffer.alloc(mebibytes * MIB, fill))
  bombs.set(mebibytes, body)
  return send(draw, 'bomb', key, body, [413], [])
}

/** Gzip in gzip: the outer one is taken off, the inner one is bytes like any others. */
function nested(draw: Draw, key: string): Case {
  let content: Buffer = Buffer.from(`${draw.number} ${'0'.repeat(draw.pick([10, 4 * MIB]))}`)
  for (let layers = draw.between(1, 3); layers > 0; layers--) content = gzipSync(content)
  return send(draw, 'nested', key, gzipSync(content), [200], textsOf(content))
}

const MOSTLY_BLANK = gzipSync(Buffer.alloc(4 * MIB, '  \t\r\n'))

/** A thousand to one below the size at which the ratio counts: nothing but blank lines, nothing to store. */
function blanks(draw: Draw, key: string): Case {
  return send(draw, 'blanks', key, MOSTLY_BLANK, [200], [])
}

function encodings(draw: Draw, key: string): Case {
  const content = freshContent(draw)
  const [encoding, status] = draw.pick([
    ['br', 415],
    ['deflate', 415],
    ['zstd', 415],
    ['gzip, gzip', 415],
    ['gzip;q=1', 415],
    ['\x80\xff', 415],
    ['x'.repeat(4000), 415],
    ['GZip', 200],
    ['X-GZIP', 200],
    [' identity ', 200],
    ['', 200],
  ] as const)
  const headers = [keyHeader(key), `Content-Encoding: ${encoding}`]
  return caseOf('gzip/encoding', { headers, body: gzipSync(content) }, { statuses: [status], texts: textsOf(content) })
}

/** Said to be gzip and is not: text is taken as it is, other bytes are refused. */
function notGzip(draw: Draw, key: string): Case {
  const headers = [keyHeader(key), GZIP]
  const content = freshContent(draw)
  if (draw.chance(0.5)) return caseOf('gzip/none', { headers, body: content }, { texts: textsOf(content) })
  const body = Buffer.concat([Buffer.of(draw.pick([0, 0x1e, 0x80, 0xff])), content])
  return caseOf('gzip/none', { headers, body }, { statuses: [400] })
}
