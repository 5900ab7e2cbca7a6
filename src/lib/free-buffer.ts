/** What is smaller may lie in a buffer that others use too. */
const OWN_BYTES = 256 * 1024

/**
 * Gives memory back that nobody reads any more, at once: V8 takes large buffers that wait for its collector for a heap that grows, and collects
 * all the time. The bytes, and all views of their buffer, are empty then. Small ones are left to the collector.
 */
export function freeBuffer({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= OWN_BYTES) buffer.transfer(0)
}
