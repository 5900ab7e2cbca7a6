/**
 * The spool: what lies between the 200 and the sinks. The embedded one keeps files (disk.ts); a spool over Kafka can take its
 * place, so nothing here speaks of paths or descriptors.
 */

/** How the stored bytes (after inflating) hold lines. */
export type LineFormat =
  /** LF ends a line; a CR before it is no part of the line. */
  | 'lines'
  /** The whole body is one line, whatever it holds. */
  | 'single'
  /** As `lines`, each beginning with its own time and one blank: RFC 3339 UTC, or `-` for none. */
  | 'timed'

/** A stored batch. */
export interface Batch {
  /** Unique in the spool, stable over restarts, safe as a file name. Not the batch id: equal content may be stored twice. */
  readonly name: string
  /** 32 bytes. The ids of the events come from it (lib/uuid.ts). */
  readonly batchId: Uint8Array
  /** The declared Logpush dataset, if one was. */
  readonly dataset: string | undefined
  /** Lines that are not blank; each becomes an event or a counted drop. */
  readonly lines: number
  readonly format: LineFormat
  readonly gzip: boolean
  /** Size of the body as stored. */
  readonly bytes: number
  /** When it was stored, Unix milliseconds. */
  readonly storedAt: number
  /** The time of records without one: RFC 3339 UTC; the time of receipt unless the sender named another. */
  readonly time: string
}

export interface Seal extends Pick<Batch, 'batchId' | 'dataset' | 'lines' | 'format' | 'gzip' | 'time'> {
  /** Look for the same batch id among those stored within the window. */
  readonly deduplicate: boolean
}

/**
 * A batch that is being received. Used by one request; write, then commit or discard. After a rejected write or commit
 * only discard is left.
 */
export interface Draft {
  /** Takes the next bytes of the body; awaiting it is the back-pressure. Rejects with UnavailableError. The spool owns the bytes from then on. */
  write(bytes: Uint8Array): Promise<void>
  /**
   * Resolves when the batch is durable: bytes and name fsynced. `duplicate`: the same batch was stored within the window, nothing
   * new is kept. Rejects with UnavailableError, and then nothing is left of the batch.
   */
  commit(seal: Seal): Promise<'stored' | 'duplicate'>
  /** Leaves nothing behind. Idempotent, never rejects. */
  discard(): Promise<void>
}

/** A batch handed to one sink's drain, until ack, release or setAside. */
export interface Claim {
  readonly batch: Batch
  /**
   * The stored bytes from the beginning, in chunks of at most 256 KiB. May be called again for a second reading.
   * Throws DamagedError where the bytes are not those that were stored (size) or again and again cannot be read, UnavailableError on
   * another disk error.
   */
  read(signal: AbortSignal): AsyncIterable<Uint8Array>
  /** This sink is done with the batch. When all sinks are, it leaves the spool. Idempotent; retried by the spool on disk errors. */
  ack(): Promise<void>
  /** Back to the queue's head, not acknowledged. Idempotent. */
  release(): void
  /** The batch is damaged: its bytes are kept aside, it is done for this sink and leaves every sink's queue. */
  setAside(reason: string): Promise<void>
}

export interface Recovered {
  /** Batches found that wait for at least one sink, with the names of the sinks that each waits for. */
  readonly batches: readonly { readonly batch: Batch; readonly sinks: readonly string[] }[]
  /** Files that are torn, damaged or not ours, now kept aside. */
  readonly setAside: number
}

export interface Spool {
  /** Called once, before anything else. Takes the lock, finds what an earlier run left. Throws StartError. */
  open(): Promise<Recovered>
  /** Throws UnavailableError when no batch can be taken now (full, disk, closing). */
  draft(): Promise<Draft>
  /** Why no batch could be accepted now, or undefined. Cheap; asked by /readyz and before each body. */
  refusal(): UnavailableReason | undefined
  /** The oldest batch that this sink has neither done nor claimed; waits for one. Rejects with the signal's reason. */
  claim(sink: string, signal: AbortSignal): Promise<Claim>
  readonly usage: { readonly bytes: number; readonly batches: number }
  /** Milliseconds since the oldest batch not done by the sink was stored; 0 when there is none. */
  oldestAgeMs(sink: string): number
  /** From now on draft() refuses; claims and acks go on. Idempotent. */
  stopAccepting(): void
  /** Waits for what is being written, gives the lock back. Idempotent. */
  close(): Promise<void>
}

import type { UnavailableReason } from '../errors.ts'
