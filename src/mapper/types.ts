import type { Assignment } from './assign.ts'
import type { Plan } from './compile.ts'
import type { Sortable, Sorter } from './sorter.ts'

/** A JSON value as decoded: integers outside ±(2^53-1) are decimal strings already. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

export type BadLineCode = 'not_json' | 'not_utf8' | 'not_object' | 'too_long' | 'too_deep'

interface LineBase {
  /** Counted from 0 without blank lines. */
  readonly number: number
  /** The line as received, as text. */
  readonly text: string
  /** This line's own fallback for a record without a time; else the batch's. RFC 3339 UTC. */
  readonly time?: string
}
/** A line that is a record. */
export interface RecordLine extends LineBase {
  readonly record: JsonObject
}
/** A line that is none; it becomes an event that says so. */
export interface BadLine extends LineBase {
  readonly bad: { readonly code: BadLineCode /** One sentence with the byte offset. */; readonly message: string }
}
export type Line = RecordLine | BadLine

/** What a line became. */
export interface Mapped {
  readonly line: Line
  /** The Logpush name (`firewall_events`), or `unknown`. */
  readonly dataset: string
  /** The ECS event, nested, ready for JSON.stringify. */
  readonly event: JsonObject
  /** Fields whose value their target cannot hold, named in the dataset's table; for the counter intake_rejected_values_total. */
  readonly rejected: readonly string[]
}

export interface MapperSettings {
  readonly profile: 'ecs' | 'raw'
  readonly additions: 'auto' | 'on' | 'off'
  /** What `message` is: the line, or a sentence on the event (the line is in event.original then). */
  readonly message: 'raw' | 'description'
  /** Whether events keep their line; those of bad lines do anyway. */
  readonly keepOriginal: boolean
  readonly userAgent: 'parse' | 'original'
  /** `data_stream.namespace` in profile raw. */
  readonly namespace: string
  /** Dotted name of the field that carries the event's id, such as `labels.intake_id`. */
  readonly eventIdField: string | undefined
}

export interface BatchContext {
  /** The declared dataset, one of the known names, if any. */
  readonly dataset: string | undefined
  /** Fallback for records without a time: RFC 3339 UTC. */
  readonly time: string
  /** The event's id by its line's number; asked only for `eventIdField`. */
  readonly id: (line: number) => string
}

/**
 * Maps the lines of one batch in order. The first 100 records are held back to find the batch's dataset by the union of their
 * keys (unless one is declared), and whether all may be of it, so `emit` may be called within `push` or `end`, always in the order of
 * the lines.
 */
export interface BatchMapper {
  push(line: Line): void
  /** Holds back no longer: the batch's dataset is found by what came so far. For a reader who waits; a stored batch never needs it. */
  flush(): void
  end(): void
}

export interface Mapper {
  batch(context: BatchContext, emit: (mapped: Mapped) => void): BatchMapper
  /** The parts of `batch`, for lines in a shape of the caller's: `take` gets them with their assignments, none for one that is no record. */
  sorter<Item extends Sortable>(
    context: BatchContext,
    take: (item: Item, assignment: Assignment | undefined) => void,
  ): Sorter<Item>
  /** `keys` are the record's own; none for a line that is no record, which has no assignment either. */
  mapLine(
    line: Line,
    keys: readonly string[] | undefined,
    assignment: Assignment | undefined,
    context: BatchContext,
  ): Mapped
  /** How a record of the dataset (undefined: unknown) can be mapped without making an object of it; undefined where it cannot. */
  planOf(dataset: string | undefined): Plan | undefined
  /** Names of all known datasets, sorted. */
  readonly datasets: readonly string[]
}
