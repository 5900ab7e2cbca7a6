import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fsyncFolder, makeFolder } from '../../src/lib/durable-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'folder-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a folder is made with those above it, for its owner only, and may be there already', async () => {
  const deep = join(folder, 'a', 'b', 'c')
  await makeFolder(deep)
  await makeFolder(deep)
  for (const path of [deep, join(folder, 'a')]) {
    const stats = await stat(path)
    expect([stats.isDirectory(), stats.mode & 0o777]).toEqual([true, 0o700])
  }
})

test('a folder that takes no new one is an error, not an endless attempt', async () => {
  await expect(makeFolder('/proc/logpush-intake')).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a file in the way, and a folder that is not there, are errors', async () => {
  await writeFile(join(folder, 'file'), '')
  await expect(makeFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(makeFolder(join(folder, 'file', 'below'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  await expect(fsyncFolder(join(folder, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' })
  await fsyncFolder(folder)
})
