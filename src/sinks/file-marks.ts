/** Events of one batch that lie in one file, one after the other. */
export interface Extent {
  readonly stem: string
  /** Where the first of them begins. */
  readonly offset: number
  /** How many events of the batch (and dataset) came before. */
  readonly first: number
  /** Where the events of another batch begin; undefined while the extent is the last of its file. */
  end: number | undefined
}

/** How far one batch has come in one dataset. */
export interface Mark {
  readonly batch: string
  readonly dataset: string
  /** Events that are whole in a file. */
  done: number
  /** Where they are, as far as they are not known to be safe. */
  extents: Extent[]
}

/** The journal's content in memory. Pure. */
export interface Marks {
  get(batch: string, dataset: string): Mark
  /** Of all batches that are not settled, in the order in which they came. */
  all(): Mark[]
  /** From `offset` of the file on lie events of this batch; what was noted beyond is void, since the file was cut. */
  begin(mark: Mark, stem: string, offset: number, first: number, end?: number): void
  /** The first `done` events are safe, wherever they are. */
  safe(mark: Mark, done: number): void
  /** Nothing more is written to this file. */
  finish(dataset: string, stem: string): void
  settle(batch: string): void
  /** Forgets the oldest batches beyond `limit`. */
  trim(limit: number): number
}

export function createMarks(): Marks {
  const batches = new Map<string, Map<string, Mark>>()
  // The valid extents of each file in the order of their offsets; the last one's end is open.
  const files = new Map<string, Extent[]>()

  function get(batch: string, dataset: string): Mark {
    const ofBatch = batches.get(batch) ?? new Map<string, Mark>()
    batches.set(batch, ofBatch)
    const mark = ofBatch.get(dataset) ?? { batch, dataset, done: 0, extents: [] }
    ofBatch.set(dataset, mark)
    return mark
  }

  function begin(mark: Mark, stem: string, offset: number, first: number, end?: number): void {
    const key = `${mark.dataset}/${stem}`
    const stack = files.get(key) ?? []
    files.set(key, stack)
    while (stack.length > 0 && stack.at(-1)!.offset >= offset) {
      const gone = stack.pop()!
      gone.end = gone.offset
    }
    const before = stack.at(-1)
    if (before && (before.end === undefined || before.end > offset)) before.end = offset
    // A file is cut back by no more than the writes in flight, so only the newest can still change.
    if (stack.length > 64) stack.splice(0, stack.length - 32)
    const extent: Extent = { stem, offset, first, end }
    stack.push(extent)
    mark.extents.push(extent)
  }

  return {
    get,
    begin,
    all: () => [...batches.values()].flatMap(ofBatch => [...ofBatch.values()]),
    safe(mark, done) {
      mark.done = done
      mark.extents = []
    },
    finish: (dataset, stem) => void files.delete(`${dataset}/${stem}`),
    settle: batch => void batches.delete(batch),
    trim(limit) {
      const surplus = Math.max(0, batches.size - limit)
      for (const batch of [...batches.keys()].slice(0, surplus)) batches.delete(batch)
      return surplus
    },
  }
}
