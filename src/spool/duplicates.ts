/** The ids of the batches stored within the window. Bounded: past the limit the oldest are forgotten first. */
export interface Duplicates {
  /**
   * Answers `duplicate` when the id was stored within the window. Otherwise the caller stores the batch and then calls what it got,
   * with the time of storing or, when that failed, without. Who comes with the same id meanwhile waits for that.
   */
  enter(batchId: Uint8Array): Promise<'duplicate' | ((storedAt?: number) => void)>
  /** For batches found at the start, in the order in which they were stored. */
  remember(batchId: Uint8Array, storedAt: number): void
}

const MAX_IDS = 262_144

export function createDuplicates(windowMs: number, now: () => number, maxIds: number = MAX_IDS): Duplicates {
  /** In the order of storing. */
  const storedAtOf = new Map<string, number>()
  const storing = new Map<string, Promise<void>>()

  // A clock that was set back must not make the past the future.
  const isRecent = (storedAt: number) => Math.abs(now() - storedAt) < windowMs

  const remember = (key: string, storedAt: number) => {
    if (!isRecent(storedAt)) return
    // A key that is stored again goes to the end.
    storedAtOf.delete(key)
    for (const [oldest, since] of storedAtOf) {
      if (storedAtOf.size < maxIds && isRecent(since)) break
      storedAtOf.delete(oldest)
    }
    storedAtOf.set(key, storedAt)
  }

  return {
    async enter(batchId) {
      const key = keyOf(batchId)
      for (;;) {
        const storedAt = storedAtOf.get(key)
        if (storedAt !== undefined && isRecent(storedAt)) return 'duplicate'
        const other = storing.get(key)
        if (other === undefined) break
        await other
      }
      const outcome = Promise.withResolvers<void>()
      storing.set(key, outcome.promise)
      return storedAt => {
        if (storedAt !== undefined) remember(key, storedAt)
        storing.delete(key)
        outcome.resolve()
      }
    },
    remember: (batchId, storedAt) => remember(keyOf(batchId), storedAt),
  }
}

/** One byte a character: the smallest key that a Map compares by value. */
const keyOf = (batchId: Uint8Array): string =>
  Buffer.from(batchId.buffer, batchId.byteOffset, batchId.length).toString('latin1')
