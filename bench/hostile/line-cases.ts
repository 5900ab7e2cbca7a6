import { gzipSync } from 'node:zlib'
import { type Draw, type Weighted, weighted } from './draw.ts'
import { MAX_LINE_BYTES, textOfWhole, textsOf } from './expected.ts'
import { hostileObject, hostileRecord, hostileValue, mutated, nestedJson } from './hostile-json.ts'
import { type Case, inPieces, keyHeader, rawRequest } from './wire.ts'

type Line = (draw: Draw) => string | Buffer

const BYTES = [
  Buffer.of(0xef, 0xbb, 0xbf),
  Buffer.of(0),
  Buffer.of(0xed, 0xa0, 0x80),
  Buffer.of(0xed, 0xb0, 0x80),
  Buffer.of(0xc0, 0x80),
  Buffer.of(0xc1, 0xbf),
  Buffer.of(0xe0, 0x80, 0xaf),
  Buffer.of(0xf0, 0x80, 0x80, 0xaf),
  Buffer.of(0xf4, 0x90, 0x80, 0x80),
  Buffer.of(0xf8, 0x88, 0x80, 0x80, 0x80),
  Buffer.of(0xe2, 0x82),
  Buffer.of(0x80),
  Buffer.of(0xff),
  Buffer.of(0xfe, 0xff),
  Buffer.of(0x1f, 0x8b),
  Buffer.from('\u2028'),
  Buffer.from('\u0085'),
  Buffer.from('\r'),
  Buffer.from('\v\f'),
]
const ENDS = ['\n', '\n', '\n', '\r\n', '\r\r\n', '\n\r\n', '\n \t\r\n', '\n\n\n']

/** Lines of a batch, by weight. Whatever a line holds, the batch is taken. */
const LINES: Weighted<readonly [kind: string, line: Line]> = [
  [30, ['value', draw => hostileValue(draw)]],
  [30, ['object', draw => hostileObject(draw)]],
  [30, ['record', draw => hostileRecord(draw)]],
  [20, ['mutated', draw => mutated(draw, Buffer.from(draw.chance(0.5) ? hostileObject(draw) : hostileRecord(draw)))]],
  [20, ['bytes', draw => withBytes(draw, hostileObject(draw))]],
  [5, ['noise', draw => draw.bytes(draw.between(1, 300))]],
  [5, ['depth', draw => nestedJson(draw, draw.between(1, 40))]],
  [0.5, ['deep', draw => nestedJson(draw, draw.pick([100, 1000, 30_000, 150_000]))]],
  [0.4, ['length', draw => longLine(draw)]],
  [0.15, ['100,000 keys', draw => manyKeys(draw)]],
  [2, ['test', draw => draw.pick(['{"content":"tests"}', 'test'])]],
]
const DATASETS = [
  'http_requests',
  'firewall_events',
  'dns_logs',
  'audit_logs_v2',
  'workers_trace_events',
  'gateway_http',
]

/** A batch of hostile lines on one of the text routes. */
export function lineCase(draw: Draw, key: string): Case {
  // Alone in a body, the upload test is no line.
  const parts: (string | Buffer)[] = [`{"case":${draw.number}}\n`]
  const kinds = new Set<string>()
  for (let i = draw.between(1, 5); i > 0; i--) {
    const [kind, line] = weighted(draw, LINES)
    kinds.add(kind)
    parts.push(line(draw), i === 1 && draw.chance(0.5) ? '' : draw.pick(ENDS))
  }
  const content = Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : part)))
  const single = draw.chance(0.1)
  const bytes = rawRequest({
    path: single ? '/plain' : declared(draw),
    headers: [keyHeader(key)],
    body: content.length > 1e5 || draw.chance(0.3) ? gzipSync(content, { level: 1 }) : content,
  })
  const texts = single ? textOfWhole(content) : textsOf(content)
  return {
    kind: `lines/${[...kinds].sort().join('+')}`,
    pieces: inPieces(draw, bytes),
    expect: { statuses: [200], texts, single },
  }
}

function declared(draw: Draw): string {
  const dataset = draw.pick(DATASETS)
  const prefix = draw.chance(0.1) ? '/api/v1/intake-http' : ''
  return (
    prefix + draw.pick(['/plain/batch', '/plain/batch', `/plain/batch?dataset=${dataset}`, `/plain/batch/${dataset}`])
  )
}

function withBytes(draw: Draw, text: string): Buffer {
  const line = Buffer.from(text)
  const at = draw.pick([0, line.length, draw.below(line.length + 1)])
  return Buffer.concat([line.subarray(0, at), draw.pick(BYTES), line.subarray(at)])
}

/** One byte more or less than a line may have; the cut may go through a character. */
function longLine(draw: Draw): string {
  const bytes = MAX_LINE_BYTES + draw.pick([-1, 0, 1, 2, 3, 5000])
  const fill = draw.pick(['a', 'é', '😀', '\\u0061', '['])
  const head = `{"n":${draw.number},"s":"`
  const count = Math.floor((bytes - head.length - 2) / Buffer.byteLength(fill))
  const padding = bytes - head.length - 2 - count * Buffer.byteLength(fill)
  return `${head}${' '.repeat(padding)}${fill.repeat(count)}"}`
}

function manyKeys(draw: Draw): string {
  return `{"n":${draw.number},${Array.from({ length: 100_000 }, (_, i) => `"${i.toString(36)}":0`).join(',')}}`
}
