import { defineConfig } from 'vitest/config'

const long = ['test/integration/**/*.test.ts']

/** Files that mostly wait for a store, each with files that only compute: a group has one store at a time, and nothing that is measured. */
const besideStores = [
  ['stores', 'simulated-disk', 'random-store', 'splice'],
  ['templates', 'datasets-fuzz', 'datasets-cli'],
  ['elasticsearch-sink', 'package'],
].map(names => names.map(name => `test/integration/${name}.test.ts`))

/** A machine that is busy: what is waited for comes, but later. */
const slow = { expect: { poll: { timeout: 15_000 } } }
const patient = { ...slow, testTimeout: 300_000, hookTimeout: 300_000 }

export default defineConfig({
  test: {
    // By default a core is left idle; with two cores that doubles the time.
    maxWorkers: '100%',
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: long, testTimeout: 20_000, ...slow } },
      // Two files at a time, the largest or longest first, which is the one that waits; group by group.
      ...besideStores.map((include, index) => ({
        test: {
          name: `integration-${index + 1}`,
          include,
          ...patient,
          maxWorkers: 2,
          sequence: { groupOrder: index + 1 },
        },
      })),
      // One at a time, when all else is done: they build images, kill, or measure under load.
      {
        test: { name: 'integration', include: long, exclude: besideStores.flat(), ...patient, fileParallelism: false },
      },
    ],
  },
})
