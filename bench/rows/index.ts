import type { Family } from './family.ts'
import { backlog, batches, connections, recordSize, workers } from './growth.ts'
import { datasets, mapping } from './mapping.ts'
import { service } from './service.ts'
import { sinks } from './sinks.ts'

/** All of the run, in its order. */
export const families: readonly Family[] = [
  mapping,
  datasets,
  service,
  sinks,
  batches,
  connections,
  backlog,
  workers,
  recordSize,
]
