/** A stored batch in memory: no more than what 100,000 of them may cost. The rest is in the file's name. */
export interface Entry {
  readonly file: string
  readonly bytes: number
  readonly storedAt: number
  /** One bit a sink, by its index: the sink is done with the batch, or it is not for it. Bits are only ever set. */
  done: number
  /** Position in the queue; set by push. */
  position: number
}

/**
 * The stored batches in the order of their storing, one list for all sinks. Each sink has a cursor in it, the entries that it gave back,
 * and those who wait; every call takes constant time on average.
 */
export interface Queue {
  readonly length: number
  /** Hands the entry at once to whoever waits. */
  push(entry: Entry): void
  /** The oldest entry that the sink has neither done nor taken; waits for one. Rejects with the signal's reason. */
  take(sink: number, signal: AbortSignal): Promise<Entry>
  /** Before all that the sink has not taken yet; among what was given back the oldest is first. */
  giveBack(sink: number, entry: Entry): void
  /** It is done by all sinks, or lost. */
  remove(entry: Entry): void
  oldest(sink: number): Entry | undefined
  /** All of them, oldest first. Not to be changed meanwhile. */
  entries(): Iterable<Entry>
  /** All who wait are rejected, and whoever comes. */
  close(reason: Error): void
}

type Waiter = PromiseWithResolvers<Entry>
interface Line {
  readonly bit: number
  /** Everything before was taken once. */
  cursor: number
  /** Everything before is done or removed. */
  oldest: number
  /** Given back, the youngest first. */
  readonly returned: Entry[]
  readonly waiting: Set<Waiter>
}

const CUT_AT = 1024

export function createQueue(sinkCount: number): Queue {
  let entries: (Entry | undefined)[] = []
  /** Position of entries[0]. */
  let base = 0
  let head = 0
  let length = 0
  let closed: Error | undefined
  const lines = Array.from({ length: sinkCount }, (_, sink): Line => {
    return { bit: 1 << sink, cursor: 0, oldest: 0, returned: [], waiting: new Set() }
  })

  const isOpen = (entry: Entry | undefined, line: Line): entry is Entry =>
    entry !== undefined && (entry.done & line.bit) === 0

  const at = (position: number) => entries[position - base]
  const end = () => base + entries.length

  const next = (line: Line): Entry | undefined => {
    while (line.returned.length > 0) {
      const entry = line.returned.pop()
      if (isOpen(entry, line) && at(entry.position) === entry) return entry
    }
    for (line.cursor = Math.max(line.cursor, base + head); line.cursor < end(); ) {
      const entry = at(line.cursor++)
      if (isOpen(entry, line)) return entry
    }
    return undefined
  }

  const wake = (line: Line) => {
    for (const waiter of line.waiting) {
      const entry = next(line)
      if (entry === undefined) return
      line.waiting.delete(waiter)
      waiter.resolve(entry)
    }
  }

  const cut = () => {
    while (head < entries.length && entries[head] === undefined) head++
    if (head < CUT_AT || head * 2 < entries.length) return
    entries = entries.slice(head)
    base += head
    head = 0
  }

  return {
    get length() {
      return length
    },
    push(entry) {
      entry.position = end()
      entries.push(entry)
      length++
      for (const line of lines) wake(line)
    },
    async take(sink, signal) {
      signal.throwIfAborted()
      if (closed !== undefined) throw closed
      const line = lines[sink]!
      const entry = next(line)
      if (entry !== undefined) return entry
      const waiter: Waiter = Promise.withResolvers()
      line.waiting.add(waiter)
      const abort = () => {
        if (line.waiting.delete(waiter)) waiter.reject(signal.reason)
      }
      signal.addEventListener('abort', abort, { once: true })
      return waiter.promise.finally(() => signal.removeEventListener('abort', abort))
    },
    giveBack(sink, entry) {
      const line = lines[sink]!
      let place = line.returned.length
      while (place > 0 && line.returned[place - 1]!.position < entry.position) place--
      line.returned.splice(place, 0, entry)
      wake(line)
    },
    remove(entry) {
      if (at(entry.position) !== entry) return
      entries[entry.position - base] = undefined
      length--
      cut()
    },
    oldest(sink) {
      const line = lines[sink]!
      line.oldest = Math.max(line.oldest, base + head)
      while (line.oldest < end() && !isOpen(at(line.oldest), line)) line.oldest++
      return at(line.oldest)
    },
    *entries() {
      for (let index = head; index < entries.length; index++) {
        const entry = entries[index]
        if (entry !== undefined) yield entry
      }
    },
    close(reason) {
      closed = reason
      for (const line of lines) {
        for (const waiter of line.waiting) waiter.reject(reason)
        line.waiting.clear()
      }
    },
  }
}
