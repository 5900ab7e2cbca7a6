import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { createLock } from '../../src/spool/lock.ts'
import { bytesOf, put } from '../contract/spool-kit.ts'
import { afterwards, at, diskSpool, never, temporaryFolder } from './kit.ts'

/** Starts a process with a spool; `next` is the next line that it says. */
function child(dataDir: string, task = 'hold') {
  const process_: ChildProcess = spawn(
    process.execPath,
    [join(import.meta.dirname, 'spool-child.ts'), join(dataDir, 'spool'), task],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines: string[] = []
  const reader = createInterface(process_.stdout!)
  const closed = once(reader, 'close')
  reader.on('line', line => lines.push(line))
  const kill = async () => {
    process_.kill('SIGKILL')
    await closed
  }
  afterwards(kill)
  const next = async () => {
    while (lines.length === 0) await Promise.race([once(reader, 'line'), closed])
    return lines.shift()
  }
  return { next, lines, kill, process: process_ }
}

describe('with other processes', () => {
  test('a folder in use is refused in one sentence, and free again after a kill', async () => {
    const dataDir = await temporaryFolder()
    const holder = child(dataDir)
    expect(await holder.next()).toBe('open')
    const sentence = `The data folder ${dataDir} is in use by another logpush-intake.`
    expect(await child(dataDir).next()).toBe(`StartError: ${sentence}`)
    await expect(diskSpool(dataDir).open()).rejects.toMatchObject({ name: 'StartError', message: sentence })
    await holder.kill()
    const spool = diskSpool(dataDir)
    await spool.open()
    const locks = (await readdir(dataDir)).filter(name => name.startsWith('lock.'))
    expect(locks).toHaveLength(1)
    await spool.close()
    expect(await readdir(dataDir)).toEqual(['spool'])
  })

  test('a process that was stopped still holds its folder', async () => {
    const dataDir = await temporaryFolder()
    const holder = child(dataDir)
    expect(await holder.next()).toBe('open')
    holder.process.kill('SIGSTOP')
    await expect(createLock(dataDir)).rejects.toMatchObject({ name: 'StartError' })
    holder.process.kill('SIGCONT')
  })

  test('every batch that was acknowledged before a kill is there after it, whole and once', async () => {
    const dataDir = await temporaryFolder()
    const acknowledged = new Set<string>()
    for (let round = 0; round < 2; round++) {
      const writer = child(dataDir, 'store')
      expect(await writer.next()).toBe('open')
      for (let line = 0; line < 10 + round; line++) acknowledged.add((await writer.next())!)
      await writer.kill()
      for (const line of writer.lines) acknowledged.add(line)
      const spool = diskSpool(dataDir)
      const { batches, setAside } = await spool.open()
      expect(setAside).toBe(0)
      const found: string[] = []
      for (const _ of batches) {
        const claim = await spool.claim('one', never)
        const words = String(await bytesOf(claim))
          .trimEnd()
          .split(' ')
        expect(new Set(words).size).toBe(1)
        expect(words).toHaveLength(1 + ((Number(words[0]) * 7919) % 60_000))
        found.push(words[0]!)
        await claim.ack()
      }
      expect(new Set(found).size).toBe(found.length)
      expect([...acknowledged].filter(number => !found.includes(number))).toEqual([])
      expect(await readdir(at(dataDir, 'incoming'))).toEqual([])
      await spool.close()
      acknowledged.clear()
    }
  })
})

test('a kill during a replay costs no kept batch, and what it had stored and not delivered is delivered after it', async () => {
  const dataDir = await temporaryFolder()
  const keeping = { keepBytes: 1e9 }
  const before = diskSpool(dataDir, keeping)
  await before.open()
  const numbers = Array.from({ length: 250 }, (_, index) => index)
  for (const number of numbers) {
    await put(before, `${number}`, { lines: number })
    await (await before.claim('one', never)).ack()
  }
  await before.close()
  const kept = await readdir(at(dataDir, 'kept'))
  const other = child(dataDir, 'replay')
  expect(await other.next()).toBe('open')
  for (let line = 0; line < 20; line++) await other.next()
  await other.kill()
  const after = diskSpool(dataDir, keeping)
  const { batches, setAside } = await after.open()
  expect(setAside).toBe(0)
  expect(await readdir(at(dataDir, 'kept'))).toEqual(kept)
  expect(await readdir(at(dataDir, 'incoming'))).toEqual([])
  const waiting: number[] = []
  for (const _ of batches) {
    const claim = await after.claim('one', never)
    expect(String(await bytesOf(claim))).toBe(`${claim.batch.lines}`)
    waiting.push(claim.batch.lines)
    await claim.ack()
  }
  // In order, and none is missing between the first that waits and the last.
  expect(waiting).toEqual(numbers.slice(waiting[0], (waiting[0] ?? 0) + waiting.length))
  expect(waiting.length).toBeLessThan(250)
})

test('a batch whose folder cannot be fsynced is refused and leaves nothing behind, and the next one is stored', async () => {
  const dataDir = await temporaryFolder()
  if (process.getuid?.() === 0) await chown(dataDir, 65_534, 65_534)
  const other = child(dataDir, 'ask')
  expect(await other.next()).toBe('open')
  const ask = async () => {
    other.process.stdin!.write('x\n')
    return other.next()
  }
  const batches = at(dataDir, 'batches')
  // It can still be written, so the rename succeeds; it cannot be opened for the fsync.
  await chmod(batches, 0o300)
  expect(await ask()).toBe('UnavailableError: The spool takes no batch now: disk error.')
  await chmod(batches, 0o700)
  expect(await readdir(batches)).toEqual([])
  expect(await readdir(at(dataDir, 'incoming'))).toEqual([])
  expect(await ask()).toBe('stored')
  expect(await readdir(batches)).toHaveLength(1)
})

test('a data folder that cannot be made is refused in one sentence with its path and the reason', async () => {
  const dataDir = join(await temporaryFolder(), 'file')
  await writeFile(dataDir, '')
  const below = join(dataDir, 'data')
  await expect(diskSpool(below).open()).rejects.toMatchObject({
    name: 'StartError',
    message: expect.stringMatching(/^The data folder .*file\/data cannot be made or written \(ENOTDIR: .*\)\.$/),
  })
})

test('a spool folder that cannot be opened is refused in one sentence, and the lock is given back', async () => {
  const dataDir = await temporaryFolder()
  await writeFile(join(dataDir, 'spool'), '')
  await expect(diskSpool(dataDir).open()).rejects.toMatchObject({
    name: 'StartError',
    message: expect.stringMatching(/^The spool in .* cannot be opened \(E.*\)\.$/),
  })
  expect(await readdir(dataDir)).toEqual(['spool'])
})

test('the lock can be that of a folder elsewhere', async () => {
  const [dataDir, lockDir] = [await temporaryFolder(), join(await temporaryFolder(), 'a', 'b')]
  const spool = diskSpool(dataDir, { lockDir })
  await spool.open()
  await expect(diskSpool(await temporaryFolder(), { lockDir }).open()).rejects.toMatchObject({ name: 'StartError' })
  await spool.close()
  await mkdir(lockDir, { recursive: true })
  const lock = await createLock(lockDir)
  await lock.release()
})

test('a data folder that can hold no sockets is refused in one sentence that says so', async context => {
  const folder = '/sys/kernel'
  if (process.getuid?.() !== 0 || !existsSync(folder)) return context.skip('only root finds such a folder, on Linux')
  await expect(createLock(folder)).rejects.toMatchObject({
    name: 'StartError',
    message: expect.stringContaining('must be on a file system that can hold Unix sockets'),
  })
})
