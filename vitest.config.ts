import { defineConfig } from 'vitest/config'

const long = ['test/integration/**/*.test.ts']

/** A machine that is busy: what is waited for comes, but later. */
const slow = { expect: { poll: { timeout: 15_000 } } }

export default defineConfig({
  test: {
    // By default a core is left idle; with two cores that doubles the time.
    maxWorkers: '100%',
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: long, testTimeout: 20_000, ...slow } },
      {
        test: {
          name: 'integration',
          include: long,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          ...slow,
          fileParallelism: false,
        },
      },
    ],
  },
})
