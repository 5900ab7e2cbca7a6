import { spawnSync } from 'node:child_process'
import { existsSync, statfsSync, statSync } from 'node:fs'
import { mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { DiskSpoolOptions } from '../../src/spool/disk.ts'
import { fileNameOf } from '../../src/spool/file-name.ts'
import type { Spool } from '../../src/spool/spool.ts'
import { put, seal } from '../contract/spool-kit.ts'
import { afterwards, at, createLog, diskSpool, never, temporaryFolder } from './kit.ts'

const START = 1_790_000_000_000
const nameOf = (number: number, bytes: number, storedAt = START) =>
  fileNameOf({ ...seal(), again: undefined, number, bytes, storedAt })

async function left(files: Record<string, string>): Promise<string> {
  const dataDir = await temporaryFolder()
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(at(dataDir, path)), { recursive: true })
    await writeFile(at(dataDir, path), content)
  }
  return dataDir
}

async function opened(dataDir: string, options: Partial<DiskSpoolOptions> = {}): Promise<Spool> {
  const spool = diskSpool(dataDir, { keepBytes: 1e9, ...options })
  await spool.open()
  return spool
}

const ack = async (spool: Spool, sink = 'one') => (await spool.claim(sink, never)).ack()
const keptIn = async (dataDir: string) => (await readdir(at(dataDir, 'kept'))).sort()

afterEach(() => void vi.useRealTimers())

describe('keeping', () => {
  test('the file of a delivered batch moves to kept, under its name, with the last sink', async () => {
    const dataDir = await temporaryFolder()
    const spool = await opened(dataDir, { sinks: ['one', 'two'] })
    await put(spool, 'body')
    const names = await readdir(at(dataDir, 'batches'))
    const { ino } = await stat(at(dataDir, 'batches', names[0]!))
    await ack(spool, 'one')
    expect(await keptIn(dataDir)).toEqual([])
    await ack(spool, 'two')
    expect(await keptIn(dataDir)).toEqual(names)
    expect((await stat(at(dataDir, 'kept', names[0]!))).ino).toBe(ino)
    expect(await readdir(at(dataDir, 'batches'))).toEqual([])
    expect(await readdir(at(dataDir, 'receipts', 'one'))).toEqual([])
    expect((await stat(at(dataDir, 'kept'))).mode & 0o777).toBe(0o700)
  })

  test('a batch found at the start with the receipts of all sinks is kept as well', async () => {
    const done = nameOf(1, 1)
    const dataDir = await left({ [`batches/${done}`]: 'x', [`receipts/one/${done}`]: '' })
    const spool = await opened(dataDir)
    expect(await keptIn(dataDir)).toEqual([done])
    expect(spool.kept).toEqual({ bytes: 1, batches: 1 })
  })

  test('what is kept is known after a restart, and counts against no limit', async () => {
    const dataDir = await temporaryFolder()
    const before = await opened(dataDir, { maxBytes: 100 })
    for (let number = 0; number < 5; number++) {
      await put(before, new Uint8Array(90))
      await ack(before)
    }
    await before.close()
    const spool = await opened(dataDir, { maxBytes: 100 })
    expect(spool.kept).toEqual({ bytes: 450, batches: 5 })
    expect(spool.refusal()).toBeUndefined()
    expect(await put(spool, new Uint8Array(90))).toBe('stored')
  })

  test('without being asked to nothing is kept, and what an earlier run kept is removed', async () => {
    const dataDir = await left({ [`kept/${nameOf(1, 1)}`]: 'x', [`kept/${nameOf(2, 0)}`]: '' })
    const spool = await opened(dataDir, { keepBytes: 0 })
    await expect.poll(() => keptIn(dataDir)).toEqual([])
    await put(spool, 'x')
    await ack(spool)
    expect(await keptIn(dataDir)).toEqual([])
    expect(spool.kept).toEqual({ bytes: 0, batches: 0 })
    const fresh = await temporaryFolder()
    await opened(fresh, { keepBytes: 0 })
    expect(existsSync(at(fresh, 'kept'))).toBe(false)
  })

  test('what is no kept batch is left where it is, and told of once', async () => {
    const again = fileNameOf({
      ...seal(),
      number: 3,
      bytes: 1,
      storedAt: START,
      again: { kind: 'replay', sink: 'one' },
    })
    const dataDir = await left({ 'kept/notes.txt': 'x', [`kept/${again}`]: 'x', [`kept/${nameOf(1, 1)}`]: 'x' })
    const log = createLog()
    const spool = await opened(dataDir, { log })
    expect(spool.kept).toEqual({ bytes: 1, batches: 1 })
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { files: 2 } }])
    expect(await keptIn(dataDir)).toHaveLength(3)
  })

  test('a batch that was kept and is back after a power loss is delivered again and kept once', async () => {
    const name = nameOf(1, 3)
    const dataDir = await left({ [`kept/${name}`]: 'abc', [`batches/${name}`]: 'abc' })
    const spool = await opened(dataDir)
    await ack(spool)
    expect(spool.kept).toEqual({ bytes: 3, batches: 1 })
    expect(await keptIn(dataDir)).toEqual([name])
  })

  test('names go on behind those that are kept', async () => {
    const dataDir = await left({ [`kept/${nameOf(4_000_000_000_000_000, 1)}`]: 'x' })
    const names: string[] = []
    const spool = await opened(dataDir, { onStored: ({ name }) => void names.push(name) })
    await put(spool, 'y')
    expect(names).toEqual(['4000000000000001'])
  })
})

describe('what is too much', () => {
  test('the oldest go when there are more bytes than asked for', async () => {
    const dataDir = await temporaryFolder()
    const spool = await opened(dataDir, { keepBytes: 100 })
    const names: string[] = []
    for (let number = 0; number < 8; number++) {
      await put(spool, new Uint8Array(30))
      names.push(...(await readdir(at(dataDir, 'batches'))))
      await ack(spool)
    }
    await expect.poll(() => keptIn(dataDir)).toEqual(names.slice(-3))
    expect(spool.kept).toEqual({ bytes: 90, batches: 3 })
  })

  test('the oldest are those stored first, in whatever order they were delivered', async () => {
    const dataDir = await temporaryFolder()
    const spool = await opened(dataDir, { keepBytes: 2 })
    for (let number = 0; number < 4; number++) await put(spool, 'x')
    const names = (await readdir(at(dataDir, 'batches'))).sort()
    const claims = await Promise.all(names.map(() => spool.claim('one', never)))
    for (const index of [3, 1, 0, 2]) await claims[index]?.ack()
    await expect.poll(() => keptIn(dataDir)).toEqual(names.slice(2))
  })

  test('a batch larger than all that may be kept drives nothing else out', async () => {
    const dataDir = await temporaryFolder()
    const spool = await opened(dataDir, { keepBytes: 100 })
    for (const bytes of [50, 101]) {
      await put(spool, new Uint8Array(bytes))
      await ack(spool)
    }
    expect(spool.kept).toEqual({ bytes: 50, batches: 1 })
    expect(await readdir(at(dataDir, 'batches'))).toEqual([])
  })

  test('a batch goes at its age: with the next that is kept, at a start, and by itself', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    let clock = START
    const options = { keepMs: 10_000, now: () => clock }
    const dataDir = await temporaryFolder()
    const first = await opened(dataDir, options)
    const store = async (spool: Spool) => {
      await put(spool, 'x')
      await ack(spool)
    }
    await store(first)
    clock += 5000
    await store(first)
    expect(first.kept.batches).toBe(2)
    clock += 5000
    await store(first)
    await expect.poll(() => keptIn(dataDir)).toHaveLength(2)
    await first.close()
    clock += 5000
    const second = await opened(dataDir, options)
    await expect.poll(() => keptIn(dataDir)).toHaveLength(1)
    clock += 4999
    vi.advanceTimersByTime(60_000)
    expect(second.kept.batches).toBe(1)
    clock += 1
    vi.advanceTimersByTime(60_000)
    await expect.poll(() => keptIn(dataDir)).toEqual([])
    expect(second.kept).toEqual({ bytes: 0, batches: 0 })
  })

  test('a start with smaller limits removes what is too much', async () => {
    const names = [1, 2, 3, 4].map(number => nameOf(number, 1))
    const dataDir = await left(Object.fromEntries(names.map(name => [`kept/${name}`, 'x'])))
    const spool = await opened(dataDir, { keepBytes: 2 })
    await expect.poll(() => keptIn(dataDir)).toEqual(names.slice(2))
    expect(spool.kept).toEqual({ bytes: 2, batches: 2 })
  })

  test('one that cannot be removed is told of and does not hold the others', async () => {
    const names = [1, 2, 3].map(number => nameOf(number, 1))
    const dataDir = await left({ [`kept/${names[0]}/file`]: 'x', [`kept/${names[1]}`]: 'x', [`kept/${names[2]}`]: 'x' })
    const log = createLog()
    await opened(dataDir, { keepBytes: 1, log })
    await expect.poll(() => keptIn(dataDir)).toEqual([names[0], names[2]])
    expect(log.lines.map(({ level }) => level)).toEqual(['warn'])
  })
})

describe('a folder that keeps nothing', () => {
  test('an acknowledgement does not wait for it: the batch is removed, which is told once until it keeps again', async () => {
    const dataDir = await temporaryFolder()
    const log = createLog()
    const spool = await opened(dataDir, { log })
    await rm(at(dataDir, 'kept'), { recursive: true })
    await writeFile(at(dataDir, 'kept'), '')
    const deliver = async () => {
      await put(spool, 'x')
      await ack(spool)
    }
    await deliver()
    await deliver()
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
    expect(await readdir(at(dataDir, 'batches'))).toEqual([])
    expect(spool.kept.batches).toBe(0)
    expect(spool.refusal()).toBeUndefined()
    await rm(at(dataDir, 'kept'))
    await deliver()
    expect(await keptIn(dataDir)).toHaveLength(1)
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info'])
  })

  test('a batch whose file is gone is acknowledged, and that is no fault of the folder', async () => {
    const dataDir = await temporaryFolder()
    const log = createLog()
    const spool = await opened(dataDir, { log })
    await put(spool, 'x')
    const claim = await spool.claim('one', never)
    await rm(at(dataDir, 'batches', (await readdir(at(dataDir, 'batches')))[0]!))
    await claim.ack()
    expect([spool.kept.batches, spool.usage.batches, log.lines]).toEqual([0, 0, []])
  })

  test('on another disk nothing can be kept, and batches are delivered all the same', async context => {
    const dataDir = await temporaryFolder()
    const elsewhere = existsSync('/dev/shm') ? await temporaryFolder('/dev/shm') : dataDir
    if (statSync(elsewhere).dev === statSync(dataDir).dev) return context.skip('there is no second file system')
    await mkdir(at(dataDir), { recursive: true })
    await symlink(elsewhere, at(dataDir, 'kept'))
    const log = createLog()
    const spool = await opened(dataDir, { log })
    await put(spool, 'x')
    await ack(spool)
    expect(await readdir(at(dataDir, 'batches'))).toEqual([])
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { err: { code: 'EXDEV' } } }])
  })

  test('that cannot be made is said, and batches are taken and delivered all the same', async () => {
    const dataDir = await left({ kept: 'a file' })
    const log = createLog()
    const spool = await opened(dataDir, { log })
    expect(log.lines).toMatchObject([{ level: 'error', sentence: 'The folder of kept batches cannot be used.' }])
    await put(spool, 'x')
    await ack(spool)
    expect(await readdir(at(dataDir, 'batches'))).toEqual([])
  })
})

describe('a disk that is short of space', () => {
  /** A data folder on a disk of 4 MB; undefined where none can be made. */
  async function smallDisk(): Promise<string | undefined> {
    const dataDir = await temporaryFolder()
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dataDir]).status !== 0) return undefined
    afterwards(async () => spawnSync('umount', [dataDir]))
    return dataDir
  }
  const onlyRoot = 'a small file system can be mounted by root only'

  test('loses its kept batches, oldest first, before a batch is refused', async context => {
    const dataDir = await smallDisk()
    if (dataDir === undefined) return context.skip(onlyRoot)
    const log = createLog()
    const spool = await opened(dataDir, { minFreeBytes: 1_000_000, log })
    const names: string[] = []
    for (let number = 0; number < 20; number++) {
      expect(await put(spool, new Uint8Array(400_000))).toBe('stored')
      names.push(...(await readdir(at(dataDir, 'batches'))))
      await ack(spool)
    }
    const kept = await keptIn(dataDir)
    expect(kept).toEqual(names.slice(-kept.length))
    expect(kept.length).toBeGreaterThan(2)
    expect(spool.kept).toEqual({ bytes: kept.length * 400_000, batches: kept.length })
    expect(log.lines.map(({ level }) => level)).toEqual(['warn'])
  })

  test('takes batches at a start although kept ones fill it', async context => {
    const dataDir = await smallDisk()
    if (dataDir === undefined) return context.skip(onlyRoot)
    const before = await opened(dataDir)
    for (let number = 0; number < 8; number++) {
      await put(before, new Uint8Array(400_000))
      await ack(before)
    }
    await before.close()
    const spool = await opened(dataDir, { minFreeBytes: 2_000_000 })
    expect(spool.refusal()).toBeUndefined()
    expect(spool.kept.batches).toBeGreaterThan(0)
    expect(await put(spool, new Uint8Array(400_000))).toBe('stored')
  })

  test('that refuses bytes without a word before takes the next batch when kept ones have gone', async context => {
    const dataDir = await smallDisk()
    if (dataDir === undefined) return context.skip(onlyRoot)
    const spool = await opened(dataDir)
    for (let number = 0; number < 8; number++) {
      await put(spool, new Uint8Array(400_000))
      await ack(spool)
    }
    const free = statfsSync(dataDir)
    await writeFile(join(dataDir, 'other'), new Uint8Array(free.bavail * free.bsize))
    await expect(put(spool, new Uint8Array(300_000))).rejects.toMatchObject({ reason: 'disk full' })
    expect(await put(spool, new Uint8Array(300_000))).toBe('stored')
    expect(await readdir(at(dataDir, 'incoming'))).toEqual([])
  })

  test('is full when there is nothing more to lose', async context => {
    const dataDir = await smallDisk()
    if (dataDir === undefined) return context.skip(onlyRoot)
    const spool = await opened(dataDir, { minFreeBytes: 1_000_000 })
    for (let number = 0; number < 3; number++) {
      await put(spool, new Uint8Array(400_000))
      await ack(spool)
    }
    const stored = async () => {
      for (;;) await put(spool, new Uint8Array(400_000))
    }
    await expect(stored()).rejects.toMatchObject({ reason: 'disk full' })
    expect(spool.kept).toEqual({ bytes: 0, batches: 0 })
    expect(spool.usage.batches).toBeGreaterThan(5)
  })
})
