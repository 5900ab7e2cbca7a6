import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const compress = promisify(gzip)
/** Each chunk is a trip to the thread pool. */
const OPTIONS = { level: 1, chunkSize: 256 * 1024 }

/** The body of a request, in the thread pool; the bytes are not read any more when it resolves. */
export const gzipBody = (bytes: Uint8Array): Promise<Buffer> => compress(bytes, OPTIONS)
