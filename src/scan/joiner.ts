import type { ScanModule } from './module.ts'
import { MEMBERS } from './scanner.ts'

/** More slots, fields, copies or targets than that a plan cannot have here. */
export const SLOTS = 1024
export const FIELDS = 1024
export const COPIES = 1024
export const TARGETS = 64
export const ITEMS = 8192
/** Bytes of a slot's memo. */
export const MEMO_BYTES = 128
/** An opening has no more bytes, and a leaf lies in fewer objects below the event. */
export const OPENING_BYTES = 255
export const DEPTHS = 7

const TEXTS_BYTES = 262_144
const CONSTANTS_BYTES = 1_048_576
const OUT_BYTES = 2_097_152
/** Numbers of a copy, a kept member, a target; see below. */
const ROW = 4

/** A place of an event: where it stands, and which slot's value it has. */
export interface JoinedLeaf {
  /** -1 for a constant. */
  readonly slot: number
  readonly constant: string | undefined
  /** In how many objects it lies, the event not counted; and in how many of them the leaf before does too. */
  readonly depth: number
  readonly shared: number
  /** `"a":{"b":` for a leaf of two names. */
  readonly opening: string
  /** Index in `opening` of each name. */
  readonly names: readonly number[]
}

/** Where the leaves of a writer lie. */
export interface Leaves {
  readonly address: number
  readonly count: number
}

/** What is the same for all events of a plan and a list of keys. */
export interface Layout {
  /** Slot of the object of the line's members. */
  readonly vendor: number
  /** That is the whole line. */
  readonly isWhole: boolean
}

/**
 * Joins events of bytes of the line that was scanned last, constants, and texts that the caller writes into `texts` and `memo`. All that it
 * reads is the caller's to set, before each event or when something else follows.
 */
export interface Joiner {
  /**
   * By slot, two numbers: address and length of its JSON; length 0 for none. With a negative length the bytes come as a JSON string; at
   * an address of `items` it is a list of so many.
   */
  readonly values: Int32Array
  /** Of the lists: two numbers an item, as `values`. */
  readonly items: Int32Array
  readonly itemsAt: number
  /** By field: whether it was taken. */
  readonly taken: Uint8Array
  /** Four numbers a copy: member, set of kinds (bits), slot, field. */
  readonly copies: Int32Array
  /** Four numbers a member below the vendor's object: field whose being taken leaves it out or -1, 1 to leave it out always, address and length of another key than its own. */
  readonly kept: Int32Array
  /** Four numbers for each of the table's own names there: slot, 0, address and length of the key. Keys are JSON with their colon. */
  readonly targets: Int32Array
  /** By member, as `values`: what is written for it where its kind was made REPLACED. */
  readonly replaced: Int32Array
  /** 256 KiB for texts of one event. */
  readonly texts: Buffer
  readonly textsAt: number
  /** MEMO_BYTES for each slot, for texts that stay. */
  readonly memo: Buffer
  readonly memoAt: number
  /** Address of the line's first byte. */
  readonly lineAt: number
  /** @returns address of the text's bytes, which stay as long as the joiner @throws RangeError when their 1 MiB is used up */
  constant(text: string): number
  /** @throws as `constant`, and where a leaf lies too deep or its names are too long */
  leaves(leaves: readonly JoinedLeaf[]): Leaves
  /**
   * Does the first `count` copies: where a member is of one of its kinds, its bytes become the slot's value, and the field is taken; else the slot
   * has none. @returns how many copies are of members of another kind, not null and not an empty text: their numbers are in `odd`
   */
  copyMembers(count: number): number
  readonly odd: Int32Array
  /**
   * @param textBytes how many of `texts` there are
   * @returns how many bytes of `out` the event is, -1 where it might not fit or a text has a control character
   */
  join(leaves: Leaves, layout: Layout, members: number, targets: number, lineBytes: number, textBytes: number): number
  /** 2 MiB; good until the next `join`. */
  readonly out: Buffer
}

/** @returns undefined where there is no room in a joiner for what is made */
export function unlessFull<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const LEAF_BYTES = 32
const encoder = new TextEncoder()

export function createJoiner(module: ScanModule): Joiner {
  const { at, bytes, numbers, copyMembers, joinEvent } = module
  const constants = bytes(at.CONSTANTS_AT, CONSTANTS_BYTES)
  let constantsEnd = 0

  function constant(text: string): number {
    const { read, written } = encoder.encodeInto(text, constants.subarray(constantsEnd))
    if (read < text.length) throw new RangeError('There is no room for another constant')
    constantsEnd += written
    return at.CONSTANTS_AT.value + constantsEnd - written
  }

  /** The form is told in wasm/event.ts. */
  function leafBytes({ slot, constant: json, depth, shared, opening, names }: JoinedLeaf): Buffer {
    if (depth >= DEPTHS || opening.length > OPENING_BYTES) throw new RangeError('A target lies too deep')
    const leaf = Buffer.alloc(LEAF_BYTES)
    leaf.writeInt32LE(slot, 0)
    leaf.set([depth, shared], 4)
    leaf.writeUInt16LE(opening.length, 6)
    leaf.writeInt32LE(constant(opening), 8)
    if (json !== undefined) {
      leaf.writeInt32LE(constant(json), 12)
      leaf.writeInt32LE(Buffer.byteLength(json), 16)
    }
    leaf.set(names, 20)
    return leaf
  }

  return {
    values: numbers(at.VALUES_AT, SLOTS * 2),
    items: numbers(at.ITEMS_AT, ITEMS * 2),
    itemsAt: at.ITEMS_AT.value,
    taken: bytes(at.TAKEN_AT, FIELDS),
    copies: numbers(at.COPIES_AT, COPIES * ROW),
    kept: numbers(at.KEPT_AT, MEMBERS * ROW),
    targets: numbers(at.TARGETS_AT, TARGETS * ROW),
    replaced: numbers(at.REPLACED_AT, MEMBERS * 2),
    texts: bytes(at.TEXTS_AT, TEXTS_BYTES),
    textsAt: at.TEXTS_AT.value,
    memo: bytes(at.MEMO_AT, SLOTS * MEMO_BYTES),
    memoAt: at.MEMO_AT.value,
    lineAt: at.LINE_AT.value,
    constant,
    leaves(leaves) {
      const table = Buffer.concat(leaves.map(leafBytes))
      if (table.copy(constants, constantsEnd) < table.length) throw new RangeError('There is no room for more leaves')
      constantsEnd += table.length
      return { address: at.CONSTANTS_AT.value + constantsEnd - table.length, count: leaves.length }
    },
    copyMembers,
    odd: numbers(at.ODD_AT, COPIES),
    join: ({ address, count }, { vendor, isWhole }, members, targets, lineBytes, textBytes) =>
      joinEvent(address, count, vendor, isWhole, members, targets, lineBytes, textBytes),
    out: bytes(at.OUT_AT, OUT_BYTES),
  }
}
