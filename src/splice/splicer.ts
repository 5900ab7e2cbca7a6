import type { Origin, Plan } from '../mapper/compile.ts'
import { createJoiner, type Leaves, unlessFull } from '../scan/joiner.ts'
import { createModule } from '../scan/module.ts'
import { createReader } from '../scan/reader.ts'
import { createScanner, LINE_BYTES } from '../scan/scanner.ts'
import type { Extra } from './layout.ts'
import { createScannedLine } from './line.ts'
import type { Meeting, Shape } from './shape.ts'
import { createValues } from './values.ts'
import { createVendor } from './vendor.ts'
import { createEventWriter, joinedLeaves } from './writer.ts'

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

/** The places of events, by plan, of which each dataset has its own. */
export interface Writers {
  of(plan: Plan, dataset: string): Leaves | undefined
}

export function createSplicer(): Splicer {
  const module = createModule()
  const scanner = createScanner(module)
  const reader = createReader(module)
  const joiner = createJoiner(module)
  const names = new Map<string, readonly [address: number, length: number]>()
  const line = createScannedLine(scanner, reader, { joiner, nameAt })
  const values = createValues(scanner, joiner)
  const writer = createEventWriter(joiner, values, createVendor(scanner, joiner, line, values))
  let shape: Shape | undefined
  let plan: Plan | undefined
  let meeting: Meeting | undefined
  /** Whose tables the joiner has. */
  let entered: Meeting | undefined
  let taken: Uint8Array | undefined
  let bytes = 0

  function nameAt(name: string): readonly [address: number, length: number] {
    const text = `${JSON.stringify(name)}:`
    return names.getOrInsertComputed(name, () => [joiner.constant(text), Buffer.byteLength(text)] as const)
  }

  function writers(extraOf: (dataset: string) => Extra): Writers {
    const known = new Map<Plan, Leaves | undefined>()
    return {
      of(plan, dataset) {
        if (!known.has(plan))
          known.set(
            plan,
            unlessFull(() => joinedLeaves(plan, extraOf(dataset), joiner)),
          )
        return known.get(plan)
      },
    }
  }

  /** Another splicer may have run the plan meanwhile. */
  function enter(next: Plan, meeting: Meeting): void {
    if (meeting === entered && next.state.taken === taken) return
    const { copies, kept, targets } = joiner
    values.clear(next.state.values.length)
    joiner.values[2 * next.vendor + 1] = 1
    reader.reads.set(meeting.reads)
    copies.set(meeting.copying.rows)
    kept.set(meeting.kept)
    targets.set(meeting.targets)
    taken = joiner.taken.subarray(0, next.fields.size)
    next.state.taken = taken
    entered = meeting
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
      enter(next, meeting)
      const { inputs } = next.state
      inputs.fill(undefined)
      line.readInto(inputs, meeting.fields)
      return next.run({ text: '', time, tags }, meeting.steps)
    },
    write(writers, dataset) {
      const leaves = writers.of(plan!, dataset)
      if (leaves === undefined) return undefined
      const size = writer.write(plan!, meeting!, leaves, bytes)
      return size < 0 ? undefined : joiner.out.subarray(0, size)
    },
  }
}
