import type { Entry } from './queue.ts'
import type { Batch } from './spool.ts'

/** What the queue needs of a stored batch; undefined for one that is for none of these sinks. */
export function entryOf({ again, bytes, storedAt }: Batch, file: string, sinks: readonly string[]): Entry | undefined {
  if (again === undefined) return { file, bytes, storedAt, done: 0, position: 0 }
  const sink = sinks.indexOf(again.sink)
  if (sink < 0) return undefined
  const others = (2 ** sinks.length - 1) & ~(1 << sink)
  return { file, bytes, storedAt, done: others, position: 0 }
}
