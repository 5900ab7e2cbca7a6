import { batchOf } from './file-name.ts'
import type { Entry } from './queue.ts'
import type { Batch, Recovered } from './spool.ts'

/** What a start tells of the batches that it found. */
export function recoveredOf(entries: readonly Entry[], sinks: readonly string[]): Recovered['batches'] {
  const lists = new Map<number, readonly string[]>()
  // One list a combination of sinks, however many batches there are.
  const waitingFor = (done: number) => {
    const list = lists.get(done) ?? sinks.filter((_, sink) => (done & (1 << sink)) === 0)
    lists.set(done, list)
    return list
  }
  return entries.map(({ file, done }) => new RecoveredBatch(file, waitingFor(done)))
}

/** Its batch is read from the name when asked for: 100,000 of them would cost 60 MB at once. */
class RecoveredBatch {
  readonly #file: string
  readonly sinks: readonly string[]
  constructor(file: string, sinks: readonly string[]) {
    this.#file = file
    this.sinks = sinks
  }
  get batch(): Batch {
    return batchOf(this.#file)!
  }
}
