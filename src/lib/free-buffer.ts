/** What is no larger may lie in a buffer that others use too: the reads of Node's streams, and its pool, which is a little larger than it says. */
const SHARED_BYTES = Buffer.poolSize + 4096

/**
 * Gives memory back that nobody reads any more, at once: V8 takes large buffers that wait for its collector for a heap that grows, and collects
 * all the time. The bytes, and all views of their buffer, are empty then. Small ones are left to the collector.
 */
export function freeBuffer({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > SHARED_BYTES) buffer.transfer(0)
}
