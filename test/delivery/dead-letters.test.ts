import { appendFile, mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDeadLetters } from '../../src/delivery/dead-letters.ts'

let dir: string
let folder: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dead-letters-'))
  folder = join(dir, 'sink')
})
afterEach(() => rm(dir, { recursive: true }))

const row = (key: string, more = '') => ({ key, json: JSON.stringify({ key, more }) })
const letters = (maxBytes = 1e6, now = () => Date.UTC(2026, 0, 2)) => createDeadLetters({ folder, maxBytes, now })
const file = () => join(folder, '2026-01-02.ndjson')

describe('dead letters', () => {
  it('are rows in a file a day that only its owner may read', async () => {
    let time = Date.UTC(2026, 0, 2, 23)
    const store = letters(1e6, () => time)
    await store.append([row('a'), row('b')])
    time += 2 * 3600 * 1000
    await store.append([row('c')])
    expect(await readFile(file(), 'utf8')).toBe('{"key":"a","more":""}\n{"key":"b","more":""}\n')
    expect(await readdir(folder)).toEqual(['2026-01-02.ndjson', '2026-01-03.ndjson'])
    expect((await stat(file())).mode & 0o777).toBe(0o600)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
  })

  it('have no room beyond the limit until some are taken away', async () => {
    const store = letters(100)
    expect(await store.append([row('a', 'x'.repeat(50))])).toBe(true)
    expect(await store.append([row('b', 'x'.repeat(50))])).toBe(false)
    expect(await letters(100).append([row('c', 'x'.repeat(50))])).toBe(false)
    await rm(file())
    expect(await store.append([row('b', 'x'.repeat(50))])).toBe(true)
  })

  it('take one row of any size when there is none', async () => {
    expect(await letters(10).append([row('a', 'x'.repeat(50))])).toBe(true)
  })

  it('lose a torn row of a crash, and no other', async () => {
    await letters().append([row('a')])
    await appendFile(file(), '{"key":"to')
    await letters().append([row('b')])
    expect(await readFile(file(), 'utf8')).toBe('{"key":"a","more":""}\n{"key":"b","more":""}\n')
  })

  it('end a torn row that is larger than what is looked at', async () => {
    await letters().append([row('a')])
    await writeFile(file(), 'x'.repeat(5 * 1024 * 1024))
    await letters(1e9).append([row('b')])
    expect((await readFile(file(), 'utf8')).endsWith('xx\n{"key":"b","more":""}\n')).toBe(true)
  })

  it('leave out the rows that a killed process had written already', async () => {
    await letters().append([row('a'), row('b')])
    const store = letters()
    expect(await store.append([row('b'), row('c')])).toBe(true)
    expect(
      (await readFile(file(), 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map(text => JSON.parse(text).key),
    ).toEqual(['a', 'b', 'c'])
  })

  it('make durable what a killed process had written, before they leave it out', async () => {
    await mkdir(folder)
    await writeFile(file(), '{"key":"a","more":""}\n')
    const synced: number[] = []
    const handle = await open(folder, 'r')
    const inodes = [(await stat(file())).ino, (await stat(folder)).ino]
    for (const name of ['sync', 'datasync'] as const) {
      const real = Object.getPrototypeOf(handle)[name]
      vi.spyOn(Object.getPrototypeOf(handle), name).mockImplementation(async function (this: typeof handle) {
        synced.push((await this.stat()).ino)
        return real.call(this)
      })
    }
    try {
      expect(await letters().append([row('a')])).toBe(true)
    } finally {
      vi.restoreAllMocks()
      await handle.close()
    }
    expect(synced).toEqual(inodes)
  })

  it('throw on a disk error and go on when it is over', async () => {
    await writeFile(join(dir, 'sink'), 'a file where the folder should be')
    const store = letters()
    await expect(store.append([row('a')])).rejects.toThrow()
    await rm(join(dir, 'sink'))
    expect(await store.append([row('a')])).toBe(true)
  })
})
