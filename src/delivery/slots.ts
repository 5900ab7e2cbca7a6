import type { Piece } from '../sinks/sink.ts'
import type { Outage } from './outage.ts'
import { slicePiece } from './pieces.ts'

/** A piece, or what is left of it, that is not settled. */
export interface Slot<O> {
  readonly owner: O
  piece: Piece
  state: 'waiting' | 'in flight' | 'resting'
  /** How many slots the piece from next() is in: halves share it. */
  readonly whole: { slots: number; release: (() => void) | undefined }
  /** Once it has rested. */
  patience?: ReturnType<Outage['patience']>
  /** How many writes had worked when this one failed as a whole. */
  failedAt?: number
  /** How often it failed as a whole where that says something of it: others worked, or the time was over. */
  ownFailures: number
}

/** The pieces that are not settled, in the order in which they are to be written. */
export interface Slots<O> {
  readonly length: number
  add(owner: O, piece: Piece): void
  waiting(): Slot<O> | undefined
  /** Those that wait by themselves. */
  resting(): { readonly count: number; readonly bytes: number }
  /** In two, the second behind the first; both wait. */
  halve(slot: Slot<O>): void
  moveToEnd(slot: Slot<O>): void
  /** Tells whether it was the last of its piece. */
  remove(slot: Slot<O>): boolean
}

export function createSlots<O>(): Slots<O> {
  const slots: Slot<O>[] = []
  return {
    get length() {
      return slots.length
    },
    add: (owner, piece) =>
      void slots.push({ owner, piece, state: 'waiting', whole: { slots: 1, release: piece.release }, ownFailures: 0 }),
    waiting: () => slots.find(slot => slot.state === 'waiting'),
    resting() {
      const resting = slots.filter(slot => slot.state === 'resting')
      return { count: resting.length, bytes: resting.reduce((sum, slot) => sum + slot.piece.bytes.length, 0) }
    },
    halve(slot) {
      const { piece } = slot
      const total = piece.ends.length
      slot.whole.slots++
      slot.ownFailures = 0
      slot.piece = slicePiece(piece, 0, total >> 1)
      const second: Slot<O> = { ...slot, piece: slicePiece(piece, total >> 1, total), state: 'waiting' }
      delete second.patience
      slots.splice(slots.indexOf(slot) + 1, 0, second)
    },
    moveToEnd: slot => void slots.push(...slots.splice(slots.indexOf(slot), 1)),
    remove(slot) {
      slots.splice(slots.indexOf(slot), 1)
      return --slot.whole.slots === 0
    },
  }
}
