import { describe, expect, test } from 'vitest'
import type { Order } from './crash.ts'
import { createDisk } from './disk.ts'
import { createRandom } from './random.ts'
import { createTime } from './time.ts'

/** A disk with a durable folder `/data`, whose fsync fails while it is told to. */
async function diskWithFolder(seed: number, order: Order) {
  const disk = createDisk(createRandom(seed), order, createTime(0))
  const files = disk.start()
  await files.mkdir('/data', { mode: 0o700 })
  const fsync = async (path: string) => {
    const folder = await files.open(path, 'r')
    await folder.sync().finally(() => folder.close())
  }
  await fsync('/')
  const make = async (path: string) => (await files.open(path, 'wx')).close()
  return {
    files,
    make,
    fsync: () => fsync('/data'),
    async failingFsync() {
      disk.fault = ({ name }) => (name === 'fsync' ? { code: 'EIO' } : undefined)
      await expect(fsync('/data')).rejects.toMatchObject({ code: 'EIO' })
      disk.fault = () => undefined
    },
    namesAfterPowerLoss() {
      disk.crash('power')
      return [...disk.tree().keys()].sort()
    },
  }
}

const seeds = Array.from({ length: 100 }, (_, seed) => seed)

/** What the head of disk.ts says of a folder; a program is only held to the promise as far as this is so. */
describe.each(['ordered', 'hostile'] as const)('a folder of the simulated disk (%s)', order => {
  test('has after an fsync that succeeds the names as they were then, however many failed before', async () => {
    for (const seed of seeds) {
      const { files, make, fsync, failingFsync, namesAfterPowerLoss } = await diskWithFolder(seed, order)
      await make('/data/removed')
      await failingFsync()
      await files.unlink('/data/removed')
      await make('/data/made')
      await failingFsync()
      await fsync()
      expect(namesAfterPowerLoss()).toEqual(['/data/made'])
    }
  })

  test('may have after an fsync that failed a name that was made before it, and may not', async () => {
    const found = new Set<string>()
    for (const seed of seeds) {
      const { make, failingFsync, namesAfterPowerLoss } = await diskWithFolder(seed, order)
      await make('/data/made')
      await failingFsync()
      found.add(namesAfterPowerLoss().join())
    }
    expect([...found].sort()).toEqual(['', '/data/made'])
  })

  test('may have after an fsync that failed a name that was removed before it, and may not', async () => {
    const found = new Set<string>()
    for (const seed of seeds) {
      const { files, make, fsync, failingFsync, namesAfterPowerLoss } = await diskWithFolder(seed, order)
      await make('/data/removed')
      await fsync()
      await files.unlink('/data/removed')
      await failingFsync()
      found.add(namesAfterPowerLoss().join())
    }
    expect([...found].sort()).toEqual(['', '/data/removed'])
  })
})

test('a rename to another folder is one change on an ordered disk, whichever fsync of the two failed', async () => {
  for (const seed of seeds)
    for (const failing of ['/data', '/']) {
      const disk = createDisk(createRandom(seed), 'ordered', createTime(0))
      const files = disk.start()
      const fsync = async (path: string) => (await files.open(path, 'r')).sync()
      await files.mkdir('/data', { mode: 0o700 })
      await (await files.open('/data/x', 'wx')).close()
      await fsync('/data')
      await fsync('/')
      await files.rename('/data/x', '/x')
      disk.fault = ({ name }) => (name === 'fsync' ? { code: 'EIO' } : undefined)
      await expect(fsync(failing)).rejects.toMatchObject({ code: 'EIO' })
      disk.crash('power')
      expect([...disk.tree().keys()]).toHaveLength(1)
    }
})
