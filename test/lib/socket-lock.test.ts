import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FolderLock, LockHeldError, lockFolder } from '../../src/lib/socket-lock.ts'

let folder: string
let locks: FolderLock[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'))
  locks = []
})
afterEach(async () => {
  await Promise.all(locks.map(lock => lock.release()))
  await rm(folder, { recursive: true })
})

const take = async (path = folder) => {
  const lock = await lockFolder(path)
  locks.push(lock)
  return lock
}

test('a folder is locked once, until its lock is released', async () => {
  const lock = await take()
  await expect(take()).rejects.toThrow(LockHeldError)
  await lock.release()
  await lock.release()
  expect(await readdir(folder)).toEqual([])
  await take()
  expect(await readdir(folder)).toHaveLength(1)
})

test('of many that start together exactly one gets the lock', async () => {
  for (let round = 0; round < 5; round++) {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => take()))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(LockHeldError)
    expect(await readdir(folder)).toHaveLength(1)
    await locks.pop()?.release()
  }
})

test('a folder whose path is longer than a socket address can be is locked like any other', async () => {
  const deep = join(folder, 'a'.repeat(100), 'ä'.repeat(80))
  await mkdir(deep, { recursive: true })
  const lock = await take(deep)
  await expect(take(deep)).rejects.toThrow(LockHeldError)
  expect(await readdir(deep)).toHaveLength(1)
  await lock.release()
  expect(await readdir(deep)).toEqual([])
})

test('what a killed process left is removed, other files are not', async () => {
  const dead = [`lock.1-${'0'.repeat(16)}`, `lock.2-${'f'.repeat(16)}`, `lock.3-${'a'.repeat(16)}.new`]
  for (const name of dead) await writeFile(join(folder, name), '')
  await writeFile(join(folder, 'lock.txt'), '')
  await take()
  const names = await readdir(folder)
  expect(names).toHaveLength(2)
  expect(names).toContain('lock.txt')
})

/** Another process that has published its socket and says `word`. */
async function other(name: string, word: string) {
  const server = net.createServer(socket => socket.end(word))
  await new Promise<void>(resolve => server.listen(join(folder, name), resolve))
  return { close: () => new Promise(resolve => server.close(resolve)) }
}

const FIRST = `lock.0-${'0'.repeat(16)}`
const LAST = `lock.999999999-${'f'.repeat(16)}`

test('one that starts waits for another that is starting with a greater name, and gets the lock when that one goes', async () => {
  const starting = await other(LAST, 'starting')
  let held = false
  const taking = take().then(() => {
    held = true
  })
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(held).toBe(false)
  await starting.close()
  await taking
  expect(held).toBe(true)
})

test('one that starts gives way to another that is starting with a smaller name', async () => {
  const starting = await other(FIRST, 'starting')
  await expect(take()).rejects.toThrow(LockHeldError)
  await starting.close()
})

test('one that starts waits for another that is just going', async () => {
  const going = await other(FIRST, '')
  let held = false
  const taking = take().then(() => {
    held = true
  })
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(held).toBe(false)
  await going.close()
  await taking
  expect(held).toBe(true)
})

test('a folder that is not there is an error of the file system', async () => {
  await expect(take(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' })
})
