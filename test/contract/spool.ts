import { describe } from 'vitest'
import { againCases } from './spool-again.ts'
import { claimCases } from './spool-claims.ts'
import { intakeCases } from './spool-intake.ts'
import { type SpoolPlace, useSpools } from './spool-kit.ts'
import { replayCases } from './spool-replay.ts'

/** The cases that every spool has to pass, whatever it keeps its batches in. */
export function spoolContract(kind: string, makePlace: () => Promise<SpoolPlace>): void {
  describe(`${kind} as a spool`, () => {
    const spools = useSpools(makePlace)
    describe('what sinks get', () => claimCases(spools))
    describe('what is taken', () => intakeCases(spools))
    describe('what comes again', () => againCases(spools))
    describe('what is kept', () => replayCases(spools))
  })
}

/** The cases for a spool from which nothing can be claimed. */
export function replayContract(kind: string, makePlace: () => Promise<SpoolPlace>): void {
  describe(`${kind} as a spool`, () => replayCases(useSpools(makePlace)))
}
