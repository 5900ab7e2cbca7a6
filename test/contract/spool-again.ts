import { expect, test } from 'vitest'
import { bytesOf, claimNow, never, put, type useSpools } from './spool-kit.ts'

const all = { since: undefined, until: undefined }
const to = (sink: string, kind: 'redrive' | 'replay' = 'redrive') => ({ again: { kind, sink } as const })

export function againCases(spools: ReturnType<typeof useSpools>): void {
  test('rows come out as they went in, also after a restart', async () => {
    const spool = await spools.start()
    await put(spool, '{"id":"a"}\n{"id":"b"}\n', { format: 'rows', lines: 2, dataset: undefined, ...to('one') })
    const [next, recovered] = await spools.restart(spool)
    const claim = await next.claim('one', never)
    expect(claim.batch).toMatchObject({ format: 'rows', lines: 2, again: { kind: 'redrive', sink: 'one' } })
    expect([spools.stored[0], recovered.batches[0]?.batch]).toEqual([claim.batch, claim.batch])
    expect(String(await bytesOf(claim))).toBe('{"id":"a"}\n{"id":"b"}\n')
  })

  test('only its sink gets what comes again, in its turn, and its acknowledgement is the last', async () => {
    const sinks = ['one', 'two', 'three']
    const spool = await spools.start({ sinks })
    await put(spool, 'a')
    await put(spool, 'b', to('two'))
    await put(spool, 'c')
    const bodies: Record<string, string[]> = {}
    for (const sink of sinks) {
      bodies[sink] = []
      for (let claim = await claimNow(spool, sink); claim; claim = await claimNow(spool, sink)) {
        bodies[sink].push(String(await bytesOf(claim)))
        await claim.ack()
      }
      if (sink === 'one') expect(spool.usage.batches).toBe(3)
      if (sink === 'two') expect(spool.usage.batches).toBe(2)
    }
    expect(bodies).toEqual({ one: ['a', 'c'], two: ['a', 'b', 'c'], three: ['a', 'c'] })
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
  })

  test('the age of what comes again is that of its waiting, for its sink alone', async () => {
    const spool = await spools.start({ sinks: ['one', 'two'], keepBytes: 1e9 })
    await put(spool, 'a')
    await spools.deliver(spool, ['one', 'two'])
    spools.clock += 86_400_000
    await spool.replay('two', all)
    spools.clock += 5000
    expect([spool.oldestAgeMs('one'), spool.oldestAgeMs('two')]).toEqual([0, 5000])
  })

  test('after a restart it waits for its sink, and a sink that is new gets none of it', async () => {
    const sinks = ['one', 'two']
    const spool = await spools.start({ sinks, keepBytes: 1e9 })
    await put(spool, 'a')
    await spools.deliver(spool, sinks)
    await spool.replay('two', all)
    await put(spool, 'b', to('one'))
    await spools.restart(spool, { sinks: ['one', 'two', 'three'] }).then(async ([next, { batches }]) => {
      expect(batches.map(batch => batch.sinks)).toEqual([['two'], ['one']])
      expect(batches.map(({ batch }) => batch)).toEqual(spools.stored.slice(1))
      expect(await claimNow(next, 'three')).toBeUndefined()
      expect(String(await bytesOf(await next.claim('two', never)))).toBe('a')
      expect(String(await bytesOf(await next.claim('one', never)))).toBe('b')
    })
  })

  test('while its sink is not configured it stays, counts for nothing, and is there when the sink is', async () => {
    const spool = await spools.start({ sinks: ['one', 'two'] })
    const batchId = new Uint8Array(32).fill(4)
    await put(spool, 'x'.repeat(90), { ...to('two'), batchId })
    const [without, recovered] = await spools.restart(spool, { maxBytes: 100 })
    expect([recovered, without.usage]).toEqual([
      { batches: [], setAside: 0 },
      { bytes: 0, batches: 0 },
    ])
    expect(await put(without, 'y'.repeat(80))).toBe('stored')
    expect(without.holds(batchId)).toBe(true)
    await spools.deliver(without)
    const [again, found] = await spools.restart(without, { sinks: ['one', 'two'] })
    expect(found.batches.map(({ sinks }) => sinks)).toEqual([['two']])
    expect(again.usage).toEqual({ bytes: 90, batches: 1 })
    expect(await bytesOf(await again.claim('two', never))).toHaveLength(90)
  })

  test('names go on behind what waits for a sink that is not configured', async () => {
    const spool = await spools.start({ sinks: ['one', 'two'] })
    spools.clock += 10 * 365 * 86_400_000
    await put(spool, 'x', to('two'))
    spools.clock -= 10 * 365 * 86_400_000
    const [without] = await spools.restart(spool)
    await put(without, 'y')
    const [both, { setAside }] = await spools.restart(without, { sinks: ['one', 'two'] })
    expect([setAside, both.usage.batches]).toEqual([0, 2])
    expect(new Set(spools.stored.map(({ name }) => name)).size).toBe(2)
  })

  test('what comes again can be released and set aside like any batch', async () => {
    const spool = await spools.start({ sinks: ['one', 'two'] })
    await put(spool, 'x', to('two'))
    ;(await spool.claim('two', never)).release()
    await (await spool.claim('two', never)).setAside('its gzip is broken')
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
    const [, recovered] = await spools.restart(spool, { sinks: ['one', 'two'] })
    expect(recovered.batches).toEqual([])
  })

  test('a sink that the spool does not know is a mistake of whoever stores for it', async () => {
    const spool = await spools.start()
    await expect(put(spool, 'x', to('two'))).rejects.toThrow(RangeError)
    await expect(spool.replay('two', all)).rejects.toThrow(RangeError)
    expect(spools.stored).toEqual([])
  })
}
