import { execFileSync } from 'node:child_process'
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { watchFiles } from '../../src/http/file-watch.ts'

/** A file that is looked at each 10 ms, and what was told of it. */
async function watched() {
  const folder = await mkdtemp(join(tmpdir(), 'watched-'))
  const path = join(folder, 'keys')
  await writeFile(path, 'a')
  const told: string[] = []
  const stop = watchFiles(
    [path],
    10,
    () => told.push('changed'),
    () => told.push('gone'),
  )
  onTestFinished(async () => {
    stop()
    await rm(folder, { recursive: true })
  })
  return { path, told, stop }
}

test('a file that is gone is told once, and what takes its place is no change unless it is a file', async () => {
  const { path, told } = await watched()
  await rm(path)
  await expect.poll(() => told).toEqual(['gone'])
  // Who reads a pipe waits until somebody writes.
  execFileSync('mkfifo', [path])
  await sleep(100)
  expect(told).toEqual(['gone'])
  await rm(path)
  await writeFile(path, 'bc')
  await expect.poll(() => told).toEqual(['gone', 'changed'])
})

test('a file that cannot be looked at is not gone', async () => {
  const { path, told } = await watched()
  // Leads to itself: ELOOP.
  await symlink(path, `${path}.new`)
  await rename(`${path}.new`, path)
  await sleep(100)
  expect(told).toEqual([])
  await rm(path)
  await expect.poll(() => told).toEqual(['gone'])
})

test('who stops is not called back by a look that is under way', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const { path, told, stop } = await watched()
  await rm(path)
  vi.advanceTimersByTime(10)
  stop()
  await sleep(100)
  expect(told).toEqual([])
})
