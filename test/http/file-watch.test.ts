import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { watchFiles } from '../../src/http/file-watch.ts'

test('a file that is gone is told once, and what takes its place is no change unless it is a file', async () => {
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
