import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { bytesOf, claimNow, never, put, seal, type useSpools } from './spool-kit.ts'

export function claimCases(spools: ReturnType<typeof useSpools>): void {
  test('a batch comes out with the bytes and the facts that went in', async () => {
    const spool = await spools.start()
    const facts = {
      lines: 7,
      dataset: 'dns_logs',
      format: 'timed',
      gzip: true,
      time: '2026-11-05T10:20:30.123456789Z',
    } as const
    const id = new Uint8Array(randomBytes(32))
    await put(spool, 'the body', { ...facts, batchId: id })
    const claim = await spool.claim('one', never)
    expect(await bytesOf(claim)).toEqual(Buffer.from('the body'))
    expect(claim.batch).toMatchObject({ ...facts, bytes: 8, storedAt: spools.clock })
    expect(Buffer.from(claim.batch.batchId)).toEqual(Buffer.from(id))
    expect(spools.stored).toEqual([claim.batch])
  })

  test('a batch without a dataset has none after it was stored and after a restart', async () => {
    const spool = await spools.start()
    await put(spool, 'x', { dataset: undefined, format: 'single' })
    const [, recovered] = await spools.restart(spool)
    expect([spools.stored[0], recovered.batches[0]?.batch].map(batch => batch?.dataset)).toEqual([undefined, undefined])
    expect(recovered.batches[0]?.batch).toEqual(spools.stored[0])
  })

  test('a body of many chunks is read in chunks of at most 256 KiB, as often as one likes', async () => {
    const spool = await spools.start()
    const body = randomBytes(1_500_001)
    const draft = await spool.draft()
    for (let at = 0; at < body.length; at += 70_001) await draft.write(Uint8Array.from(body.subarray(at, at + 70_001)))
    await draft.commit(seal())
    const claim = await spool.claim('one', never)
    for await (const chunk of claim.read(never)) expect(chunk.length).toBeLessThanOrEqual(256 * 1024)
    expect((await bytesOf(claim)).equals(body)).toBe(true)
    expect((await bytesOf(claim)).equals(body)).toBe(true)
  })

  test('reading ends with the reason of its signal', async () => {
    const spool = await spools.start()
    await put(spool, randomBytes(1_200_000))
    const claim = await spool.claim('one', never)
    const abort = new AbortController()
    const read = async () => {
      for await (const _ of claim.read(abort.signal)) abort.abort(new Error('enough'))
    }
    await expect(read()).rejects.toThrow('enough')
  })

  test('claims come in the order of storing, and to each sink on its own', async () => {
    const spool = await spools.start({ sinks: ['one', 'two'] })
    for (const body of ['a', 'b', 'c']) await put(spool, body)
    const bodies: string[] = []
    for (const sink of ['one', 'one', 'two', 'one', 'two'])
      bodies.push(String(await bytesOf(await spool.claim(sink, never))))
    expect(bodies).toEqual(['a', 'b', 'a', 'c', 'b'])
  })

  test('batches that are stored together are claimed in the same order after a restart', async () => {
    const spool = await spools.start()
    await Promise.all(Array.from({ length: 60 }, (_, index) => put(spool, `body ${index}`)))
    const order: string[] = []
    for (let index = 0; index < 60; index++) order.push((await spool.claim('one', never)).batch.name)
    expect(spools.stored.map(({ name }) => name)).toEqual(order)
    const [next, recovered] = await spools.restart(spool)
    expect(recovered.batches.map(({ batch }) => batch.name)).toEqual(order)
    const again: string[] = []
    for (let index = 0; index < 60; index++) again.push((await next.claim('one', never)).batch.name)
    expect(again).toEqual(order)
  })

  test('a claim that waits gets the next batch that is stored', async () => {
    const spool = await spools.start()
    const waiting = spool.claim('one', never)
    await put(spool, 'late')
    expect(await bytesOf(await waiting)).toEqual(Buffer.from('late'))
  })

  test('whoever stores hears of the batch before anyone can claim it', async () => {
    const order: string[] = []
    const spool = await spools.start({ onStored: () => order.push('stored') })
    const waiting = spool.claim('one', never).then(() => order.push('claimed'))
    await put(spool, 'x').then(() => order.push('committed'))
    await waiting
    expect(order[0]).toBe('stored')
    expect(order.toSorted()).toEqual(['claimed', 'committed', 'stored'])
  })

  test('a claim that waits ends with the reason of its signal and costs no batch', async () => {
    const spool = await spools.start()
    const abort = new AbortController()
    const waiting = spool.claim('one', abort.signal)
    abort.abort(new Error('no more'))
    await expect(waiting).rejects.toThrow('no more')
    await expect(spool.claim('one', abort.signal)).rejects.toThrow('no more')
    await put(spool, 'x')
    expect(await claimNow(spool, 'one')).toBeDefined()
  })

  test('a released batch is the next one again, whatever was claimed after it', async () => {
    const spool = await spools.start()
    for (const body of ['a', 'b', 'c', 'd']) await put(spool, body)
    const claims = [await spool.claim('one', never), await spool.claim('one', never), await spool.claim('one', never)]
    for (const index of [1, 0, 2, 0]) claims[index]?.release()
    const bodies: string[] = []
    for (let index = 0; index < 4; index++) bodies.push(String(await bytesOf(await spool.claim('one', never))))
    expect(bodies).toEqual(['a', 'b', 'c', 'd'])
    expect(await claimNow(spool, 'one')).toBeUndefined()
  })

  test('a batch that all sinks acknowledged is gone, and not before', async () => {
    const spool = await spools.start({ sinks: ['one', 'two'] })
    await put(spool, '12345')
    const claims = [await spool.claim('one', never), await spool.claim('two', never)]
    await claims[0]?.ack()
    expect(spool.usage).toEqual({ bytes: 5, batches: 1 })
    await claims[1]?.ack()
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
    await claims[1]?.ack()
    claims[0]?.release()
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
    expect(await claimNow(spool, 'one')).toBeUndefined()
    const [, recovered] = await spools.restart(spool, { sinks: ['one', 'two'] })
    expect(recovered).toEqual({ batches: [], setAside: 0 })
  })

  test('sinks that acknowledge at the same time leave nothing behind', async () => {
    const sinks = ['one', 'two', 'three']
    const spool = await spools.start({ sinks })
    for (let index = 0; index < 20; index++) await put(spool, 'x')
    for (let index = 0; index < 20; index++) {
      const claims = await Promise.all(sinks.map(sink => spool.claim(sink, never)))
      await Promise.all(claims.map(claim => claim.ack()))
    }
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
  })

  test('after a restart each sink gets what it had not acknowledged', async () => {
    const sinks = ['one', 'two']
    const spool = await spools.start({ sinks })
    for (const body of ['a', 'b', 'c']) await put(spool, body)
    await (await spool.claim('one', never)).ack()
    await spool.claim('one', never)
    const [next, recovered] = await spools.restart(spool, { sinks })
    expect(recovered.batches.map(batch => batch.sinks)).toEqual([['two'], ['one', 'two'], ['one', 'two']])
    expect(recovered.batches.map(({ batch }) => batch)).toEqual(spools.stored)
    expect(next.usage).toEqual({ bytes: 3, batches: 3 })
    expect((await next.claim('one', never)).batch).toEqual(spools.stored[1])
    expect((await next.claim('two', never)).batch).toEqual(spools.stored[0])
  })

  test('a sink that is new gets all that waits, and one that is gone holds nothing back', async () => {
    const spool = await spools.start({ sinks: ['one', 'two'] })
    for (const body of ['a', 'b']) await put(spool, body)
    await (await spool.claim('one', never)).ack()
    const [second, changed] = await spools.restart(spool, { sinks: ['one', 'three'] })
    expect(changed.batches.map(({ sinks }) => sinks)).toEqual([['three'], ['one', 'three']])
    const [, last] = await spools.restart(second, { sinks: ['one'] })
    expect(last.batches.map(({ sinks }) => sinks)).toEqual([['one']])
  })

  test('a batch set aside leaves the queue of every sink, and does not come again', async () => {
    const sinks = ['one', 'two']
    const spool = await spools.start({ sinks })
    await put(spool, 'bad')
    await put(spool, 'good')
    const claim = await spool.claim('one', never)
    await claim.setAside('its gzip is broken')
    await claim.ack()
    claim.release()
    expect((await spool.claim('two', never)).batch.name).toBe(spools.stored[1]?.name)
    expect(spool.usage).toEqual({ bytes: 4, batches: 1 })
    const [, recovered] = await spools.restart(spool, { sinks })
    expect(recovered.batches.map(({ batch }) => batch.name)).toEqual([spools.stored[1]?.name])
  })

  test('a sink that holds a batch which another sets aside can end it in any way', async () => {
    const sinks = ['one', 'two', 'three', 'four']
    const spool = await spools.start({ sinks })
    await put(spool, 'bad')
    const claims = await Promise.all(sinks.map(sink => spool.claim(sink, never)))
    await claims[0]?.setAside('first')
    await claims[1]?.setAside('second')
    await claims[2]?.ack()
    claims[3]?.release()
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
    expect(await claimNow(spool, 'four')).toBeUndefined()
  })

  test('the oldest age is that of the oldest batch which the sink has not done', async () => {
    const spool = await spools.start({ sinks: ['one', 'two'] })
    expect(spool.oldestAgeMs('one')).toBe(0)
    await put(spool, 'a')
    spools.clock += 1000
    await put(spool, 'b')
    spools.clock += 500
    const first = await spool.claim('one', never)
    expect([spool.oldestAgeMs('one'), spool.oldestAgeMs('two')]).toEqual([1500, 1500])
    await (await spool.claim('one', never)).ack()
    expect(spool.oldestAgeMs('one')).toBe(1500)
    await first.ack()
    expect([spool.oldestAgeMs('one'), spool.oldestAgeMs('two')]).toEqual([0, 1500])
  })

  test('a sink that the spool does not know is a mistake of the caller', async () => {
    const spool = await spools.start()
    await expect(spool.claim('three', never)).rejects.toThrow(RangeError)
  })
}
