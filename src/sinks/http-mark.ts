/** Bytes of a gzip header without its optional parts (RFC 1952, 2.3). */
const HEADER_BYTES = 10
const FLAGS_AT = 3
const FCOMMENT = 0x10
/** Another logpush-intake takes a body of up to 512 bytes that says `{"content":"tests"}` for Logpush's upload test. */
const LEAST_BYTES = 600

/**
 * Puts a comment into a gzip header: equal bytes for the same piece, other bytes for another one of equal content, which would be one
 * batch to an intake that knows batches by their bytes. A small body is filled up so that it is never taken for an upload test.
 *
 * @param gzip one member as zlib makes it, without optional parts
 */
export function markGzip(gzip: Uint8Array, mark: string): Buffer {
  const header = Buffer.from(gzip.subarray(0, HEADER_BYTES))
  header[FLAGS_AT] = FCOMMENT
  const comment = mark.padEnd(Math.max(0, LEAST_BYTES - gzip.length), ' ')
  return Buffer.concat([header, Buffer.from(`${comment}\0`, 'latin1'), gzip.subarray(HEADER_BYTES)])
}
