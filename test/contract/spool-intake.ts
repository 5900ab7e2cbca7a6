import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { bytesOf, never, put, seal, type useSpools } from './spool-kit.ts'

export function intakeCases(spools: ReturnType<typeof useSpools>): void {
  test('a discarded batch leaves nothing behind', async () => {
    const spool = await spools.start()
    const draft = await spool.draft()
    await draft.write(new Uint8Array(1_000_000))
    await draft.discard()
    await draft.discard()
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
    await expect(draft.write(new Uint8Array(1))).rejects.toThrow()
    const [, recovered] = await spools.restart(spool)
    expect(recovered).toEqual({ batches: [], setAside: 0 })
  })

  test('discarding after the commit keeps the batch', async () => {
    const spool = await spools.start()
    const draft = await spool.draft()
    await draft.write(new Uint8Array(10))
    await draft.commit(seal())
    await draft.discard()
    expect(await bytesOf(await spool.claim('one', never))).toHaveLength(10)
  })

  test('the same batch within the window is stored once', async () => {
    const spool = await spools.start()
    const batchId = new Uint8Array(32).fill(7)
    expect(await put(spool, 'x', { batchId })).toBe('stored')
    spools.clock += 599_999
    expect(await put(spool, 'x', { batchId })).toBe('duplicate')
    expect(spool.usage).toEqual({ bytes: 1, batches: 1 })
    spools.clock += 1
    expect(await put(spool, 'x', { batchId })).toBe('stored')
    expect(spools.stored.map(({ batchId: id }) => Buffer.from(id))).toEqual([
      Buffer.from(batchId),
      Buffer.from(batchId),
    ])
  })

  test('a batch is recognised after it was delivered, and after the clock was set back a little', async () => {
    const spool = await spools.start()
    const batchId = new Uint8Array(32).fill(7)
    await put(spool, 'x', { batchId })
    await (await spool.claim('one', never)).ack()
    spools.clock -= 5000
    expect(await put(spool, 'x', { batchId })).toBe('duplicate')
  })

  test('of equal batches that come at the same time one is stored', async () => {
    const spool = await spools.start()
    const batchId = new Uint8Array(32).fill(9)
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => put(spool, 'same', { batchId })))
    expect(outcomes.filter(outcome => outcome === 'stored')).toHaveLength(1)
    expect(spool.usage).toEqual({ bytes: 4, batches: 1 })
  })

  test('a waiting batch is recognised after a restart', async () => {
    const spool = await spools.start()
    const batchId = new Uint8Array(32).fill(3)
    await put(spool, 'x', { batchId })
    const [next] = await spools.restart(spool)
    expect(await put(next, 'x', { batchId })).toBe('duplicate')
    spools.clock += 600_000
    expect(await put(next, 'x', { batchId })).toBe('stored')
  })

  test('without a window, and without being asked to look, equal batches are all stored under names of their own', async () => {
    const batchId = new Uint8Array(32).fill(5)
    const spool = await spools.start({ duplicateWindowMs: 0 })
    for (let index = 0; index < 2; index++) expect(await put(spool, 'x', { batchId })).toBe('stored')
    const [next] = await spools.restart(spool)
    for (let index = 0; index < 2; index++) expect(await put(next, 'x', { batchId, deduplicate: false })).toBe('stored')
    expect(new Set(spools.stored.map(({ name }) => name)).size).toBe(4)
    expect(next.usage).toEqual({ bytes: 4, batches: 4 })
  })

  test('no name comes twice, even when the spool was empty and the clock went back', async () => {
    let spool = await spools.start()
    for (let index = 0; index < 5; index++) {
      await put(spool, 'x')
      spools.clock -= 1
      await put(spool, 'y')
      if (index === 2) [spool] = await spools.restart(spool)
    }
    expect(new Set(spools.stored.map(({ name }) => name)).size).toBe(10)
  })

  test('a full spool takes nothing until it is below the low-water mark', async () => {
    const spool = await spools.start({ maxBytes: 1000 })
    for (let index = 0; index < 10; index++) await put(spool, new Uint8Array(100))
    expect(spool.refusal()).toBe('spool full')
    await expect(spool.draft()).rejects.toMatchObject({ name: 'UnavailableError', reason: 'spool full' })
    await (await spool.claim('one', never)).ack()
    expect(spool.refusal()).toBe('spool full')
    await (await spool.claim('one', never)).ack()
    expect(spool.refusal()).toBeUndefined()
    expect(await put(spool, 'x')).toBe('stored')
  })

  test('a spool that was full is full after a restart', async () => {
    const spool = await spools.start({ maxBytes: 100 })
    await put(spool, new Uint8Array(100))
    const [next] = await spools.restart(spool, { maxBytes: 100 })
    expect(next.refusal()).toBe('spool full')
  })

  test('a batch larger than what is left is refused while it comes, and smaller ones are still taken', async () => {
    const spool = await spools.start({ maxBytes: 1000 })
    await put(spool, new Uint8Array(500))
    const draft = await spool.draft()
    await draft.write(new Uint8Array(400))
    await expect(draft.write(new Uint8Array(101))).rejects.toMatchObject({ reason: 'spool full' })
    await draft.discard()
    expect(spool.usage).toEqual({ bytes: 500, batches: 1 })
    expect(await put(spool, new Uint8Array(499))).toBe('stored')
  })

  test('a full spool says so when a body did not fit, until it is below the low-water mark', async () => {
    const spool = await spools.start({ maxBytes: 1000 })
    for (let index = 0; index < 9; index++) await put(spool, new Uint8Array(100))
    const draft = await spool.draft()
    await expect(draft.write(new Uint8Array(101))).rejects.toMatchObject({ reason: 'spool full' })
    await draft.discard()
    expect(spool.refusal()).toBe('spool full')
    await expect(spool.draft()).rejects.toMatchObject({ reason: 'spool full' })
    await (await spool.claim('one', never)).ack()
    expect(spool.refusal()).toBeUndefined()
  })

  test('one giant body does not close a spool that has room', async () => {
    const spool = await spools.start({ maxBytes: 1000 })
    const draft = await spool.draft()
    await draft.write(new Uint8Array(800))
    await expect(draft.write(new Uint8Array(800))).rejects.toMatchObject({ reason: 'spool full' })
    expect(spool.refusal()).toBeUndefined()
    await draft.discard()
    expect(await put(spool, 'x')).toBe('stored')
  })

  test('what is being received counts against the limit', async () => {
    const spool = await spools.start({ maxBytes: 1000 })
    const drafts = [await spool.draft(), await spool.draft()]
    await drafts[0]?.write(new Uint8Array(600))
    await expect(drafts[1]?.write(new Uint8Array(600))).rejects.toMatchObject({ reason: 'spool full' })
    await drafts[0]?.discard()
    expect(await put(spool, new Uint8Array(900))).toBe('stored')
  })

  test('a spool that stops accepting finishes what is in hand, and claims go on', async () => {
    const spool = await spools.start()
    const draft = await spool.draft()
    await draft.write(new Uint8Array(3))
    spool.stopAccepting()
    spool.stopAccepting()
    expect(spool.refusal()).toBe('shutting down')
    await expect(spool.draft()).rejects.toMatchObject({ reason: 'shutting down' })
    expect(await draft.commit(seal())).toBe('stored')
    await (await spool.claim('one', never)).ack()
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
  })

  test('closing waits for commits, drops what was not committed, and ends claims that wait', async () => {
    const spool = await spools.start()
    const [committing, receiving] = [await spool.draft(), await spool.draft()]
    await committing.write(new Uint8Array(300_000))
    await receiving.write(new Uint8Array(300_000))
    const commit = committing.commit(seal())
    const waiting = expect(spool.claim('one', never).then(() => spool.claim('one', never))).rejects.toThrow()
    await Promise.all([spool.close(), spool.close()])
    expect(await Promise.race([commit, pause(0, 'late')])).toBe('stored')
    await waiting
    await expect(receiving.write(new Uint8Array(1))).rejects.toMatchObject({ reason: 'shutting down' })
    const [, recovered] = await spools.restart(spool)
    expect(recovered.batches).toHaveLength(1)
    expect(recovered.setAside).toBe(0)
  })
}
