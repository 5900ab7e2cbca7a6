import { mkdir, readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { DiskSpoolOptions } from '../../src/spool/disk.ts'
import { fileNameOf } from '../../src/spool/file-name.ts'
import { put, seal } from '../contract/spool-kit.ts'
import { createMachine } from '../simulation/kit.ts'
import { at, createLog, diskSpool, left, nameOf, never } from './kit.ts'

/** What a start tells of what it found, and what it leaves alone. */

async function started(dataDir: string, options: Partial<DiskSpoolOptions> = {}) {
  const log = createLog()
  const recovered = await diskSpool(dataDir, { log, ...options }).open()
  return { ...recovered, lines: log.lines }
}

const error = (fields: object, sentence: string) => ({ level: 'error', fields, sentence })
const againFor = (number: number, sink: string) => {
  const again = { kind: 'redrive', sink } as const
  return fileNameOf({ ...seal(), again, number, bytes: 1, storedAt: 1_790_000_000_000 })
}

describe('what is set aside at a start', () => {
  test('is told with its name, its place and what is wrong with it', async () => {
    const [torn, folder] = [nameOf(1, 100), nameOf(2, 3)]
    const twins = [nameOf(3, 1), nameOf(3, 1)].sort()
    const dataDir = await left({
      [`batches/${torn}`]: 'torn',
      [`batches/${folder}/file`]: 'x',
      [`batches/${twins[0]}`]: 'x',
      [`batches/${twins[1]}`]: 'x',
      'batches/notes.txt': 'mine',
      'incoming/more.txt': 'mine too',
    })
    const { setAside, lines } = await started(dataDir)
    const place = at(dataDir, 'damaged')
    const aside = (file: string, reason: string) =>
      error({ file, reason, folder: place }, 'A file of the spool was set aside.')
    expect(lines).toEqual([
      aside('more.txt', 'it is no file of the spool'),
      aside(torn, 'it has 4 bytes, not the 100 that its name says'),
      aside(folder, 'it is no readable file'),
      aside(twins[1]!, 'another batch has the same number'),
      aside('notes.txt', 'its name is not one of the spool'),
    ])
    expect(setAside).toBe(5)
  })

  test.each([20, 21])('is told file by file up to 20 of them, and then with their number (%i)', async count => {
    const strays = Array.from({ length: count }, (_, index) => [`batches/stray-${index}`, 'x'])
    const dataDir = await left(Object.fromEntries(strays))
    const { setAside, lines } = await started(dataDir)
    expect(setAside).toBe(count)
    const sum = error({ files: count, folder: at(dataDir, 'damaged') }, 'More files of the spool were set aside.')
    expect(lines.slice(20)).toEqual(count > 20 ? [sum] : [])
    expect(lines).toHaveLength(count)
  })

  test('is a folder that lies in the place of a part as well', async () => {
    const part = '0000000000000007.part'
    const dataDir = await left({ [`incoming/${part}/file`]: 'x' })
    expect((await started(dataDir)).setAside).toBe(1)
    expect([await readdir(at(dataDir, 'incoming')), await readdir(at(dataDir, 'damaged'))]).toEqual([[], [part]])
  })

  test("is a file whose name only has that of a part in it: nothing is removed that may be somebody's", async () => {
    const names = ['0000000000000001.part.bak', 'x0000000000000001.part']
    const dataDir = await left(Object.fromEntries(names.map(name => [`incoming/${name}`, 'mine'])))
    expect((await started(dataDir)).setAside).toBe(2)
    expect((await readdir(at(dataDir, 'damaged'))).sort()).toEqual(names)
  })

  test('never takes the place of another, also when the disk cannot tell whether there is one', async () => {
    const { disk, spool } = createMachine()
    await spool().open()
    const files = disk.start()
    for (const folder of ['damaged', 'batches'])
      await (await files.open(`/data/spool/v1/${folder}/stray`, 'wx')).close()
    const target = '/data/spool/v1/damaged/stray'
    await (await files.open(target, 'r+')).write(Buffer.from('first'), 0)
    disk.fault = ({ name, path }) => (name === 'lstat' && path === target ? { code: 'EIO' } : undefined)
    expect((await spool().open()).setAside).toBe(1)
    expect(String(disk.tree().get(target))).toBe('first')
  })

  test('is left where it cannot be moved, which is told with why, and the start goes on', async () => {
    const { disk, spool } = createMachine()
    const first = spool()
    await first.open()
    await put(first, 'x')
    await first.close()
    const [path] = [...disk.tree().keys()].filter(each => each.includes('/batches/'))
    const file = path!.split('/').at(-1)
    disk.fault = ({ name, path: of }) => {
      if (name === 'lstat' && of === path) return { code: 'ENOENT' }
      return name === 'rename' && of.includes('/damaged/') ? { code: 'EACCES' } : undefined
    }
    const log = createLog()
    const second = spool({ log })
    expect(await second.open()).toEqual({ batches: [], setAside: 1 })
    const fields = { file, reason: 'it is no readable file', err: expect.objectContaining({ code: 'EACCES' }) }
    expect(log.lines).toEqual([error(fields, 'A file of the spool is of no use and could not be moved; it is left.')])
    disk.fault = () => undefined
    await second.close()
    expect((await spool().open()).batches).toHaveLength(1)
  })
})

describe('a part that cannot be removed at a start', () => {
  const withPart = async () => {
    const machine = createMachine()
    const first = machine.spool()
    await first.open()
    await (await first.draft()).write(new Uint8Array(300_000))
    await machine.time.pass(100)
    machine.disk.crash('kill')
    return machine
  }
  const parts = ({ disk }: ReturnType<typeof createMachine>, folder: string) =>
    [...disk.tree().keys()].filter(path => path.endsWith('.part') && path.includes(`/${folder}/`)).length

  test.each(['EISDIR', 'EPERM'])('since something else lies there (%s) is set aside', async code => {
    const machine = await withPart()
    expect(parts(machine, 'incoming')).toBe(1)
    machine.disk.fault = ({ name }) => (name === 'unlink' ? { code } : undefined)
    expect((await machine.spool().open()).setAside).toBe(1)
    expect([parts(machine, 'incoming'), parts(machine, 'damaged')]).toEqual([0, 1])
  })

  test('since the disk fails stops the start', async () => {
    const machine = await withPart()
    machine.disk.fault = ({ name }) => (name === 'unlink' ? { code: 'EIO' } : undefined)
    await expect(machine.spool().open()).rejects.toMatchObject({ name: 'StartError', cause: { code: 'EIO' } })
  })
})

describe('receipts at a start', () => {
  test('of a sink that is no longer configured stay while their batch does, and what it had not done is told', async () => {
    const [done, owed] = [nameOf(1, 1), nameOf(2, 1)]
    const dataDir = await left({
      [`batches/${done}`]: 'x',
      [`batches/${owed}`]: 'x',
      // For one sink only: nobody else had to do it.
      [`batches/${againFor(3, 'one')}`]: 'x',
      [`receipts/former/${done}`]: '',
      [`receipts/former/${nameOf(9, 1)}`]: '',
    })
    const { lines, batches } = await started(dataDir)
    expect(batches).toHaveLength(3)
    expect(lines).toEqual([
      error(
        { sink: 'former', batches: 1 },
        'SINKS no longer names this sink: the batches that waited for it are not delivered there.',
      ),
    ])
    expect((await readdir(at(dataDir, 'receipts'))).sort()).toEqual(['former', 'former.told', 'one'])
    expect(await readdir(at(dataDir, 'receipts/former'))).toEqual([done])
  })

  test('of a sink that is no longer configured count what waited for it, once, and not what came later', async () => {
    const { disk, spool } = createMachine()
    const log = createLog()
    const startWith = async (sinks: string[], content: string) => {
      const started = spool({ sinks, log })
      await started.open()
      await put(started, content)
      return started
    }
    const both = await startWith(['one', 'former'], 'x')
    await put(both, 'y')
    await (await both.claim('former', never)).ack()
    await both.close()
    const told = { fields: { sink: 'former', batches: 1 } }
    await (await startWith(['one'], 'z')).close()
    expect(log.lines).toMatchObject([told])
    await (await startWith(['one'], 'v')).close()
    expect(log.lines).toHaveLength(1)

    // Configured again it gets all that is here, and when it is left out again that is told.
    const again = await startWith(['one', 'former'], 'w')
    expect(again.usage.batches).toBe(5)
    await again.close()
    const last = await startWith(['one'], 'u')
    expect(log.lines).toMatchObject([told, { fields: { sink: 'former', batches: 4 } }])
    for (let count = 0; count < 6; count++) await (await last.claim('one', never)).ack()
    await last.close()
    await (await startWith(['one'], 't')).close()
    expect([...disk.tree().keys()].filter(path => path.includes('/receipts/'))).toEqual([])
  })

  test('of a sink that had done all are no reason to tell anything', async () => {
    const name = nameOf(1, 1)
    const dataDir = await left({ [`batches/${name}`]: 'x', [`receipts/former/${name}`]: '' })
    expect((await started(dataDir)).lines).toEqual([])
  })

  test('that are none of the spool are left where they are, and nothing is told of them', async () => {
    const name = nameOf(1, 1)
    const dataDir = await left({
      [`batches/${name}`]: 'x',
      'receipts/one/notes.txt': 'mine',
      [`receipts/former/${name}`]: '',
      'receipts/former/notes.txt': 'mine',
      'receipts/READ.ME': 'mine',
    })
    await mkdir(at(dataDir, 'receipts/one', nameOf(2, 1)))
    expect((await started(dataDir)).lines).toEqual([])
    expect((await readdir(at(dataDir, 'receipts'))).sort()).toEqual(['READ.ME', 'former', 'former.told', 'one'])
    expect((await readdir(at(dataDir, 'receipts/former'))).sort()).toEqual([name, 'notes.txt'])
    expect(await readdir(at(dataDir, 'receipts/one'))).toHaveLength(2)
  })

  test('whose folder is damaged are told with the error, and a folder that is gone is none', async () => {
    const { disk, spool } = createMachine()
    const sinks = ['one', 'two']
    const first = spool({ sinks })
    await first.open()
    await put(first, 'x')
    await (await first.claim('one', never)).ack()
    await first.close()
    let code = 'EIO'
    disk.fault = ({ name, path }) => (name === 'readdir' && path.endsWith('/receipts/one') ? { code } : undefined)
    const log = createLog()
    const second = spool({ sinks, log })
    await second.open()
    expect(log.lines).toMatchObject([{ fields: { sink: 'one', err: { code: 'EIO' } } }])
    await second.close()
    code = 'ENOENT'
    const third = spool({ sinks, log })
    expect((await third.open()).batches[0]!.sinks).toEqual(sinks)
    expect(log.lines).toHaveLength(1)
  })
})

test('the folder of another version is told of in a sentence', async () => {
  const dataDir = await left({ 'batches/.keep': '' })
  for (const name of ['v2', 'v10', 'xv3', 'v4.old']) await mkdir(at(dataDir, '..', name))
  const { lines } = await started(dataDir)
  expect(lines.at(-1)).toEqual(
    error(
      { dir: at(dataDir, '..'), folders: expect.toSatisfy((names: string[]) => names.toSorted().join() === 'v10,v2') },
      'The spool holds folders of another version, which this version leaves as they are.',
    ),
  )
})
