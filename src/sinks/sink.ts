import type { RetryableError } from '../errors.ts'

/** A bounded part of a batch, encoded for sinks: events of one dataset, in the order of their lines. */
export interface Piece {
  /** The batch's name in the spool: unique, stable over restarts. */
  readonly batch: string
  /** The Logpush name (`firewall_events`), or `unknown`. */
  readonly dataset: string
  /** How many events of this batch and this dataset came before this piece. */
  readonly first: number
  /** The events in the sink's form, each followed by LF. */
  readonly bytes: Uint8Array
  /** Where each event ends in `bytes`, behind its LF. */
  readonly ends: Uint32Array
  /** The number of each event's line in the batch, counted from 0 without blank lines. */
  readonly lines: Uint32Array
  /** The id of an event by its line's number. */
  id(line: number): string
  /** True where events may be at the other side from long before: dead letters redriven, kept batches replayed. */
  readonly again: boolean
  /** What was named when the batch came: its dataset, if any, and the time of records without one (RFC 3339 UTC). */
  readonly declared: string | undefined
  readonly time: string
  /** The drain's: gives the memory of the bytes back, which nobody may read from then on. */
  readonly release?: () => void
}

/**
 * What the bytes of pieces are. `event`: the event as JSON. `document`: the event for a store; it begins with DOCUMENT_HEAD and a
 * time of the same length as in DOCUMENT_TIME, which the sink overwrites with the time of sending, and has `data_stream.*` where it goes to
 * one. `line`: the line as received, without dropped fields; CR and LF inside it are blanks.
 */
export type Form = 'event' | 'document' | 'line'

export const DOCUMENT_HEAD = '{"event":{"ingested":"'
export const DOCUMENT_TIME = '1970-01-01T00:00:00.000Z'

export interface Rejection {
  /** Index of the event in the piece. */
  readonly index: number
  /** A short word of lower case for counting, such as `mapping` or `too_large`. */
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
  /** Why events are to be sent again, and how long to wait; there when `retry` is not empty. */
  readonly cause?: RetryableError
  /** How many were delivered without their `cloudflare`, as the other side refuses its types; with the tag `logpush.mapping_conflict`. */
  readonly conflicts?: number
}

/** The tag of an event that was delivered without its `cloudflare`. */
export const MAPPING_CONFLICT = 'logpush.mapping_conflict'

export const DELIVERED: Receipt = Object.freeze({ retry: [], rejected: [] })

/** What a sink says of the pieces that it is to get. */
export type PieceNeeds = Pick<Sink, 'form' | 'returnsBytes'>

/**
 * One place where events go. A sink knows nothing of queues, retries, dead letters or other sinks: the drain (delivery/drain.ts)
 * calls it, one drain a sink.
 *
 * The drain calls write for the pieces of a batch in order, and batch after batch, with at most `maxInFlight` writes unsettled. After a
 * failed write it waits until all are settled, then calls again from the failed piece on, in order (an `ordered` sink; others get what
 * failed when its pause is over). After a restart the batches that were not acknowledged come again from their first piece, in the same
 * order with the same content.
 */
export interface Sink {
  readonly name: string
  readonly form: Form
  /**
   * False: pieces may be written in any order. Events that a receipt wants sent again then wait by themselves, and others go on.
   */
  readonly ordered: boolean
  /** True: once `write` has settled, and its signal was not aborted, it reads nothing of the piece's bytes any more: their memory is used again. */
  readonly returnsBytes?: true
  /** How many writes may be unsettled at a time. */
  readonly maxInFlight: number
  /** Reaches the other side once. Called before the first write, and again with back-off while it throws. May be called after close. */
  open(signal: AbortSignal): Promise<void>
  /**
   * One attempt; no retry, queue or timer inside. Resolves when the delivered events are durable. Throws RetryableError or
   * PermanentError (errors.ts) for the whole piece; anything else thrown is taken as retryable.
   */
  write(piece: Piece, signal: AbortSignal): Promise<Receipt>
  /**
   * Asked before each write of a piece that comes `again`: the indexes of its events that the other side has already, which are
   * then not written. Without it nothing is asked. Throws as write does.
   */
  present?(piece: Piece, signal: AbortSignal): Promise<readonly number[]>
  /** The batch has left this sink's queue: what was kept to recognise it may be forgotten. */
  settled?(batch: string): void
  /** Idempotent; safe without open. */
  close(): Promise<void>
}
