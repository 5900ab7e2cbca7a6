import type { State } from '../mapper/state.ts'
import type { Json } from '../mapper/types.ts'
import { isSame } from '../mapper/value.ts'
import { ITEMS, type Joiner, MEMO_BYTES, SLOTS } from '../scan/joiner.ts'
import { ESCAPED, FLOAT, INTEGER, type Scanner, STRING } from '../scan/scanner.ts'

/** Tells the joiner where the values of an event's slots lie, and writes those that are no bytes of the line. */
export interface Values {
  /** Makes all slots of a plan empty. */
  clear(slots: number): void
  /** Forgets the texts of the last event. */
  begin(): void
  /**
   * Places the slot's value. An object that comes again is the same value.
   *
   * @param members by field: which member of the line it is, or -1
   */
  place(state: State, members: Int32Array, slot: number): void
  /** As `place`, where something else placed a value there meanwhile. */
  placeAnew(state: State, members: Int32Array, slot: number): void
  /** Bytes of the line as a JSON string. */
  placeString(slot: number, start: number, end: number): void
  /** @returns address and length of some JSON */
  add(json: string): readonly [address: number, length: number]
  /** Writes what was added. @returns how many bytes that is, -1 when it does not fit or is not ASCII */
  end(): number
}

const OWN_KINDS = (1 << STRING) | (1 << INTEGER) | (1 << ESCAPED) | (1 << FLOAT)
/** UTF-8 needs at most three bytes for one UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3
/** What stands for a slot in the joiner's values, and stays good: nothing, or its memo, of its last text or list; or else something for one event. */
const EMPTY = 0
const MEMO_OF_TEXT = 1
const MEMO_OF_LIST = 2
const CHANGING = 3
/** So many texts of a slot are not compared until one is, to the last that was: to compare all would take longer than it saves. */
const PATIENCE = 16

/** So many texts of an event are no reason to grow an array anew. */
const USUAL_PARTS = 256

export function createValues({ tokens }: Scanner, joiner: Joiner): Values {
  const { values, lineAt, items, itemsAt, texts, textsAt, memo, memoAt } = joiner
  /** An array that stays, since a string that grows is copied again and again. */
  const parts: string[] = []
  let count = 0
  let size = 0
  let itemCount = 0
  // By slot. Strings and objects lie apart, as V8 compares values of any type a few times slower.
  const modes = new Uint8Array(SLOTS)
  const lastTexts: string[] = Array(SLOTS).fill('')
  const lastLists: (readonly Json[])[] = Array(SLOTS).fill([])
  /** After how many texts the next is compared. */
  const patience = new Uint8Array(SLOTS)

  /** The value's own bytes, if it is one of the record's and reads the same in the event. */
  function placeOwn(state: State, members: Int32Array, slot: number): boolean {
    const field = state.origins[slot]!
    if (field < 0 || !isSame(state.values[slot], state.inputs[field])) return false
    const member = 3 * members[field]!
    if (((OWN_KINDS >> tokens[member + 2]!) & 1) === 0) return false
    values[2 * slot] = lineAt + tokens[member]!
    values[2 * slot + 1] = tokens[member + 1]! - tokens[member]!
    return true
  }

  function placeMemo(slot: number, value: string | readonly Json[]): boolean {
    const json = JSON.stringify(value)
    if (json.length * MAX_BYTES_PER_UNIT > MEMO_BYTES) return false
    values[2 * slot] = memoAt + slot * MEMO_BYTES
    values[2 * slot + 1] = memo.write(json, slot * MEMO_BYTES, 'utf8')
    modes[slot] = typeof value === 'string' ? MEMO_OF_TEXT : MEMO_OF_LIST
    return true
  }

  /** @returns its address */
  function push(text: string): number {
    const at = textsAt + size
    parts[count++] = text
    size += text.length
    return at
  }

  /** With a negative length for what is to become a JSON string. */
  function putText(to: Int32Array, entry: number, value: Json): void {
    if (typeof value === 'string' && value.length > 0) {
      to[entry] = push(value)
      to[entry + 1] = -value.length
    } else {
      const json = typeof value === 'number' ? String(value) : JSON.stringify(value)
      to[entry] = push(json)
      to[entry + 1] = json.length
    }
  }

  function putList(entry: number, list: readonly Json[]): void {
    values[entry] = itemsAt + 8 * itemCount
    values[entry + 1] = list.length
    // Behind the last of them nothing is written, and `end` tells.
    for (let i = 0; i < list.length; i++) putText(items, 2 * itemCount++, list[i]!)
  }

  function placeText(slot: number, text: string): void {
    if (patience[slot]! > 0) patience[slot]!--
    else {
      if (text === lastTexts[slot] && text.length < MEMO_BYTES / MAX_BYTES_PER_UNIT && placeMemo(slot, text)) return
      lastTexts[slot] = text
      patience[slot] = PATIENCE
    }
    putText(values, 2 * slot, text)
  }

  function placeList(slot: number, list: readonly Json[]): void {
    if (list === lastLists[slot] && placeMemo(slot, list)) return
    lastLists[slot] = list
    putList(2 * slot, list)
  }

  function place(state: State, members: Int32Array, slot: number): void {
    const value = state.values[slot]
    if (value === undefined) {
      if (modes[slot] === EMPTY) return
      values[2 * slot + 1] = 0
      modes[slot] = EMPTY
      return
    }
    if (modes[slot] === MEMO_OF_TEXT && typeof value === 'string' && value === lastTexts[slot]) return
    if (modes[slot] === MEMO_OF_LIST && Array.isArray(value) && value === lastLists[slot]) return
    modes[slot] = CHANGING
    if (placeOwn(state, members, slot)) return
    if (typeof value === 'string') placeText(slot, value)
    else if (Array.isArray(value) && value.length > 0) placeList(slot, value)
    else putText(values, 2 * slot, value)
  }

  return {
    clear(slots) {
      values.fill(0, 0, 2 * slots)
      modes.fill(EMPTY, 0, slots)
    },
    begin() {
      if (parts.length > USUAL_PARTS) parts.length = USUAL_PARTS
      count = 0
      size = 0
      itemCount = 0
    },
    place,
    placeAnew(state, members, slot) {
      modes[slot] = CHANGING
      place(state, members, slot)
    },
    placeString(slot, start, end) {
      values[2 * slot] = lineAt + start
      values[2 * slot + 1] = start - end
    },
    add: json => [push(json), json.length],
    end() {
      // Full, a text that was cut could be taken for one that is ASCII.
      if (itemCount > ITEMS || size > texts.length - MAX_BYTES_PER_UNIT) return -1
      // All of the array, which is as long as it ever was: a part of it would be garbage each time.
      if (count < parts.length) parts.fill('', count)
      if (size > 0 && texts.write(parts.join(''), 0, 'utf8') !== size) return -1
      return size
    },
  }
}
