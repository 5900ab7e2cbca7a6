import fc from 'fast-check'
import { commands } from './commands.ts'
import type { Order } from './crash.ts'
import { createWorld, type World } from './world.ts'

/** So many sequences follow from one seed. */
export const SEQUENCES_A_SEED = 20

const RETENTION_MS = 30_000

/** One sequence: what the model and the last words of the run say is thrown. */
async function runOne(
  seed: number,
  order: Order,
  list: Iterable<fc.AsyncCommand<object, World>>,
  trace?: (text: string) => void,
) {
  // In half of them finished event files are deleted, in a quarter they are compressed before.
  const [retentionMs, gzip] = [seed % 2 === 1 ? RETENTION_MS : 0, seed % 4 === 3]
  const world = createWorld({ seed, order, retentionMs, gzip, ...(trace && { trace }) })
  // Half of them crash while the folders are made.
  if (world.random.chance(0.5)) world.crashLater(world.random.pick(['kill', 'power']), 1 + world.random.below(90))
  await world.start('close')
  await fc.asyncModelRun(() => ({ model: {}, real: world }), list)
  await world.drain()
  await world.close()
}

/** Runs the sequences of one seed; answers with what fast-check says of the smallest that fails. */
export async function failureOf(
  seed: number,
  runs = SEQUENCES_A_SEED,
  trace?: (text: string) => void,
): Promise<string | undefined> {
  const arbitraries = [fc.nat(), fc.constantFrom<Order>('ordered', 'hostile'), commands] as const
  const property = fc.asyncProperty(...arbitraries, (worldSeed, order, list) => runOne(worldSeed, order, list))
  const result = await fc.check(property, { seed, numRuns: runs })
  if (!result.failed) return undefined
  const [worldSeed, order, list] = result.counterexample!
  if (trace !== undefined) await runOne(worldSeed, order, list, trace).catch(error => trace(String(error)))
  const cause = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance)
  return `seed ${seed} (${worldSeed}, ${order}): ${list} -> ${cause}`
}
