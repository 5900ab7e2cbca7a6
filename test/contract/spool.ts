import { describe } from 'vitest'
import { claimCases } from './spool-claims.ts'
import { intakeCases } from './spool-intake.ts'
import { type SpoolPlace, useSpools } from './spool-kit.ts'

/** The cases that every spool has to pass, whatever it keeps its batches in. */
export function spoolContract(kind: string, makePlace: () => Promise<SpoolPlace>): void {
  describe(`${kind} as a spool`, () => {
    const spools = useSpools(makePlace)
    describe('what sinks get', () => claimCases(spools))
    describe('what is taken', () => intakeCases(spools))
  })
}
