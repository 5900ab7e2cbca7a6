import { UnavailableError, type UnavailableReason } from '../../src/errors.ts'
import type { Batch, Draft, Seal, Spool } from '../../src/spool/spool.ts'

export interface MemorySpool extends Spool {
  /** What was committed, in order. */
  readonly stored: { readonly batch: Batch; readonly body: Buffer }[]
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
}

/** A spool that keeps what it is given in memory, for tests of what writes to one. It has no consumers' side. */
export function createMemorySpool(): MemorySpool {
  const stored: MemorySpool['stored'] = []
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
  const keep = ({ deduplicate, ...seal }: Seal, body: Buffer): 'stored' | 'duplicate' => {
    const id = Buffer.from(seal.batchId).toString('hex')
    if (deduplicate && seen.has(id)) return 'duplicate'
    seen.add(id)
    const batch = { ...seal, name: `batch-${stored.length}`, bytes: body.length, storedAt: Date.now() }
    stored.push({ batch, body })
    return 'stored'
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
    usage: { bytes: 0, batches: 0 },
    oldestAgeMs: () => 0,
    stopAccepting() {
      spool.refuse = 'shutting down'
    },
    close: async () => {},
  }
  return spool
}
