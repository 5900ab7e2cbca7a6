import { expect, it } from 'vitest'
import type { Damage } from './damage-cases.ts'
import { runDamages } from './damage-run.ts'

/** A few of the bytes, and what has stopped a start before; the whole is test/integration/damage.test.ts. */
const EVERY = 1999
const IS_OF_A_BYTE = /^(flip|zero|truncate)$/
const IS_IN_THE_WAY = /^(folder|fifo|link)$/
const PLACES = /^(control|lock|file-sink\/.*new|spool\/v1\/(incoming|receipts)|dead-letters\/.*taken)/

it.each<['killed' | 'stopped', string, (damage: Damage) => boolean]>([
  ['killed', 'a byte is damaged', ({ kind }) => IS_OF_A_BYTE.test(kind)],
  ['stopped', 'something else lies in the way', ({ path, kind }) => IS_IN_THE_WAY.test(kind) && PLACES.test(path)],
])(
  'starts on the folder of a service that was %s where %s, and loses no other batch',
  async (how, _, isChosen) => {
    const { cases, faults } = await runDamages({ how, every: EVERY, choose: damages => damages.filter(isChosen) })
    expect(faults).toEqual([])
    expect(cases).toBeGreaterThan(20)
  },
  60_000,
)
