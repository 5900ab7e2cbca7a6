import type { Batch, Recovered } from '../../src/spool/spool.ts'
import type { Crash } from './disk.ts'

/** What the promise says of one stored batch, by its name. */
export interface Promised {
  readonly content: number
  /** Sinks that it is for. */
  readonly sinks: readonly string[]
  readonly done: Set<string>
  /** Acknowledged at some time: it may come again after a power loss, and need not. */
  readonly acked: Set<string>
  /** Acknowledged without an answer yet: done or not. */
  readonly doing: Set<string>
  /** Being set aside, or set aside. */
  aside: boolean
  /** Events whose write was answered, by dataset; they are in the files. */
  readonly written: Map<string, number>
  /** The power went: what was acknowledged may come again. */
  mayRepeat: boolean
}

/**
 * The promise (design §3), as far as a spool and a file sink can break it. Contents are numbers; `uncertain` counts, for each, attempts to
 * store it that a crash or a failing disk left without a certain end.
 */
export function createModel(sinks: readonly string[]) {
  const batches = new Map<string, Promised>()
  const uncertain = new Map<number, number>()

  const add = (batch: Batch, content: number): Promised => {
    const to = batch.again === undefined ? sinks : [batch.again.sink]
    const promised: Promised = {
      content,
      sinks: to,
      done: new Set(),
      acked: new Set(),
      doing: new Set(),
      aside: false,
      written: new Map(),
      mayRepeat: false,
    }
    if (batches.has(batch.name)) throw new Error(`the number ${batch.name} came twice`)
    batches.set(batch.name, promised)
    return promised
  }

  const isOver = ({ aside, sinks: to, done }: Promised) => aside || to.every(sink => done.has(sink))
  const mayBeGone = ({ aside, sinks: to, acked, doing }: Promised) =>
    aside || to.every(sink => acked.has(sink) || doing.has(sink))

  return {
    batches,
    uncertain,
    add,
    holds: (content: number) => [...batches.values()].some(each => each.content === content),
    waiting: () => [...batches].filter(([, each]) => !isOver(each)),
    /** Compares what a start found with what was promised; throws a sentence about what is wrong. */
    restarted(
      { batches: found }: Recovered,
      after: Crash | 'close',
      contentOf: (batch: Batch) => number,
      replaying: boolean,
    ): void {
      const names = new Set<string>()
      for (const { batch, sinks: waiting } of found) {
        if (names.has(batch.name)) throw new Error(`${batch.name} was found twice`)
        names.add(batch.name)
        const known = batches.get(batch.name)
        if (known === undefined) {
          const content = contentOf(batch)
          if (batch.again !== undefined && replaying) {
            add(batch, content)
            continue
          }
          const left = batch.again === undefined ? (uncertain.get(content) ?? 0) : 0
          if (left === 0) throw new Error(`${batch.name} (content ${content}) was refused or is unknown, and is there`)
          uncertain.set(content, left - 1)
          add(batch, content)
          continue
        }
        for (const sink of known.sinks) {
          const waits = waiting.includes(sink)
          if (waits && known.done.has(sink) && after !== 'power')
            throw new Error(`${batch.name} comes again to ${sink}`)
          if (!waits && !known.acked.has(sink) && !known.doing.has(sink))
            throw new Error(`${batch.name} is lost to ${sink}`)
          if (waits) known.done.delete(sink)
          else known.done.add(sink)
          if (!waits) known.acked.add(sink)
        }
        if (known.aside && after !== 'power') known.aside = false
      }
      for (const [name, known] of batches) {
        if (!names.has(name) && !mayBeGone(known)) throw new Error(`${name} (content ${known.content}) is lost`)
        if (!names.has(name)) for (const sink of known.sinks) known.done.add(sink) && known.acked.add(sink)
        known.doing.clear()
        if (names.has(name)) known.aside = false
        if (after === 'power') known.mayRepeat = true
      }
      // A file whose name was not certain is certain now: it was found and its folder was fsynced, or it is not there.
      if (after !== 'close') uncertain.clear()
    },
  }
}

export type Model = ReturnType<typeof createModel>
