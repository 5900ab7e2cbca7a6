import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach } from 'vitest'
import type { Batch, Claim, Recovered, Seal, Spool } from '../../src/spool/spool.ts'

export interface SpoolOptions {
  sinks: readonly string[]
  maxBytes: number
  duplicateWindowMs: number
  now: () => number
  onStored(batch: Batch): void
  /** How much of what was delivered is kept. */
  keepBytes?: number
}

export interface SpoolPlace {
  /** A spool, not yet opened, that finds what an earlier one of the same place left. */
  create(options: SpoolOptions): Spool
  /** Lets all sinks have all that waits, where they cannot claim it. */
  deliver?(spool: Spool): void
  remove(): Promise<void>
}

export const seal = (changes: Partial<Seal> = {}): Seal => ({
  batchId: new Uint8Array(randomBytes(32)),
  dataset: 'http_requests',
  lines: 3,
  format: 'lines',
  gzip: false,
  time: '2026-11-05T10:20:30Z',
  deduplicate: true,
  ...changes,
})

export async function put(spool: Spool, body: Uint8Array | string, changes: Partial<Seal> = {}) {
  const draft = await spool.draft()
  await draft.write(typeof body === 'string' ? new TextEncoder().encode(body) : body)
  return draft.commit(seal(changes))
}

/** What the sink would get now, without waiting for more. */
export async function claimNow(spool: Spool, sink: string): Promise<Claim | undefined> {
  return spool.claim(sink, AbortSignal.timeout(20)).catch(() => undefined)
}

export async function bytesOf(claim: Claim): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of claim.read(new AbortController().signal)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export const never = new AbortController().signal

/** The spools of one test, in a place of its own. To be called where tests are declared. */
export function useSpools(makePlace: () => Promise<SpoolPlace>) {
  let place: SpoolPlace
  let spools: Spool[] = []
  const state = {
    /** Unix milliseconds, to be moved by the test. */
    clock: 0,
    /** What the spools said was stored. */
    stored: [] as Batch[],
    create(options: Partial<SpoolOptions> = {}): Spool {
      const spool = place.create({
        sinks: ['one'],
        maxBytes: 1e9,
        duplicateWindowMs: 600_000,
        now: () => state.clock,
        onStored: batch => state.stored.push(batch),
        ...options,
      })
      spools.push(spool)
      return spool
    },
    async start(options: Partial<SpoolOptions> = {}): Promise<Spool> {
      const spool = state.create(options)
      await spool.open()
      return spool
    },
    /** All sinks get all that waits for them. */
    async deliver(spool: Spool, sinks: readonly string[] = ['one']): Promise<void> {
      if (place.deliver !== undefined) return place.deliver(spool)
      for (const sink of sinks)
        for (let claim = await claimNow(spool, sink); claim; claim = await claimNow(spool, sink)) await claim.ack()
    },
    async restart(spool: Spool, options: Partial<SpoolOptions> = {}): Promise<[Spool, Recovered]> {
      await spool.close()
      const next = state.create(options)
      return [next, await next.open()]
    },
  }
  beforeEach(async () => {
    place = await makePlace()
    spools = []
    state.stored = []
    state.clock = 1_790_000_000_000
  })
  afterEach(async () => {
    await Promise.all(spools.map(spool => spool.close()))
    await place.remove()
  })
  return state
}
