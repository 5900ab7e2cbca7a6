import type { Json, Mapped } from '../mapper/types.ts'

/** What the lines of a batch were, for the metrics. Plain data: it crosses threads. */
export interface BatchStatistics {
  /** Lines that are not blank. */
  lines: number
  /** Lines of datasets that are dropped. */
  filtered: number
  /** Events by dataset, those of dropped datasets too. */
  readonly datasets: Map<string, number>
  /** Lines that are no record, by error.code. */
  readonly badLines: Map<string, number>
  /** Values that their field cannot hold, by dataset, then by field. */
  readonly rejectedValues: Map<string, Map<string, number>>
  /** Events by tag of the mapper. */
  readonly tags: Map<string, number>
  /** Bytes cut from lines that were too long. */
  truncatedBytes: number
}

export function createStatistics(): BatchStatistics {
  return {
    lines: 0,
    filtered: 0,
    datasets: new Map(),
    badLines: new Map(),
    rejectedValues: new Map(),
    tags: new Map(),
    truncatedBytes: 0,
  }
}

/** What is counted of a line's event. */
export interface Counted {
  readonly dataset: string
  /** The event's. */
  readonly tags: Json | undefined
  readonly rejected: readonly string[]
}

export function countMapped(statistics: BatchStatistics, { line, dataset, event, rejected }: Mapped): void {
  if ('bad' in line) count(statistics.badLines, line.bad.code)
  countEvent(statistics, { dataset, tags: event.tags, rejected })
}

export function countEvent(statistics: BatchStatistics, { dataset, tags, rejected }: Counted): void {
  statistics.lines++
  count(statistics.datasets, dataset)
  if (Array.isArray(tags)) {
    for (const tag of tags) if (typeof tag === 'string' && tag.startsWith('logpush.')) count(statistics.tags, tag)
  }
  for (const field of rejected) {
    const fields = statistics.rejectedValues.get(dataset) ?? new Map<string, number>()
    statistics.rejectedValues.set(dataset, fields)
    count(fields, field)
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
