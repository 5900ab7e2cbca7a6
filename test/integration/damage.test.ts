import { expect, it } from 'vitest'
import { runDamages } from '../spool/damage-run.ts'

/** 1: every byte, tens of thousands of starts, a quarter of an hour. */
const EVERY = Number(process.env.DAMAGE_EVERY ?? 37)

it.each(['killed', 'stopped'] as const)(
  'starts on a folder of a service that was %s whatever is damaged, replaced or in its way, and loses no other batch',
  async how => {
    const { cases, faults } = await runDamages({ how, every: EVERY, choose: damages => damages })
    console.log(`${how}: ${cases} damages, ${faults.length} with a fault`)
    expect(faults).toEqual([])
    expect(cases).toBeGreaterThan(300)
  },
  2_400_000,
)
