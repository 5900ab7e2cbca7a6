import type { Order } from './crash.ts'
import type { Crash } from './disk.ts'
import { createWorld, type World } from './world.ts'

/** A small alphabet. What each letter does depends on what came before, as with the workloads of ACE. */
const LETTERS: Record<string, (world: World) => Promise<void>> = {
  accept: world => world.perform(() => world.accept(world.newContent())),
  'deliver to the file': world => world.perform(async () => void (await world.take('file', 'ack'))),
  'deliver to the other': world => world.perform(async () => void (await world.take('other', 'ack'))),
  restart: world => world.close(),
}

export type Word = readonly string[]

/** All words of so many letters, those that begin with an empty spool's restart left out. */
export function* wordsOf(length: number): Generator<Word> {
  if (length === 0) return yield []
  for (const word of wordsOf(length - 1)) for (const letter of Object.keys(LETTERS)) yield [...word, letter]
}

export interface Ending {
  readonly kind: Crash
  readonly order: Order
}

export const ENDINGS: readonly Ending[] = [
  { kind: 'kill', order: 'ordered' },
  { kind: 'power', order: 'ordered' },
  { kind: 'power', order: 'hostile' },
]

/**
 * Runs a word with a crash at each call of its last letter: those of the letters before are the last ones of shorter words. After it
 * the service starts, is compared with the model, and delivers all there is.
 *
 * @returns how many crashes there were
 */
export async function crashAtEachCall(word: Word, endings: readonly Ending[]): Promise<number> {
  let runs = 0
  for (const { kind, order } of endings)
    for (let call = 1; ; call++, runs++) {
      const world = createWorld({ seed: call * 31 + word.length, order })
      await world.start('close')
      for (const letter of word.slice(0, -1)) await LETTERS[letter]!(world)
      const before = world.crashes()
      world.crashLater(kind, call)
      try {
        await LETTERS[word.at(-1)!]!(world)
        if (world.crashes() === before) break
        await world.drain()
        await world.close()
      } catch (error) {
        throw new Error(`${word.join(', ')}; ${kind} at call ${call} of the last, ${order}`, { cause: error })
      }
    }
  return runs
}
