import { spawnSync } from 'node:child_process'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { bytesOf, claimNow, put, seal } from '../contract/spool-kit.ts'
import { afterwards, at, createLog, diskSpool, never, temporaryFolder } from './kit.ts'

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 8000; !(await condition()); await pause(20))
    if (performance.now() > end) throw new Error('it did not come true')
}

describe('a disk that fails', () => {
  test.each(['incoming', 'batches'])(
    'without %s a batch is refused with its cause, and the next draft makes the folder again',
    async folder => {
      const dataDir = await temporaryFolder()
      const log = createLog()
      const spool = diskSpool(dataDir, { log })
      await spool.open()
      await rm(at(dataDir, folder), { recursive: true })
      await expect(put(spool, 'x')).rejects.toMatchObject({ reason: 'disk error', cause: { code: 'ENOENT' } })
      expect(spool.refusal()).toBe('disk error')
      expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
      expect(await put(spool, 'y')).toBe('stored')
      expect(spool.refusal()).toBeUndefined()
      expect(String(await bytesOf(await spool.claim('one', never)))).toBe('y')
      expect(log.lines.map(({ level }) => level)).toEqual(['error', 'info'])
    },
  )

  test('a spool folder that was moved away is made again', async () => {
    const dataDir = await temporaryFolder()
    const spool = diskSpool(dataDir)
    await spool.open()
    await put(spool, 'x')
    await rename(join(dataDir, 'spool'), join(dataDir, 'moved'))
    await expect(put(spool, 'y')).rejects.toMatchObject({ reason: 'disk error' })
    expect(await put(spool, 'z')).toBe('stored')
    expect(await readdir(at(dataDir, 'batches'))).toHaveLength(1)
    await expect(bytesOf(await spool.claim('one', never))).rejects.toMatchObject({ name: 'DamagedError' })
  })

  test('a batch is refused in every way as long as a file lies where a folder has to be, and taken by itself afterwards', async () => {
    const dataDir = await temporaryFolder()
    const log = createLog()
    const spool = diskSpool(dataDir, { log })
    await spool.open()
    await rm(at(dataDir, 'batches'), { recursive: true })
    await writeFile(at(dataDir, 'batches'), '')
    for (let index = 0; index < 3; index++)
      await expect(put(spool, 'x')).rejects.toMatchObject({ reason: 'disk error' })
    expect(spool.refusal()).toBe('disk error')
    expect(await readdir(at(dataDir, 'incoming'))).toEqual([])
    expect(log.lines).toHaveLength(1)
    await rm(at(dataDir, 'batches'))
    // Nobody asks for a draft: a load balancer that looks at refusal() must see that the disk is well.
    await until(() => spool.refusal() === undefined)
    expect(await put(spool, 'x')).toBe('stored')
  })

  test('an equal batch that waits for one that fails is stored in its place', async () => {
    const dataDir = await temporaryFolder()
    const spool = diskSpool(dataDir)
    await spool.open()
    const drafts = [await spool.draft(), await spool.draft()]
    for (const draft of drafts) await draft.write(new Uint8Array(300_000))
    await until(async () => (await readdir(at(dataDir, 'incoming'))).length === 2)
    const [name] = (await readdir(at(dataDir, 'incoming'))).sort()
    await rm(at(dataDir, 'incoming', name!))
    const same = seal()
    const outcomes = await Promise.allSettled(drafts.map(draft => draft.commit(same)))
    expect(outcomes).toMatchObject([{ status: 'rejected' }, { status: 'fulfilled', value: 'stored' }])
    expect(await readdir(at(dataDir, 'batches'))).toHaveLength(1)
    expect(spool.usage).toEqual({ bytes: 300_000, batches: 1 })
  })

  test('of batches that are stored together a failing one costs the others nothing', async () => {
    const dataDir = await temporaryFolder()
    const spool = diskSpool(dataDir)
    await spool.open()
    const drafts = await Promise.all(Array.from({ length: 6 }, () => spool.draft()))
    for (const draft of drafts) await draft.write(new Uint8Array(300_000))
    await until(async () => (await readdir(at(dataDir, 'incoming'))).length === 6)
    const names = (await readdir(at(dataDir, 'incoming'))).sort()
    await rm(at(dataDir, 'incoming', names[2]!))
    const outcomes = await Promise.allSettled(drafts.map(draft => draft.commit(seal())))
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, true, false, true, true, true])
    expect(spool.usage).toEqual({ bytes: 1_500_000, batches: 5 })
    expect(await readdir(at(dataDir, 'incoming'))).toEqual([])
  })

  test('an acknowledgement waits until the disk takes it, says so once, and the batch is then done', async () => {
    const dataDir = await temporaryFolder()
    const log = createLog()
    const spool = diskSpool(dataDir, { sinks: ['one', 'two'], log })
    await spool.open()
    await put(spool, 'x')
    const receipts = at(dataDir, 'receipts', 'one')
    await rm(receipts, { recursive: true })
    await writeFile(receipts, '')
    let done = false
    const ack = (await spool.claim('one', never)).ack().then(() => {
      done = true
    })
    await pause(400)
    expect(done).toBe(false)
    expect(log.lines).toHaveLength(1)
    await rm(receipts)
    await ack
    expect(await readdir(receipts)).toHaveLength(1)
    await (await spool.claim('two', never)).ack()
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
    expect(await readdir(receipts)).toEqual([])
    expect(log.lines.map(({ level }) => level)).toEqual(['error', 'info'])
  })

  test('closing does not wait for a disk that takes no acknowledgement: the batch comes again', async () => {
    const dataDir = await temporaryFolder()
    const spool = diskSpool(dataDir)
    await spool.open()
    await put(spool, 'x')
    const claim = await spool.claim('one', never)
    const [name] = await readdir(at(dataDir, 'batches'))
    await rename(at(dataDir, 'batches', name!), at(dataDir, 'kept'))
    await mkdir(at(dataDir, 'batches', name!))
    const ack = expect(claim.ack()).rejects.toMatchObject({ reason: 'shutting down' })
    await pause(50)
    await spool.close()
    await ack
    await rm(at(dataDir, 'batches', name!), { recursive: true })
    await rename(at(dataDir, 'kept'), at(dataDir, 'batches', name!))
    const { batches } = await diskSpool(dataDir).open()
    expect(batches).toHaveLength(1)
  })
})

describe('a disk that fills up', () => {
  test('below the floor of free space nothing is taken, and claims go on', async () => {
    const dataDir = await temporaryFolder()
    const before = diskSpool(dataDir)
    await before.open()
    await put(before, 'x')
    await before.close()
    const log = createLog()
    const spool = diskSpool(dataDir, { minFreeBytes: 1e18, log })
    await spool.open()
    expect(spool.refusal()).toBe('disk full')
    await expect(spool.draft()).rejects.toMatchObject({ reason: 'disk full' })
    expect(log.lines).toHaveLength(1)
    await (await spool.claim('one', never)).ack()
    expect(await claimNow(spool, 'one')).toBeUndefined()
  })

  test('a full disk is told to the sender, leaves nothing behind, and takes batches again when it has room', async context => {
    const dataDir = await temporaryFolder()
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dataDir])
    if (mounted.status !== 0) return context.skip('a small file system can be mounted by root only')
    afterwards(async () => spawnSync('umount', [dataDir]))
    const spool = diskSpool(dataDir)
    await spool.open()
    await writeFile(join(dataDir, 'other'), new Uint8Array(1_500_000))
    // The cached answer is a second old at most; until then the limit is the disk's own.
    await expect(put(spool, new Uint8Array(1_000_000))).rejects.toMatchObject({ reason: 'disk full' })
    expect(spool.refusal()).toBe('disk full')
    expect(await readdir(at(dataDir, 'incoming'))).toEqual([])
    expect(await readdir(at(dataDir, 'batches'))).toEqual([])
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
    await rm(join(dataDir, 'other'))
    expect(await put(spool, new Uint8Array(1_000_000))).toBe('stored')
    expect(await bytesOf(await spool.claim('one', never))).toHaveLength(1_000_000)
  })

  test('a batch that would go below the floor is refused while it comes, and taken when others have gone', async context => {
    const dataDir = await temporaryFolder()
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dataDir])
    if (mounted.status !== 0) return context.skip('a small file system can be mounted by root only')
    afterwards(async () => spawnSync('umount', [dataDir]))
    const spool = diskSpool(dataDir, { minFreeBytes: 2_000_000 })
    await spool.open()
    await put(spool, new Uint8Array(1_200_000))
    const draft = await spool.draft()
    await draft.write(new Uint8Array(600_000))
    await expect(draft.write(new Uint8Array(600_000))).rejects.toMatchObject({ reason: 'disk full' })
    await draft.discard()
    const next = await spool.draft()
    await (await spool.claim('one', never)).ack()
    await pause(1000)
    await next.write(new Uint8Array(1_200_000))
    expect(await next.commit(seal())).toBe('stored')
  })
})
