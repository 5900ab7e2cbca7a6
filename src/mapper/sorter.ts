import { type Assign, type Assignment, assignDeclared, assignDetected } from './assign.ts'
import type { Detector } from './detect.ts'
import type { Line } from './types.ts'

/** What is sorted: a line in whatever shape its owner has it. */
export interface Sortable {
  /** The record's; undefined for a line that is none. */
  readonly keys: readonly string[] | undefined
  /** Size of the line, in characters or bytes. */
  readonly size: number
}

/**
 * Finds the dataset of each line of one batch, in the order of the lines. The first 100 records are held back to find the batch's
 * dataset by the union of their keys, unless one is declared, and whether all may be of it.
 */
export interface Sorter<Item extends Sortable> {
  /** Once the batch's dataset is found: what `push` would do without holding back. */
  readonly assign: Assign | undefined
  push(item: Item): void
  /** Holds back no longer: the batch's dataset is found by what came so far. */
  decide(): void
}

/** The keys of a decoded line's record; undefined where it is none. */
export function keysOf(line: Line): readonly string[] | undefined {
  return 'bad' in line ? undefined : Object.keys(line.record)
}

const SAMPLE = 100
/** Bounds what is held back where a batch is not made of usual records: parsed, a line can be twenty times its size. */
const MAX_HELD_LINES = 1000
const MAX_HELD_CHARS = 2 ** 20

/** @param take gets each item, with its assignment where it is a record */
export function createSorter<Item extends Sortable>(
  detector: Detector,
  declared: string | undefined,
  take: (item: Item, assignment: Assignment | undefined) => void,
): Sorter<Item> {
  let assign = declared === undefined ? undefined : assignDeclared(detector, declared)
  let held: Item[] = []
  let heldRecords = 0
  let heldChars = 0

  const hand = (item: Item, by: Assign) => take(item, item.keys === undefined ? undefined : by(item.keys))

  function decide(): void {
    if (assign !== undefined) return
    const items = held
    const found = assignDetected(
      detector,
      items.flatMap(({ keys }) => (keys === undefined ? [] : [keys])),
    )
    assign = found
    held = []
    for (const item of items) hand(item, found)
  }

  function hold(item: Item): void {
    if (item.keys === undefined && held.length === 0) {
      take(item, undefined)
      return
    }
    held.push(item)
    heldChars += item.size
    if (item.keys !== undefined) heldRecords++
    if (heldRecords >= SAMPLE || held.length >= MAX_HELD_LINES || heldChars >= MAX_HELD_CHARS) decide()
  }

  return {
    get assign() {
      return assign
    },
    push(item) {
      if (assign !== undefined) hand(item, assign)
      else hold(item)
    },
    decide,
  }
}
