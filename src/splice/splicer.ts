import type { Origin, Plan } from '../mapper/compile.ts'
import { createScanner, LINE_BYTES } from '../scan/scanner.ts'
import type { Extra } from './layout.ts'
import { createScannedLine } from './line.ts'
import { createOps } from './ops.ts'
import type { Meeting, Shape } from './shape.ts'
import { createEventWriter, type EventWriter } from './writer.ts'

/**
 * Maps a line to the bytes of its event without making objects of either: the values that the table names are read where they lie in the
 * line, and the event is joined of bytes of the line, constants and what was computed. Lines that are unusual in any way are left to the
 * long way, decode/ and Mapper.mapLine, whose events are the same JSON values. One line at a time: `read`, `run`, `write`.
 */
export interface Splicer {
  /** The bytes have to stay as they are until `write`. @returns undefined where the line has to go the long way */
  read(line: Buffer): Shape | undefined
  /** Runs the plan on the line that was read. @returns the names of rejected values; undefined where the line has to go the long way */
  run(plan: Plan, time: string, tags: Origin['tags']): readonly string[] | undefined
  /** The event of the plan that was run. @returns good until the next `write`; undefined where the line has to go the long way */
  write(writers: Writers, dataset: string): Buffer | undefined
  /** Of events with the extras of their dataset. */
  writers(extraOf: (dataset: string) => Extra): Writers
}

/** By plan, of which each dataset has its own. */
export interface Writers {
  of(plan: Plan, dataset: string): EventWriter | undefined
}

const CONTROL = /\p{Cc}/u

export function createSplicer(): Splicer {
  const scanner = createScanner()
  const line = createScannedLine(scanner)
  const ops = createOps(scanner)
  let shape: Shape | undefined
  let plan: Plan | undefined
  let meeting: Meeting | undefined
  let bytes = 0

  function writers(extraOf: (dataset: string) => Extra): Writers {
    const known = new Map<Plan, EventWriter | undefined>()
    return {
      of(plan, dataset) {
        if (!known.has(plan))
          known.set(
            plan,
            unlessFull(() => createEventWriter(plan, extraOf(dataset), scanner, line, ops)),
          )
        return known.get(plan)
      },
    }
  }

  /** Where the scanner has no room for more constants lines go the long way. */
  function unlessFull<T>(make: () => T): T | undefined {
    try {
      return make()
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  }

  return {
    writers,
    read(raw) {
      bytes = raw.length
      shape = bytes > LINE_BYTES ? undefined : line.read(raw)
      return shape
    },
    run(next, time, tags) {
      plan = next
      meeting = shape?.meet(next)
      if (meeting === undefined) return undefined
      const { inputs } = next.state
      const { reads } = meeting
      inputs.fill(undefined)
      for (let i = 0; i < reads.length; i += 2) inputs[reads[i]!] = line.value(reads[i + 1]!)
      return next.run({ text: '', time, tags }, meeting.steps)
    },
    write(writers, dataset) {
      const writer = writers.of(plan!, dataset)
      if (writer === undefined) return undefined
      ops.begin()
      try {
        writer.write(meeting!, bytes)
      } catch (error) {
        if (error instanceof RangeError) return undefined
        throw error
      }
      if (line.isEscaped && CONTROL.test(ops.texts())) return undefined
      const size = ops.end()
      return size < 0 ? undefined : scanner.out.subarray(0, size)
    },
  }
}
