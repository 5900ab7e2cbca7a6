import { UnavailableError, type UnavailableReason } from '../../src/errors.ts'
import type { Batch, Draft, KeptFilter, Replayed, Seal, Spool } from '../../src/spool/spool.ts'

export interface MemorySpool extends Spool {
  /** What was committed, in order. */
  readonly stored: Stored[]
  /** Drafts that are neither committed nor discarded. */
  readonly unsettled: Set<Draft>
  /** Drafts that were ever taken. */
  readonly drafts: number
  /** Why drafts are refused from now on. */
  refuse: UnavailableReason | undefined
  /** The next write or commit fails with it. */
  failNext: { write?: UnavailableReason; commit?: UnavailableReason }
  /** Every commit fails with it. */
  failCommits: UnavailableReason | undefined
  /** Awaited by each write. */
  delay: () => Promise<void>
  /** Awaited by each commit, before the batch is stored. */
  commitDelay: () => Promise<void>
  /** Awaited before each draft is there. */
  draftDelay: () => Promise<void>
  /** Writes that began after their draft was committed or discarded. */
  readonly lateWrites: number
  /** All that waits is delivered to its sinks, and kept for replay. */
  deliver(): void
}

interface Stored {
  readonly batch: Batch
  readonly body: Buffer
}

/**
 * A spool that keeps what it is given in memory, for tests of what writes to one. Its sinks cannot claim: `deliver` stands for all
 * of them.
 */
export function createMemorySpool({
  onStored = () => {},
  now = Date.now,
}: {
  onStored?(batch: Batch): void
  now?(): number
} = {}): MemorySpool {
  const stored: Stored[] = []
  let waiting: Stored[] = []
  const kept: Stored[] = []
  const unsettled = new Set<Draft>()
  const seen = new Set<string>()
  const none = () => Promise.reject(new Error('The memory spool has no consumers.'))

  const draft = async (): Promise<Draft> => {
    if (spool.refuse !== undefined) throw new UnavailableError(spool.refuse)
    await spool.draftDelay()
    state.drafts++
    const chunks: Uint8Array[] = []
    const fail = (step: 'write' | 'commit') => {
      const reason = spool.failNext[step]
      delete spool.failNext[step]
      if (reason !== undefined) throw new UnavailableError(reason)
    }
    const self: Draft = {
      async write(bytes) {
        fail('write')
        if (!unsettled.has(self)) state.lateWrites++
        chunks.push(bytes)
        await spool.delay()
      },
      async commit(seal) {
        fail('commit')
        if (spool.failCommits !== undefined) throw new UnavailableError(spool.failCommits)
        await spool.commitDelay()
        unsettled.delete(self)
        return keep(seal, Buffer.concat(chunks))
      },
      async discard() {
        unsettled.delete(self)
      },
    }
    unsettled.add(self)
    return self
  }
  const store = (facts: Omit<Batch, 'name' | 'bytes' | 'storedAt'>, body: Buffer) => {
    const batch = { ...facts, name: `batch-${stored.length}`, bytes: body.length, storedAt: now() }
    const one = { batch, body }
    stored.push(one)
    waiting.push(one)
    onStored(batch)
  }
  const keep = ({ deduplicate, again, ...seal }: Seal, body: Buffer): 'stored' | 'duplicate' => {
    const id = Buffer.from(seal.batchId).toString('hex')
    if (again === undefined) {
      if (deduplicate && seen.has(id)) return 'duplicate'
      seen.add(id)
    }
    store({ ...seal, again }, body)
    return 'stored'
  }
  const isEqual = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0
  const replay = (sink: string, { since = 0, until = Number.POSITIVE_INFINITY, from = '' }: KeptFilter): Replayed => {
    const replayed = { batches: 0, lines: 0, damaged: 0 }
    for (const { batch, body } of kept) {
      if (batch.storedAt < since || batch.storedAt >= until || batch.name < from) continue
      const isSame = ({ batchId, again }: Batch) =>
        again?.kind === 'replay' && again.sink === sink && isEqual(batchId, batch.batchId)
      if (waiting.some(other => isSame(other.batch))) continue
      if (spool.refuse !== undefined) throw new UnavailableError(spool.refuse)
      store({ ...batch, again: { kind: 'replay', sink } }, body)
      replayed.batches++
      replayed.lines += batch.lines
    }
    return replayed
  }
  const usageOf = (list: readonly Stored[]) => {
    return { bytes: list.reduce((sum, { batch }) => sum + batch.bytes, 0), batches: list.length }
  }

  const state = { drafts: 0, lateWrites: 0 }
  const spool: MemorySpool = {
    stored,
    unsettled,
    get drafts() {
      return state.drafts
    },
    get lateWrites() {
      return state.lateWrites
    },
    refuse: undefined,
    failNext: {},
    failCommits: undefined,
    delay: async () => {},
    commitDelay: async () => {},
    draftDelay: async () => {},
    open: async () => ({ batches: [], setAside: 0 }),
    draft,
    refusal: () => spool.refuse,
    claim: none,
    deliver() {
      kept.push(...waiting.filter(({ batch }) => batch.again === undefined))
      waiting = []
    },
    get usage() {
      return usageOf(waiting)
    },
    get kept() {
      return usageOf(kept)
    },
    oldestAgeMs: () => 0,
    replay: async (sink, which) => replay(sink, which),
    holds: batchId => waiting.some(({ batch }) => isEqual(batch.batchId, batchId)),
    stopAccepting() {
      spool.refuse = 'shutting down'
    },
    close: async () => {},
  }
  return spool
}
