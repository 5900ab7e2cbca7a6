import { randomBytes } from 'node:crypto'
import { httpErrors, UnavailableError } from '../errors.ts'
import type { Draft, Spool } from '../spool/spool.ts'
import { type JsonEvent, lineOf } from './json-events.ts'
import type { Identity } from './keys.ts'

/** The events of one key, on their way into the spool as one entry. */
export interface Entry {
  readonly batchId: Uint8Array
  stored: boolean
  readonly identity: Identity
  readonly dataset: string | undefined
  lines: number
  bytes: number
}

export interface EntryStore {
  /** Adds an event to the entry of its key. Awaiting it is the back-pressure. */
  add(body: Buffer, event: JsonEvent, entry: Entry): Promise<void> | undefined
  /** All entries become durable together. Throws ERR_INTAKE_PARTLY_STORED when some did and some did not. */
  commit(): Promise<void>
  /** Nothing that is not committed is left behind. */
  discard(): Promise<void>
}

const BLOCK_BYTES = 256 * 1024
const LF = Buffer.from('\n')

export const createEntry = (identity: Identity, dataset: string | undefined): Entry => ({
  batchId: randomBytes(32),
  stored: false,
  identity,
  dataset,
  lines: 0,
  bytes: 0,
})

interface OpenEntry {
  draft?: Draft
  block: Buffer[]
  blockBytes: number
}

/** @param time of events without one: RFC 3339 UTC */
export function createEntryStore(spool: Spool, time: string): EntryStore {
  const open = new Map<Entry, OpenEntry>()

  const flush = async (state: OpenEntry): Promise<Draft> => {
    const bytes = Buffer.concat(state.block)
    state.block = []
    state.blockBytes = 0
    state.draft ??= await spool.draft()
    await state.draft.write(bytes)
    return state.draft
  }
  const commit = async (entry: Entry, { draft }: OpenEntry) => {
    const { batchId, dataset, lines } = entry
    await draft!.commit({ batchId, dataset, lines, format: 'timed', gzip: false, time, deduplicate: false })
    entry.stored = true
    open.delete(entry)
  }

  return {
    add(body, event, entry) {
      const state = open.get(entry) ?? { block: [], blockBytes: 0 }
      open.set(entry, state)
      const head = Buffer.from(`${event.time} `)
      const line = lineOf(body, event.value)
      const bytes = head.length + line.length + LF.length
      state.block.push(head, line, LF)
      state.blockBytes += bytes
      entry.lines++
      entry.bytes += bytes
      return state.blockBytes < BLOCK_BYTES ? undefined : flush(state).then(() => {})
    },
    async commit() {
      // All is written before anything becomes durable: what can fail has then mostly failed with nothing stored.
      for (const state of open.values()) await flush(state)
      const results = await Promise.allSettled(Array.from(open, ([entry, state]) => commit(entry, state)))
      const failures = results.filter(result => result.status === 'rejected').map(result => result.reason as unknown)
      if (failures.length === 0) return
      const unforeseen = failures.find(failure => !(failure instanceof UnavailableError))
      if (unforeseen !== undefined || failures.length === results.length) throw unforeseen ?? failures[0]
      throw new httpErrors.partlyStored((failures[0] as UnavailableError).reason)
    },
    async discard() {
      for (const { draft } of open.values()) await draft?.discard()
    },
  }
}
