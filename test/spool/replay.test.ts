import { existsSync, statSync } from 'node:fs'
import { copyFile, link, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { ReplayStoppedError } from '../../src/errors.ts'
import type { DiskSpoolOptions } from '../../src/spool/disk.ts'
import type { Spool } from '../../src/spool/spool.ts'
import { bytesOf, claimNow, put } from '../contract/spool-kit.ts'
import { at, createLog, diskSpool, never, temporaryFolder } from './kit.ts'

const all = { since: undefined, until: undefined }

async function opened(dataDir: string, options: Partial<DiskSpoolOptions> = {}): Promise<Spool> {
  const spool = diskSpool(dataDir, { keepBytes: 1e9, ...options })
  await spool.open()
  return spool
}

const namesIn = async (dataDir: string, folder: string) => (await readdir(at(dataDir, folder))).sort()

/** A folder with delivered batches of these bodies, and a spool on it. */
async function withKept(bodies: readonly string[], options: Partial<DiskSpoolOptions> = {}) {
  const dataDir = await temporaryFolder()
  const spool = await opened(dataDir, options)
  for (const body of bodies) {
    await put(spool, body)
    for (const sink of options.sinks ?? ['one']) await (await spool.claim(sink, never)).ack()
  }
  return { dataDir, spool }
}

async function bodiesFor(spool: Spool, sink = 'one'): Promise<string[]> {
  const bodies: string[] = []
  for (let claim = await claimNow(spool, sink); claim !== undefined; claim = await claimNow(spool, sink)) {
    bodies.push(String(await bytesOf(claim)))
    await claim.ack()
  }
  return bodies
}

describe('a replay', () => {
  test('copies no byte: it is another name of the kept file, which says for whom it is', async () => {
    const { dataDir, spool } = await withKept(['abc'])
    await spool.replay('one', all)
    const [[kept], [waiting]] = [await namesIn(dataDir, 'kept'), await namesIn(dataDir, 'batches')]
    expect(waiting).toMatch(/^\d{16}\..*\.lines\.replay@one\.ndjson$/)
    const [one, other] = [await stat(at(dataDir, 'kept', kept!)), await stat(at(dataDir, 'batches', waiting!))]
    expect([other.ino, other.nlink]).toEqual([one.ino, 2])
    expect(await bodiesFor(spool)).toEqual(['abc'])
    expect(await namesIn(dataDir, 'batches')).toEqual([])
    expect(await namesIn(dataDir, 'kept')).toEqual([kept])
  })

  test('many batches come in the order in which they were stored, also after a restart', async () => {
    const bodies = Array.from({ length: 150 }, (_, number) => `body ${number}`)
    const { dataDir, spool } = await withKept(bodies)
    expect(await spool.replay('one', all)).toMatchObject({ batches: 150 })
    await spool.close()
    expect(await bodiesFor(await opened(dataDir))).toEqual(bodies)
  })

  test('needs no receipt: when its sink is done with it, it is gone', async () => {
    const { dataDir, spool } = await withKept(['abc'], { sinks: ['one', 'two'] })
    await spool.replay('two', all)
    expect(await bodiesFor(spool, 'one')).toEqual([])
    expect(await bodiesFor(spool, 'two')).toEqual(['abc'])
    expect(await namesIn(dataDir, 'batches')).toEqual([])
    for (const sink of ['one', 'two']) expect(await namesIn(dataDir, `receipts/${sink}`)).toEqual([])
  })

  test('that waits stays readable when the kept batch is removed', async () => {
    const { dataDir, spool } = await withKept(['old', 'new'])
    await spool.replay('one', all)
    await spool.close()
    const next = await opened(dataDir, { keepBytes: 3 })
    await expect.poll(() => next.kept.batches).toBe(1)
    expect(await bodiesFor(next)).toEqual(['old', 'new'])
  })

  test('goes on while batches come in, are delivered and kept, and takes none of those', async () => {
    const { spool } = await withKept(Array.from({ length: 100 }, (_, number) => `old ${number}`))
    const replay = spool.replay('one', all)
    for (let number = 0; number < 20; number++) await put(spool, `new ${number}`)
    expect(await replay).toMatchObject({ batches: 100 })
    const bodies = await bodiesFor(spool)
    expect(bodies.filter(body => body.startsWith('old'))).toHaveLength(100)
    expect(new Set(bodies).size).toBe(120)
    expect(spool.kept.batches).toBe(120)
  })

  test('that a close cuts short is stored up to some batch, and goes on after a restart', async () => {
    const bodies = Array.from({ length: 200 }, (_, number) => `body ${number}`)
    const { dataDir, spool } = await withKept(bodies)
    const outcome = spool.replay('one', all).catch(error => error)
    await new Promise(setImmediate)
    await spool.close()
    const stopped = await outcome
    expect(stopped).toMatchObject({ reason: 'shutting down' })
    expect(await namesIn(dataDir, 'incoming')).toEqual([])
    const next = await opened(dataDir)
    expect(next.usage.batches).toBe(stopped.replayed.batches)
    expect(next.usage.batches).toBeLessThan(200)
    await next.replay('one', all)
    expect(await bodiesFor(next)).toEqual(bodies)
  })

  test('leaves the last tenth of the room to what comes in, and says where it goes on', async () => {
    const clock = { now: 1_790_000_000_000 }
    const { spool } = await withKept(
      Array.from({ length: 12 }, (_, number) => `body ${number}`.padEnd(100)),
      { maxBytes: 1000, now: () => clock.now++ },
    )
    const stopped = await spool.replay('one', all).catch(error => error)
    expect(stopped).toBeInstanceOf(ReplayStoppedError)
    expect(stopped).toMatchObject({ reason: 'spool full', replayed: { batches: 9, lines: 27 } })
    expect(spool.refusal()).toBeUndefined()
    const until = clock.now
    expect(await put(spool, new Uint8Array(90))).toBe('stored')
    expect(await bodiesFor(spool)).toHaveLength(10)
    expect(await spool.replay('one', { since: undefined, until, from: stopped.next })).toMatchObject({ batches: 3 })
    expect((await bodiesFor(spool)).map(body => body.trim())).toEqual(['body 9', 'body 10', 'body 11'])
  })

  test('passes over kept batches that are damaged or gone, and says so', async () => {
    const log = createLog()
    const { dataDir, spool } = await withKept(['first', 'short', 'gone', 'folder', 'last'], { log })
    const names = (await namesIn(dataDir, 'kept')).map(name => at(dataDir, 'kept', name))
    await writeFile(names[1]!, 'sho')
    await rm(names[2]!)
    await rm(names[3]!)
    await mkdir(names[3]!)
    expect(await spool.replay('one', all)).toMatchObject({ batches: 2 })
    expect(await bodiesFor(spool)).toEqual(['first', 'last'])
    expect(log.lines).toMatchObject([{ level: 'error', fields: { files: 2 } }])
    expect(await namesIn(dataDir, 'incoming')).toEqual([])
    expect(spool.refusal()).toBeUndefined()
  })

  test('copies where a file can have no second name there', async context => {
    const { dataDir, spool: before } = await withKept(['abc', 'defg'])
    await before.close()
    const elsewhere = existsSync('/dev/shm') ? await temporaryFolder('/dev/shm') : dataDir
    if (statSync(elsewhere).dev === statSync(dataDir).dev) return context.skip('there is no second file system')
    for (const name of await namesIn(dataDir, 'kept')) await copyFile(at(dataDir, 'kept', name), `${elsewhere}/${name}`)
    await rm(at(dataDir, 'kept'), { recursive: true })
    await symlink(elsewhere, at(dataDir, 'kept'))
    const spool = await opened(dataDir)
    expect(await spool.replay('one', all)).toMatchObject({ batches: 2 })
    expect(spool.usage).toEqual({ bytes: 7, batches: 2 })
    const [name] = await namesIn(dataDir, 'batches')
    expect(await stat(at(dataDir, 'batches', name!))).toMatchObject({ nlink: 1, size: 3 })
    expect(await bodiesFor(spool)).toEqual(['abc', 'defg'])
  })

  test('that finds no folder to put its files in is refused, and costs nothing', async () => {
    const { dataDir, spool } = await withKept(['abc'])
    await rm(at(dataDir, 'incoming'), { recursive: true })
    await expect(spool.replay('one', all)).rejects.toMatchObject({ reason: 'disk error', replayed: { batches: 0 } })
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
    await mkdir(at(dataDir, 'incoming'))
    expect(await spool.replay('one', all)).toMatchObject({ batches: 1 })
  })

  test('whose names cannot be stored is refused as a batch is, and leaves nothing behind', async () => {
    const { dataDir, spool } = await withKept(['abc', 'def'])
    await rm(at(dataDir, 'batches'), { recursive: true })
    await expect(spool.replay('one', all)).rejects.toMatchObject({ reason: 'disk error', replayed: { batches: 0 } })
    expect(spool.usage).toEqual({ bytes: 0, batches: 0 })
    expect(await namesIn(dataDir, 'incoming')).toEqual([])
    expect(await put(spool, 'x')).toBe('stored')
    expect(await spool.replay('one', all)).toMatchObject({ batches: 2 })
  })
})

describe('a kill during a replay', () => {
  const killed = async () => {
    const { dataDir, spool } = await withKept(['abc'])
    await spool.replay('one', all)
    await spool.close()
    const [[kept], [waiting]] = [await namesIn(dataDir, 'kept'), await namesIn(dataDir, 'batches')]
    return { dataDir, kept: at(dataDir, 'kept', kept!), waiting: at(dataDir, 'batches', waiting!) }
  }

  test('after the link leaves a part that is removed, and the kept batch', async () => {
    const { dataDir, kept, waiting } = await killed()
    await rm(waiting)
    await link(kept, at(dataDir, 'incoming', '0000000000000000.part'))
    const spool = await opened(dataDir)
    expect([spool.usage.batches, spool.kept.batches]).toEqual([0, 1])
    expect(await namesIn(dataDir, 'incoming')).toEqual([])
    await spool.replay('one', all)
    expect(await bodiesFor(spool)).toEqual(['abc'])
  })

  test('after it was stored leaves a batch that is delivered, and is not stored twice by asking again', async () => {
    const { dataDir } = await killed()
    const spool = await opened(dataDir)
    expect(await spool.replay('one', all)).toMatchObject({ batches: 0 })
    expect(await bodiesFor(spool)).toEqual(['abc'])
    expect(spool.kept.batches).toBe(1)
  })

  test('after its batch was no longer kept leaves one that is whole', async () => {
    const { dataDir, kept } = await killed()
    await rm(kept)
    const spool = await opened(dataDir)
    expect(await bodiesFor(spool)).toEqual(['abc'])
    expect(spool.kept.batches).toBe(0)
  })

  test('with its sink no longer configured leaves it as it is, told of once', async () => {
    const { dataDir, waiting } = await killed()
    const log = createLog()
    const spool = await opened(dataDir, { sinks: ['two'], log })
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { batches: 1 } }])
    expect(existsSync(waiting)).toBe(true)
    await put(spool, 'x')
    expect(await bodiesFor(spool, 'two')).toEqual(['x'])
    await spool.close()
    expect(await bodiesFor(await opened(dataDir))).toEqual(['abc'])
  })
})
