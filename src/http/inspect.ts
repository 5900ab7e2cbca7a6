/** What can be told of a body's content without keeping it. */
export interface Inspector {
  take(bytes: Uint8Array): void
  /** Lines that are not blank; the last one needs no LF. */
  lines(): number
  /** The upload test of Logpush, alone in the body. */
  isPing(): boolean
}

const LF = 0x0a
const SMALL_LINE = 32
const PING_BYTES = 256
const PING = /^\s*(?:test|\{\s*"content"\s*:\s*"tests"\s*\})\s*$/

/** A line of spaces, tabs and CRs is blank. */
export function createInspector(): Inspector {
  let lines = 0
  let hasText = false
  let bytesSeen = 0
  let beginning = Buffer.alloc(0)

  return {
    take(bytes) {
      if (bytesSeen + bytes.length <= PING_BYTES) beginning = Buffer.concat([beginning, bytes])
      bytesSeen += bytes.length
      let at = 0
      while (at < bytes.length) {
        // A loop for short lines, since a call of indexOf for each of a million empty lines would cost more than the rest.
        const near = Math.min(at + SMALL_LINE, bytes.length)
        for (; at < near; at++) {
          const byte = bytes[at]!
          if (byte === LF) break
          if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) hasText = true
        }
        if (at === near) {
          if (!hasText) continue
          at = bytes.indexOf(LF, at)
          if (at < 0) return
        }
        if (hasText) lines++
        hasText = false
        at++
      }
    },
    lines: () => lines + (hasText ? 1 : 0),
    isPing: () => bytesSeen <= PING_BYTES && PING.test(beginning.toString()),
  }
}
