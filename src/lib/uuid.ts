const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

const asciiOf = (text: string) => Uint8Array.from(text, character => character.charCodeAt(0))
const HEX_DIGITS = asciiOf('0123456789abcdef')
/** Characters of a UUID, and how many of them its number fills, the last. */
export const UUID_CHARACTERS = 36
const NUMBER_CHARACTERS = 8

/**
 * UUIDv8 (RFC 9562) made of a digest and a number: 90 bits of the digest, then the number in 32 bits.
 * Equal input gives equal ids, so a repeated batch has the same ids. The number fills the last 8 hex digits,
 * so the ids of one batch differ only there.
 *
 * @param digest at least 12 bytes, for example a SHA-256
 * @returns a function from a number in 0..2^32-1 to the id
 */
export function uuidsOf(digest: Uint8Array): (number: number) => string {
  const head = headOf(digest)
  return number => head + (number >>> 0).toString(16).padStart(NUMBER_CHARACTERS, '0')
}

/** The same ids as UUID_CHARACTERS bytes of ASCII each, written to `to` at `at`: no strings are made. */
export function uuidWriter(digest: Uint8Array): (number: number, to: Uint8Array, at: number) => void {
  const head = asciiOf(headOf(digest))
  return (number, to, at) => {
    to.set(head, at)
    for (let i = 1, rest = number >>> 0; i <= NUMBER_CHARACTERS; i++, rest >>>= 4) {
      to[at + UUID_CHARACTERS - i] = HEX_DIGITS[rest & 15]!
    }
  }
}

function headOf(digest: Uint8Array): string {
  // A copy: slice of a Buffer would be the digest itself.
  const b = new Uint8Array(digest.subarray(0, 12))
  // 48 bits | version 8 | 12 bits | variant 10 | 30 bits: the two nibbles that carry version and variant lose their own bits.
  b[6] = (b[6]! & 0x0f) | 0x80
  b[8] = (b[8]! & 0x3f) | 0x80
  const hex = Array.from(b, byte => HEX[byte]).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 24)}`
}
