import { describe, expect, test } from 'vitest'
import { put, seal } from '../contract/spool-kit.ts'
import { eventsNamed, pieceOf } from '../helpers/pieces.ts'
import type { SimulatedDisk } from './disk.ts'
import { createMachine } from './kit.ts'

const never = new AbortController().signal
const SEEDS = 24
const MAX_GAP = 8
/** Some are, of an open, no failure of the disk. */
const CODES = ['EIO', 'EACCES', 'EROFS']

/**
 * From now on the fsync of this number fails and, with most seeds, one of the seven after it as well: what a start that failed left behind is
 * made durable only by the next start, whose own fsync may fail. Answers with whether the first failure was reached.
 */
function failFsync(disk: SimulatedDisk, failing: number, seed: number): () => boolean {
  const second = failing + (seed % MAX_GAP)
  let seen = 0
  disk.fault = ({ name }) => {
    if (name !== 'fsync') return undefined
    seen++
    return seen === failing || seen === second ? { code: CODES[seed % CODES.length]! } : undefined
  }
  return () => seen >= failing
}

/** Runs a story with a failure of its first fsync, its second, and so on; answers with how many it has. */
async function eachFsync(story: (seed: number, failing: number) => Promise<boolean>): Promise<number> {
  for (let failing = 1; ; failing++)
    for (let seed = 0; seed < SEEDS; seed++) if (!(await story(seed, failing))) return failing - 1
}

/** A start that fails ends its process, and the next finds what it left. */
async function started<T>(make: () => T, open: (made: T) => Promise<unknown>): Promise<T> {
  for (let failures = 0; ; failures++) {
    const made = make()
    try {
      await open(made)
      return made
    } catch (error) {
      if (failures === 2) throw error
    }
  }
}

describe.each(['ordered', 'hostile'] as const)('whatever fsync of a folder failed, a power loss (%s) leaves', order => {
  test('a batch that was answered as stored', async () => {
    let stored = 0
    const count = await eachFsync(async (seed, failing) => {
      const { disk, spool } = createMachine(seed, order)
      const isReached = failFsync(disk, failing, seed)
      const one = await started(spool, each => each.open())
      const answer = await put(one, 'x').catch(() => 'refused')
      disk.crash('power')
      disk.fault = () => undefined
      if (answer === 'stored') expect((await spool().open()).batches).toHaveLength(1)
      if (answer === 'stored') stored++
      return isReached()
    })
    expect(count).toBeGreaterThan(15)
    expect(stored).toBeGreaterThan((count * SEEDS) / 2)
  })

  test('a batch that was refused, could not be removed, and was answered as a duplicate after a kill', async () => {
    const answers = new Set<string>()
    const count = await eachFsync(async (seed, failing) => {
      const { disk, spool } = createMachine(seed, order)
      const first = spool()
      const same = seal()
      await first.open()
      disk.fault = ({ name, path }) =>
        path.includes('/batches') && ['fsync', 'unlink'].includes(name) ? { code: 'EIO' } : undefined
      await expect(put(first, 'x', same)).rejects.toMatchObject({ reason: 'disk error' })
      disk.crash('kill')
      const isReached = failFsync(disk, failing, seed)
      const second = await started(spool, each => each.open())
      const answer = await put(second, 'x', same).catch(() => 'refused')
      answers.add(answer)
      disk.crash('power')
      disk.fault = () => undefined
      if (answer !== 'refused') expect((await spool().open()).batches).toHaveLength(1)
      return isReached()
    })
    expect(count).toBeGreaterThan(5)
    expect([...answers]).toContain('duplicate')
  })

  test('what the file sink answered as written', async () => {
    const events = eventsNamed('a', 4, 700)
    const count = await eachFsync(async (seed, failing) => {
      const { disk, sink, text } = createMachine(seed, order)
      const isReached = failFsync(disk, failing, seed)
      const one = await started(sink, each => each.open(never))
      for (const first of [0, 2]) {
        const piece = pieceOf(events.slice(first, first + 2), { batch: 'a', first })
        const write = () => one.write(piece, never)
        await write().catch(write).catch(write)
      }
      disk.crash('power')
      disk.fault = () => undefined
      await sink().open(never)
      expect(text('.ndjson').trimEnd().split('\n')).toEqual(events)
      return isReached()
    })
    expect(count).toBeGreaterThan(4)
  })
})
