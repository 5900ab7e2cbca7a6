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
const sizeOfAll = async () => {
  const sizes = await Promise.all((await readdir(folder)).map(async name => (await stat(join(folder, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
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

  it('lose a torn row however large it is', async () => {
    await letters().append([row('a')])
    await appendFile(file(), 'x'.repeat(5 * 1024 * 1024))
    await letters(1e9).append([row('b')])
    expect(await readFile(file(), 'utf8')).toBe('{"key":"a","more":""}\n{"key":"b","more":""}\n')
  })

  it('lose a torn row of the file of the day, also where the clock was ahead once and a later file is there', async () => {
    await letters(1e6, () => Date.UTC(2026, 0, 9)).append([row('ahead')])
    await letters().append([row('a')])
    await appendFile(file(), '{"key":"to')
    await appendFile(join(folder, '2026-01-09.ndjson'), 'by hand')
    const store = letters()
    await store.append([row('b')])
    await store.append([row('c')])
    expect(await readFile(file(), 'utf8')).toBe('{"key":"a","more":""}\n{"key":"b","more":""}\n{"key":"c","more":""}\n')
    expect(await readFile(join(folder, '2026-01-09.ndjson'), 'utf8')).toMatch(/ahead.*\nby hand$/)
  })

  it('fill the room that there is, and take the rest of the same rows later', async () => {
    const rows = ['a', 'b', 'c', 'd'].map(key => row(key))
    const length = Buffer.byteLength(rows[0]!.json) + 1
    const store = letters(2.5 * length)
    expect(await store.append(rows)).toBe(false)
    expect((await stat(file())).size).toBe(2 * length)
    expect(await store.append(rows)).toBe(false)
    expect((await stat(file())).size).toBe(2 * length)
    await rm(file())
    expect(await store.append(rows)).toBe(true)
    expect(await readFile(file(), 'utf8')).toBe(`${rows[2]!.json}\n${rows[3]!.json}\n`)
  })

  it('are not filled beyond the limit by many rows in an empty folder', async () => {
    const rows = Array.from({ length: 1000 }, (_, line) => row(`b:${line}`, 'x'.repeat(500)))
    expect(await letters(50_000).append(rows)).toBe(false)
    expect((await stat(file())).size).toBeLessThanOrEqual(50_000)
    expect((await stat(file())).size).toBeGreaterThan(49_000)
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

  it('leave out the rows of a batch that comes again, however many they are and in whatever files', async () => {
    let day = 2
    const store = letters(1e9, () => Date.UTC(2026, 0, day))
    const rows = Array.from({ length: 3000 }, (_, line) => row(`1767312000000002:${line * 3}`, 'x'.repeat(3000)))
    await store.append([row('1767312000000001:0'), ...rows.slice(0, 2000)])
    day = 3
    await store.append([...rows.slice(2000), row('1767312000000002:damaged')])
    expect((await stat(file())).size).toBeGreaterThan(5 * 1024 * 1024)
    const sizeBefore = await sizeOfAll()

    const oldestBatch = () => '1767312000000002'
    const next = createDeadLetters({ folder, maxBytes: 1e9, now: () => Date.UTC(2026, 0, 4), oldestBatch })
    expect(await next.append([...rows, row('1767312000000002:damaged')])).toBe(true)
    expect(await sizeOfAll()).toBe(sizeBefore)
    const others = [row('1767312000000002:1'), row('1767312000000003:0')]
    expect(await next.append(others)).toBe(true)
    expect(await readFile(join(folder, '2026-01-04.ndjson'), 'utf8')).toBe(
      others.map(({ json }) => `${json}\n`).join(''),
    )
  })

  it('read no file for rows that cannot come again, as no batch waits from before', async () => {
    await letters().append([row('1767312000000001:0')])
    const again = createDeadLetters({
      folder,
      maxBytes: 1e6,
      now: () => Date.UTC(2026, 0, 2),
      oldestBatch: () => undefined,
    })
    await again.append([row('1767312000000001:0')])
    expect((await readFile(file(), 'utf8')).match(/\n/g)).toHaveLength(2)
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
    expect(synced.filter(inode => inodes.includes(inode))).toEqual(inodes)
  })

  it('lose what a failing disk left of a row that it did not take back either', async () => {
    const store = letters()
    await store.append([row('a')])
    const handle = await open(folder, 'r')
    const prototype = Object.getPrototypeOf(handle)
    const fail = async () => {
      throw new Error('the disk fails')
    }
    vi.spyOn(prototype, 'writeFile').mockImplementation(async function (this: typeof handle) {
      await this.write('{"key":"b')
      return fail()
    })
    vi.spyOn(prototype, 'truncate').mockImplementation(fail)
    try {
      await expect(store.append([row('b')])).rejects.toThrow('the disk fails')
    } finally {
      vi.restoreAllMocks()
      await handle.close()
    }
    expect(await readFile(file(), 'utf8')).toMatch(/\{"key":"b$/)
    expect(await store.append([row('b')])).toBe(true)
    expect(await readFile(file(), 'utf8')).toBe('{"key":"a","more":""}\n{"key":"b","more":""}\n')
  })

  it('throw on a disk error and go on when it is over', async () => {
    await writeFile(join(dir, 'sink'), 'a file where the folder should be')
    const store = letters()
    await expect(store.append([row('a')])).rejects.toThrow()
    await rm(join(dir, 'sink'))
    expect(await store.append([row('a')])).toBe(true)
  })
})
