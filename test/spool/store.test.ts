import { describe, expect, test } from 'vitest'
import { bytesOf, put, seal } from '../contract/spool-kit.ts'
import type { Call } from '../simulation/disk.ts'
import { createMachine } from '../simulation/kit.ts'

/** Batches that are stored together share an fsync; each has an outcome of its own. */

const never = new AbortController().signal
const isFsyncOfBatches = ({ name, path }: Call) => name === 'fsync' && path.endsWith('/batches')

/** A spool on a simulated disk, and so many drafts that are ready to be committed at one time. */
async function ready(count: number, seed = 1) {
  const machine = createMachine(seed, 'hostile')
  const spool = machine.spool()
  await spool.open()
  const drafts = await Promise.all(Array.from({ length: count }, () => spool.draft()))
  await Promise.all(drafts.map((draft, index) => draft.write(Uint8Array.of(97 + index))))
  const commit = () => Promise.allSettled(drafts.map(draft => draft.commit(seal())))
  return { ...machine, store: spool, commit }
}

const stored = { status: 'fulfilled', value: 'stored' }
const refused = (code: string, reason = 'disk error') => {
  return { status: 'rejected', reason: { name: 'UnavailableError', reason, cause: { code } } }
}

describe('of batches that are stored together', () => {
  test('those whose rename succeeded are durable although that of another failed', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { disk, commit, spool } = await ready(4, seed)
      let renames = 0
      disk.fault = ({ name }) => (name === 'rename' && ++renames === 4 ? { code: 'ENOSPC' } : undefined)
      const outcomes = await commit()
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
      expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([refused('ENOSPC', 'disk full')])
      disk.crash('power')
      expect((await spool().open()).batches).toHaveLength(3)
    }
  })

  test('none is stored when the fsync of their folder fails, and the sender is told why', async () => {
    const { disk, commit, store } = await ready(3)
    disk.fault = call => (isFsyncOfBatches(call) ? { code: 'EIO' } : undefined)
    expect(await commit()).toMatchObject([refused('EIO'), refused('EIO'), refused('EIO')])
    disk.fault = () => undefined
    expect(store.usage).toEqual({ bytes: 0, batches: 0 })
    expect([...disk.tree().keys()].filter(path => path.includes('/v1/'))).toEqual([])
  })

  test('none is stored when no number can be made safe, and the next ones are', async () => {
    const { disk, commit, store, time } = await ready(3)
    // What was put ahead at the start is used up.
    await time.pass(11_000)
    disk.fault = ({ name }) => (name === 'utimes' ? { code: 'EACCES' } : undefined)
    expect(await commit()).toMatchObject([refused('EACCES'), refused('EACCES'), refused('EACCES')])
    disk.fault = () => undefined
    expect(store.usage).toEqual({ bytes: 0, batches: 0 })
    expect(await put(store, 'x')).toBe('stored')
    expect(String(await bytesOf(await store.claim('one', never)))).toBe('x')
  })

  test('all are handed on in the order in which they come after a restart', async () => {
    const { commit, store, spool } = await ready(5)
    expect(await commit()).toEqual(Array.from({ length: 5 }, () => stored))
    const order: string[] = []
    for (let index = 0; index < 5; index++) order.push((await store.claim('one', never)).batch.name)
    await store.close()
    expect((await spool().open()).batches.map(({ batch }) => batch.name)).toEqual(order)
  })
})
