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
  /** Dead letters, one row a line (delivery/dead-letter.ts): each has its own id, time and original. */
  | 'rows'

/**
 * A batch that only one sink gets: lines taken back from its dead letters, or a kept batch delivered once more. While that sink is not
 * configured it stays, outside of `usage`, and is there when the sink is.
 */
export interface Again {
  readonly kind: 'redrive' | 'replay'
  readonly sink: string
}

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
  /** When it was stored, Unix milliseconds; of a replay, when that was. */
  readonly storedAt: number
  /** The time of records without one: RFC 3339 UTC; the time of receipt unless the sender named another. */
  readonly time: string
  /** undefined: a batch as it came, for every sink. */
  readonly again: Again | undefined
}

export interface Seal extends Pick<Batch, 'batchId' | 'dataset' | 'lines' | 'format' | 'gzip' | 'time'> {
  /** Look for the same batch id among those stored within the window. */
  readonly deduplicate: boolean
  /** For this sink only, one that the spool knows; never a duplicate, and its batch id is not remembered. */
  readonly again?: Again
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
   * The stored bytes from the beginning, in one chunk where there are no more than 1 MiB, else in chunks of at most 256 KiB. A chunk has
   * its memory for itself and is the caller's, who may transfer it.
   * May be called again for a second reading.
   * Throws DamagedError where the bytes are not those that were stored (size) or again and again cannot be read, UnavailableError on
   * another disk error.
   */
  read(signal: AbortSignal): AsyncIterable<Uint8Array<ArrayBuffer>>
  /**
   * This sink is done with the batch. When all whom it is for are, it leaves the queue, and is kept for a while where that is asked for.
   * Idempotent; retried by the spool on disk errors.
   */
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

/** Which kept batches; undefined is no condition. */
export interface KeptFilter {
  /** Stored at or after it, Unix milliseconds. */
  readonly since: number | undefined
  /** Stored before it, Unix milliseconds. */
  readonly until: number | undefined
  /** From this batch on, by its name. */
  readonly from?: string | undefined
}

export interface Usage {
  readonly bytes: number
  readonly batches: number
}

/** What a replay stored. */
export interface Replayed {
  readonly batches: number
  readonly lines: number
  /** Kept batches that cannot be read as they were stored. */
  readonly damaged: number
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
  readonly usage: Usage
  /** Delivered batches that are kept for replay; no part of `usage`. */
  readonly kept: Usage
  /** Milliseconds since the oldest batch not done by the sink was stored; 0 when there is none. */
  oldestAgeMs(sink: string): number
  /**
   * Stores kept batches (SPOOL_KEEP_BYTES) once more, for one sink, in the order of their storing, and those that this sink has done while
   * another has not; the caller hears of each as of any batch that is stored. One whose content waits for the same replay already is left out, and so is one that is no longer kept
   * when its turn comes. Resolves when all are durable. Rejects with ReplayStoppedError, an UnavailableError, when the spool takes no
   * more: a replay leaves the last tenth of its room to what comes in.
   */
  replay(sink: string, which: KeptFilter): Promise<Replayed>
  /** Whether a batch with this id waits for a sink, be it one that is not configured now. Looks at each batch: for rare questions. */
  holds(batchId: Uint8Array): boolean
  /** From now on draft() refuses; claims and acks go on. Idempotent. */
  stopAccepting(): void
  /** Waits for what is being written, gives the lock back. Idempotent. */
  close(): Promise<void>
}

import type { UnavailableReason } from '../errors.ts'
