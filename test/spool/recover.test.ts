import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { bytesOf, put } from '../contract/spool-kit.ts'
import { at, createLog, diskSpool, left, nameOf, never, temporaryFolder } from './kit.ts'

afterEach(() => void vi.restoreAllMocks())

describe('after a kill', () => {
  test('parts of batches that were being received are removed', async () => {
    const dataDir = await left({ 'incoming/0000000000000001.part': 'half a ba', 'incoming/0000000000000002.part': '' })
    const recovered = await diskSpool(dataDir).open()
    expect(recovered).toEqual({ batches: [], setAside: 0 })
    expect(await readdir(at(dataDir, 'incoming'))).toEqual([])
    expect(await readdir(at(dataDir, 'damaged'))).toEqual([])
  })

  test('a batch that was renamed and not yet acknowledged is delivered', async () => {
    const dataDir = await left({ [`batches/${nameOf(1, 3)}`]: 'abc' })
    const spool = diskSpool(dataDir)
    const { batches } = await spool.open()
    expect(batches.map(({ batch }) => batch.name)).toEqual(['0000000000000001'])
    expect(String(await bytesOf(await spool.claim('one', never)))).toBe('abc')
  })

  test('torn and foreign files are set aside under their own names, and the rest is delivered', async () => {
    const torn = nameOf(1, 100)
    const good = nameOf(2, 3)
    const dataDir = await left({
      [`batches/${torn}`]: 'torn',
      [`batches/${good}`]: 'abc',
      'batches/notes.txt': 'mine',
      'batches/folder/file': 'x',
      'incoming/notes.txt': 'mine too',
    })
    const log = createLog()
    const spool = diskSpool(dataDir, { log })
    const recovered = await spool.open()
    expect(recovered.setAside).toBe(4)
    expect(recovered.batches).toHaveLength(1)
    expect(spool.usage).toEqual({ bytes: 3, batches: 1 })
    expect((await readdir(at(dataDir, 'damaged'))).sort()).toEqual([torn, 'folder', 'notes.txt', 'notes.txt.1'].sort())
    expect(await readdir(at(dataDir, 'batches'))).toEqual([good])
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(4)
  })

  test('a file that is set aside never takes the place of another', async () => {
    const long = 'n'.repeat(255)
    const files = {
      [`batches/${long}`]: 'second',
      [`damaged/${long}`]: 'first',
      'batches/a': '3',
      'damaged/a': '1',
      'damaged/a.1': '2',
    }
    const dataDir = await left(files)
    expect((await diskSpool(dataDir).open()).setAside).toBe(2)
    const kept = (await readdir(at(dataDir, 'damaged'))).sort()
    expect(kept).toEqual(['a', 'a.1', 'a.2', `${'n'.repeat(253)}.1`, long])
  })

  test('names that only look like ours are foreign', async () => {
    const good = nameOf(5, 1)
    const wrong = [
      good.replace(/^\d{16}/, '9999999999999999'),
      good.replace('.lines.', '.words.'),
      good.replace('.ndjson', '.NDJSON'),
      `${good}.tmp`,
      good.slice(1),
    ]
    const dataDir = await left(Object.fromEntries([good, ...wrong].map(name => [`batches/${name}`, 'x'])))
    const recovered = await diskSpool(dataDir).open()
    expect([recovered.batches.length, recovered.setAside]).toEqual([1, wrong.length])
  })

  test('of two files with one number the second is set aside', async () => {
    const files = [nameOf(5, 1), nameOf(5, 1)].sort()
    const dataDir = await left(Object.fromEntries(files.map(name => [`batches/${name}`, 'x'])))
    const recovered = await diskSpool(dataDir).open()
    expect([recovered.batches.length, recovered.setAside]).toEqual([1, 1])
    expect(await readdir(at(dataDir, 'damaged'))).toEqual([files[1]])
  })

  test('receipts are honoured, those without a batch removed, and a batch that all sinks have done is removed', async () => {
    const [done, half, waiting, gone] = [nameOf(1, 1), nameOf(2, 1), nameOf(3, 1), nameOf(4, 1)] as const
    const dataDir = await left({
      [`batches/${done}`]: 'x',
      [`batches/${half}`]: 'x',
      [`batches/${waiting}`]: 'x',
      [`receipts/one/${done}`]: '',
      [`receipts/two/${done}`]: '',
      [`receipts/two/${half}`]: '',
      [`receipts/one/${gone}`]: '',
      [`receipts/former/${waiting}`]: '',
    })
    const spool = diskSpool(dataDir, { sinks: ['one', 'two'] })
    const recovered = await spool.open()
    expect(recovered.batches.map(({ sinks }) => sinks)).toEqual([['one'], ['one', 'two']])
    expect((await readdir(at(dataDir, 'batches'))).sort()).toEqual([half, waiting])
    expect(await readdir(at(dataDir, 'receipts', 'one'))).toEqual([])
    expect(await readdir(at(dataDir, 'receipts', 'two'))).toEqual([half])
    expect((await readdir(at(dataDir, 'receipts'))).sort()).toEqual(['former', 'former.told', 'one', 'two'])
    expect((await spool.claim('two', never)).batch.name).toBe('0000000000000003')
  })

  test('the numbers go on behind those that were found, whatever the clock says', async () => {
    const dataDir = await left({ [`batches/${nameOf(4_000_000_000_000_000, 1)}`]: 'x' })
    const names: string[] = []
    const spool = diskSpool(dataDir, { onStored: ({ name }) => void names.push(name) })
    await spool.open()
    await put(spool, 'y')
    expect(names).toEqual(['4000000000000001'])
  })

  test('a clock that was set back while the spool was empty brings no number again', async () => {
    const dataDir = await temporaryFolder()
    const names: string[] = []
    const run = async (now: () => number) => {
      const spool = diskSpool(dataDir, { now, onStored: ({ name }) => void names.push(name) })
      await spool.open()
      await put(spool, 'x')
      await (await spool.claim('one', never)).ack()
      await spool.close()
    }
    await run(Date.now)
    await run(() => Date.now() - 3_600_000)
    expect(Number(names[1])).toBeGreaterThan(Number(names[0]))
  })

  test('no start goes on before the names that it found are durable', async () => {
    const dataDir = await temporaryFolder()
    const first = diskSpool(dataDir)
    await first.open()
    const batchId = new Uint8Array(32).fill(7)
    await put(first, 'x', { batchId })
    await first.close()
    const handle = await open(dataDir)
    const sync = vi.spyOn(Object.getPrototypeOf(handle), 'sync')
    await handle.close()
    sync.mockRejectedValue(Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' }))
    await expect(diskSpool(dataDir).open()).rejects.toMatchObject({ name: 'StartError' })
    vi.restoreAllMocks()
    const next = diskSpool(dataDir)
    await next.open()
    expect(await put(next, 'x', { batchId })).toBe('duplicate')
  })

  test('many damaged files are told of with a few lines of log', async () => {
    const files = Array.from({ length: 300 }, (_, index) => [`batches/stray-${index}`, 'x'])
    const dataDir = await left(Object.fromEntries(files))
    const log = createLog()
    expect((await diskSpool(dataDir, { log }).open()).setAside).toBe(300)
    expect(log.lines.length).toBeLessThan(30)
    expect(log.lines.at(-1)?.fields).toMatchObject({ files: 300 })
  })

  test('the folder of another version is left as it is, and told of', async () => {
    const dataDir = await left({ '../v2/batches/x': 'x' })
    const log = createLog()
    const spool = diskSpool(dataDir, { log })
    await spool.open()
    expect(log.lines).toMatchObject([{ level: 'error', fields: { folders: ['v2'] } }])
    expect(await readdir(at(dataDir, '..', 'v2', 'batches'))).toEqual(['x'])
  })
})

test('the time of a start grows with the number of batches, no faster', async () => {
  // In memory where there is such a place: making the files takes longer than what is measured.
  const parent = existsSync('/dev/shm') ? '/dev/shm' : undefined
  const timeOf = async (count: number) => {
    const dataDir = await temporaryFolder(parent)
    mkdirSync(at(dataDir, 'batches'), { recursive: true })
    for (let number = 0; number < count; number++) writeFileSync(at(dataDir, 'batches', nameOf(number, 1)), 'x')
    const spool = diskSpool(dataDir)
    const begin = performance.now()
    const { batches } = await spool.open()
    const ms = performance.now() - begin
    expect(batches).toHaveLength(count)
    return ms
  }
  await timeOf(500)
  const few = await timeOf(1000)
  const many = await timeOf(8000)
  expect(many).toBeLessThan(40 * few)
})
