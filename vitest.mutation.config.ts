import { defineConfig } from 'vitest/config'
import type { TestSequencer, TestSpecification } from 'vitest/node'

/**
 * The tests that cover what is mutated (stryker.config.json), the quickest first, as a mutant that is noticed ends its run. Left out are those that
 * start processes, which know nothing of mutants.
 */
const TESTS = [
  'test/spool/duplicates.test.ts',
  'test/spool/queue.test.ts',
  'test/spool/admission-time.test.ts',
  'test/spool/admission-room.test.ts',
  'test/spool/store.test.ts',
  'test/spool/settling.test.ts',
  'test/spool/numbers.test.ts',
  'test/spool/claim.test.ts',
  'test/spool/recover-told.test.ts',
  'test/sinks/elasticsearch-outcome.test.ts',
  'test/spool/admission.test.ts',
  'test/spool/disk.test.ts',
  'test/spool/for-command.test.ts',
  'test/spool/kept.test.ts',
  'test/spool/draft.test.ts',
  'test/spool/recover.test.ts',
  'test/simulation/defects.test.ts',
  'test/sinks/http-parts.test.ts',
  'test/spool/replay.test.ts',
  'test/spool/contract.test.ts',
  'test/sinks/elasticsearch-items.test.ts',
  'test/sinks/elasticsearch-answers.test.ts',
  'test/sinks/elasticsearch-mapping.test.ts',
  'test/sinks/elasticsearch-guard.test.ts',
  'test/sinks/elasticsearch.test.ts',
  'test/spool/disk-errors.test.ts',
  'test/simulation/simulation.test.ts',
]

const placeOf = ({ moduleId }: TestSpecification): number => TESTS.findIndex(path => moduleId.endsWith(path))

class QuickestFirst implements TestSequencer {
  async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files
  }
  async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => placeOf(a) - placeOf(b))
  }
}

export default defineConfig({
  test: {
    include: TESTS,
    testTimeout: 10_000,
    expect: { poll: { timeout: 5_000 } },
    sequence: { sequencer: QuickestFirst },
  },
})
