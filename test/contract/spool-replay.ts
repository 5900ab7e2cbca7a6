import { expect, test } from 'vitest'
import { put, type useSpools } from './spool-kit.ts'

const all = { since: undefined, until: undefined }
const idOf = (byte: number) => new Uint8Array(32).fill(byte)

export function replayCases(spools: ReturnType<typeof useSpools>): void {
  /** A spool with three delivered batches, stored a second apart. */
  const startWithThree = async (sinks: readonly string[] = ['one']) => {
    const spool = await spools.start({ keepBytes: 1e9, sinks })
    for (let number = 0; number < 3; number++, spools.clock += 1000)
      await put(spool, 'x'.repeat(10 + number), {
        batchId: idOf(number),
        lines: 1 + number,
        format: 'timed',
        gzip: true,
      })
    await spools.deliver(spool, sinks)
    const originals = spools.stored.splice(0)
    return { spool, originals }
  }

  test('what was delivered is kept, and is no part of what waits', async () => {
    const { spool } = await startWithThree()
    expect([spool.usage, spool.kept]).toEqual([
      { bytes: 0, batches: 0 },
      { bytes: 33, batches: 3 },
    ])
  })

  test('a replay stores all of it for one sink, in the order of storing, with its facts and a name and time of its own', async () => {
    const { spool, originals } = await startWithThree()
    expect(await spool.replay('one', all)).toEqual({ batches: 3, lines: 6, damaged: 0 })
    const expected = originals.map(({ name: _, ...facts }) => ({
      ...facts,
      storedAt: spools.clock,
      again: { kind: 'replay', sink: 'one' },
      name: expect.any(String),
    }))
    expect(spools.stored).toEqual(expected)
    expect(new Set([...spools.stored, ...originals].map(({ name }) => name)).size).toBe(6)
    expect([spool.usage, spool.kept]).toEqual([
      { bytes: 33, batches: 3 },
      { bytes: 33, batches: 3 },
    ])
  })

  test('a replay takes what was stored at its since or later, and before its until', async () => {
    const { spool, originals } = await startWithThree()
    const [first, second, third] = originals.map(({ storedAt }) => storedAt)
    const replayed = async (since: number | undefined, until: number | undefined) => {
      await spool.replay('one', { since, until })
      await spools.deliver(spool)
      return spools.stored.splice(0).map(({ lines }) => lines)
    }
    expect(await replayed(second, undefined)).toEqual([2, 3])
    expect(await replayed(undefined, third)).toEqual([1, 2])
    expect(await replayed(second! - 1, second! + 1)).toEqual([2])
    expect(await replayed(first! - 10, first)).toEqual([])
  })

  test('what waits for the same replay is left out, until it was delivered', async () => {
    const { spool } = await startWithThree(['one', 'two'])
    expect(await spool.replay('one', { since: undefined, until: spools.clock - 1000 })).toMatchObject({ batches: 2 })
    expect(await spool.replay('one', all)).toEqual({ batches: 1, lines: 3, damaged: 0 })
    expect(await spool.replay('two', all)).toMatchObject({ batches: 3 })
    expect(await spool.replay('one', all)).toEqual({ batches: 0, lines: 0, damaged: 0 })
    await spools.deliver(spool, ['one', 'two'])
    expect(await spool.replay('one', all)).toMatchObject({ batches: 3 })
  })

  test('replays that are asked for at the same time store each batch once', async () => {
    const { spool } = await startWithThree()
    const replays = await Promise.all(Array.from({ length: 5 }, () => spool.replay('one', all)))
    expect(replays.map(({ batches }) => batches).toSorted()).toEqual([0, 0, 0, 0, 3])
  })

  test('of kept batches with the same content one is replayed', async () => {
    const spool = await spools.start({ keepBytes: 1e9 })
    for (let copy = 0; copy < 3; copy++) await put(spool, 'x', { batchId: idOf(1), deduplicate: false })
    await spools.deliver(spool)
    expect([spool.kept.batches, await spool.replay('one', all)]).toMatchObject([3, { batches: 1 }])
  })

  test('what comes again is not kept once more', async () => {
    const { spool } = await startWithThree()
    await put(spool, 'rows', { format: 'rows', again: { kind: 'redrive', sink: 'one' } })
    await spool.replay('one', all)
    await spools.deliver(spool)
    expect([spool.usage, spool.kept]).toEqual([
      { bytes: 0, batches: 0 },
      { bytes: 33, batches: 3 },
    ])
  })

  test('a spool that takes nothing refuses a replay as it refuses a batch', async () => {
    const { spool } = await startWithThree()
    spool.stopAccepting()
    await expect(spool.replay('one', all)).rejects.toMatchObject({ name: 'UnavailableError', reason: 'shutting down' })
  })

  test('whether a batch id waits can be asked, for what came and for what comes again', async () => {
    const spool = await spools.start({ keepBytes: 1e9 })
    const [came, redriven] = [idOf(1), idOf(2)]
    expect(spool.holds(came)).toBe(false)
    await put(spool, 'x', { batchId: came })
    await put(spool, 'y', { batchId: redriven, format: 'rows', again: { kind: 'redrive', sink: 'one' } })
    expect([came, redriven, idOf(3)].map(spool.holds)).toEqual([true, true, false])
    await spools.deliver(spool)
    expect([came, redriven].map(spool.holds)).toEqual([false, false])
    await spool.replay('one', all)
    expect([came, redriven].map(spool.holds)).toEqual([true, false])
  })

  test('a batch that comes again is never a duplicate, and makes no other one', async () => {
    const spool = await spools.start()
    const again = { kind: 'redrive', sink: 'one' } as const
    await put(spool, 'x', { batchId: idOf(1) })
    expect(await put(spool, 'x', { batchId: idOf(1), again })).toBe('stored')
    expect(await put(spool, 'x', { batchId: idOf(1) })).toBe('duplicate')
    expect(await put(spool, 'y', { batchId: idOf(2), again })).toBe('stored')
    expect(await put(spool, 'y', { batchId: idOf(2), again })).toBe('stored')
    expect(await put(spool, 'y', { batchId: idOf(2) })).toBe('stored')
  })
}
