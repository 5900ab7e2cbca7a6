import { constants, crc32, deflateRawSync } from 'node:zlib'
import type { Draw } from './draw.ts'

/** Parts of a gzip member (RFC 1952), each of which may be made wrong. */
export interface Member {
  /** Of the flag byte: 1 FTEXT, 2 FHCRC, 4 FEXTRA, 8 FNAME, 16 FCOMMENT; the rest is reserved. */
  readonly flags?: number
  readonly level?: number
  readonly strategy?: number
  readonly wrongCrc?: boolean
  readonly wrongSize?: boolean
}

const STRATEGIES = [constants.Z_DEFAULT_STRATEGY, constants.Z_HUFFMAN_ONLY, constants.Z_RLE, constants.Z_FIXED]
const UNIX = 3

/** One member, written by hand so that every optional part of the header can be there. */
export function member(draw: Draw, content: Buffer, options: Member = {}): Buffer {
  const { flags = 0, level = 6, strategy = constants.Z_DEFAULT_STRATEGY } = options
  const parts: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, flags, ...draw.bytes(4), draw.pick([0, 2, 4]), UNIX])]
  if (flags & 4) {
    const extra = draw.bytes(draw.chance(0.01) ? 65_535 : draw.pick([0, 1, 40, 300]))
    parts.push(Buffer.from([extra.length & 0xff, extra.length >> 8]), extra)
  }
  if (flags & 8) parts.push(zeroEnded(draw))
  if (flags & 16) parts.push(zeroEnded(draw))
  if (flags & 2) {
    const crc = crc32(Buffer.concat(parts)) & 0xffff
    parts.push(Buffer.from([crc & 0xff, crc >> 8]))
  }
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE((crc32(content) ^ (options.wrongCrc ? 1 << draw.below(31) : 0)) >>> 0, 0)
  trailer.writeUInt32LE((content.length ^ (options.wrongSize ? 1 << draw.below(31) : 0)) >>> 0, 4)
  return Buffer.concat([...parts, deflateRawSync(content, { level, strategy }), trailer])
}

/** A body of several members, some of them empty, with whatever a header may have. */
export function members(draw: Draw, content: Buffer, count: number): Buffer {
  const cuts = Array.from({ length: count - 1 }, () => draw.below(content.length + 1)).sort((a, b) => a - b)
  return Buffer.concat(
    [0, ...cuts].map((start, i) => member(draw, content.subarray(start, cuts[i] ?? content.length), anyHeader(draw))),
  )
}

export const anyHeader = (draw: Draw): Member => ({
  flags: draw.below(32),
  level: draw.below(10),
  strategy: draw.pick(STRATEGIES),
})

function zeroEnded(draw: Draw): Buffer {
  const text = draw.bytes(draw.chance(0.02) ? 5000 : draw.pick([0, 1, 20])).map(byte => byte || 1)
  return Buffer.concat([text, Buffer.of(0)])
}
