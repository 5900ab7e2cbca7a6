/** A bounded part of a batch, encoded for sinks: events of one dataset, in the order of their lines. */
export interface Piece {
  /** The batch's name in the spool: unique, stable over restarts. */
  readonly batch: string
  /** The Logpush name (`firewall_events`), or `unknown`. */
  readonly dataset: string
  /** How many events of this batch and this dataset came before this piece. */
  readonly first: number
  /** The events as JSON, each followed by LF. */
  readonly bytes: Uint8Array
  /** Where each event ends in `bytes`, behind its LF. */
  readonly ends: Uint32Array
  /** The number of each event's line in the batch, counted from 0 without blank lines. */
  readonly lines: Uint32Array
  /** The id of an event by its line's number. */
  id(line: number): string
}

export interface Rejection {
  /** Index of the event in the piece. */
  readonly index: number
  /** A short word for counting, such as `mapping` or `too_large`. */
  readonly reason: string
  /** The other side's words; capped by whoever keeps them. */
  readonly detail: string
}

/** What became of a piece. Every event that is neither in `retry` nor in `rejected` was delivered and is durable at the other side. */
export interface Receipt {
  /** Indexes of events to send again. */
  readonly retry: readonly number[]
  /** Events refused for good. */
  readonly rejected: readonly Rejection[]
}

export const DELIVERED: Receipt = Object.freeze({ retry: [], rejected: [] })

/**
 * One place where events go. A sink knows nothing of queues, retries, dead letters or other sinks: the drain (delivery/drain.ts)
 * calls it, one drain a sink.
 *
 * The drain calls write for the pieces of a batch in order, and batch after batch, with at most `maxInFlight` writes unsettled. After a
 * failed write it waits until all are settled, then calls again from the failed piece on, in order. After a restart the batches that
 * were not acknowledged come again from their first piece, in the same order with the same content.
 */
export interface Sink {
  readonly name: string
  /** How many writes may be unsettled at a time. */
  readonly maxInFlight: number
  /** Reaches the other side once. Called before the first write, and again with back-off while it throws. May be called after close. */
  open(signal: AbortSignal): Promise<void>
  /**
   * One attempt; no retry, queue or timer inside. Resolves when the delivered events are durable. Throws RetryableError or
   * PermanentError (errors.ts) for the whole piece; anything else thrown is taken as retryable.
   */
  write(piece: Piece, signal: AbortSignal): Promise<Receipt>
  /** The batch has left this sink's queue: what was kept to recognise it may be forgotten. */
  settled?(batch: string): void
  /** Idempotent; safe without open. */
  close(): Promise<void>
}
