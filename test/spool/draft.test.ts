import { mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { realFiles } from '../../src/lib/files.ts'
import { createAdmission } from '../../src/spool/admission.ts'
import { createDraft } from '../../src/spool/draft.ts'
import { createDuplicates } from '../../src/spool/duplicates.ts'
import { bytesOf, put, seal } from '../contract/spool-kit.ts'
import { createMachine } from '../simulation/kit.ts'
import { afterwards, createLog, never, temporaryFolder } from './kit.ts'

test.skipIf(process.platform !== 'linux')(
  'a batch that is discarded while the disk is asked for its free space leaves nothing behind',
  async () => {
    const folder = await temporaryFolder()
    const incoming = join(folder, 'incoming')
    await mkdir(incoming)
    const disk = join(folder, 'disk')
    // A file system without free blocks, so that the next bytes ask again.
    await symlink('/proc', disk)
    const maxBytes = 300_000
    const admission = createAdmission({
      maxBytes,
      minFreeBytes: 1,
      folder: disk,
      probe: async () => {},
      makeRoom: async () => false,
      log: createLog(),
    })
    afterwards(async () => admission.close())
    await admission.check()
    admission.close()
    await rm(disk)
    await symlink(folder, disk)
    await pause(1000)

    const draft = createDraft({
      files: realFiles,
      path: join(incoming, 'part'),
      admission,
      duplicates: createDuplicates(0, Date.now),
      store: () => Promise.reject(new Error('nothing is committed here')),
      check() {},
      abandon: path => rm(path),
      finished() {},
    })
    const write = expect(draft.write(new Uint8Array(maxBytes))).rejects.toMatchObject({ reason: 'shutting down' })
    await draft.discard()
    await write
    expect(await readdir(incoming)).toEqual([])
    await admission.take(maxBytes)
  },
)

/** A spool of so many bytes on a simulated disk. */
async function openedSpool(maxBytes = 1e9) {
  const machine = createMachine()
  const spool = machine.spool({ maxBytes })
  await spool.open()
  return { ...machine, spool }
}

const PART = new Uint8Array(300_000)

test('a part that could not be written is told to whoever writes next, and the disk then has to prove itself', async () => {
  const { disk, spool } = await openedSpool()
  const draft = await spool.draft()
  disk.fault = ({ name }) => (name === 'write' ? { code: 'ENOSPC' } : undefined)
  await draft.write(PART)
  await expect(draft.write(PART)).rejects.toMatchObject({ reason: 'disk full', cause: { code: 'ENOSPC' } })
  expect(spool.refusal()).toBe('disk full')
  await draft.discard()
  expect([...disk.tree().keys()].filter(path => path.includes('/incoming/'))).toEqual([])
})

test('a part that could not be written ends no process, although nobody asks for it', async () => {
  const { disk, spool } = await openedSpool()
  const unhandled: unknown[] = []
  const note = (error: unknown) => void unhandled.push(error)
  process.on('unhandledRejection', note)
  afterwards(async () => process.off('unhandledRejection', note))
  const draft = await spool.draft()
  disk.fault = ({ name }) => (name === 'open' ? { code: 'EIO' } : undefined)
  await draft.write(PART)
  for (let turns = 0; turns < 10; turns++) await turn()
  disk.fault = () => undefined
  await draft.discard()
  expect(unhandled).toEqual([])
})

test('a disk that takes a part of what it is given gets the rest', async () => {
  const { disk, spool } = await openedSpool()
  disk.fault = ({ name }) => (name === 'write' ? 'short' : undefined)
  const body = Uint8Array.from({ length: 1000 }, (_, index) => index % 251)
  await put(spool, body)
  disk.fault = () => undefined
  expect(await bytesOf(await spool.claim('one', never))).toEqual(Buffer.from(body))
})

test('once it is committed a batch takes nothing more, is stored once, and counts once', async () => {
  const { spool } = await openedSpool(1_000)
  const draft = await spool.draft()
  await draft.write(new Uint8Array(500))
  const commit = draft.commit(seal())
  const late = [draft.write(new Uint8Array(100)), draft.commit(seal()), draft.discard()]
  expect(await commit).toBe('stored')
  const refused = { status: 'rejected', reason: { name: 'UnavailableError', reason: 'shutting down' } }
  expect(await Promise.allSettled(late)).toMatchObject([refused, refused, { status: 'fulfilled' }])
  await draft.discard()
  await expect(draft.write(new Uint8Array(100))).rejects.toMatchObject({ reason: 'shutting down' })
  await expect(draft.commit(seal())).rejects.toMatchObject({ reason: 'shutting down' })
  expect(spool.usage).toEqual({ bytes: 500, batches: 1 })
  const next = await spool.draft()
  await expect(next.write(new Uint8Array(501))).rejects.toMatchObject({ reason: 'spool full' })
  await next.write(new Uint8Array(500))
})

test('a batch that is not looked for among those before is refused like any other, and leaves nothing behind', async () => {
  const { disk, spool } = await openedSpool()
  disk.fault = ({ name }) => (name === 'fdatasync' ? { code: 'EIO' } : undefined)
  const refused = put(spool, 'x', { deduplicate: false })
  await expect(refused).rejects.toMatchObject({
    name: 'UnavailableError',
    reason: 'disk error',
    cause: { code: 'EIO' },
  })
  expect([...disk.tree().keys()].filter(path => path.includes('/v1/'))).toEqual([])
})

test('closing waits for what is being committed, whatever else ended before or ends meanwhile', async () => {
  const { spool } = await openedSpool()
  await put(spool, 'earlier')
  const [given, committed] = [await spool.draft(), await spool.draft()]
  await committed.write(PART)
  let outcome = 'open'
  void committed.commit(seal()).then(stored => {
    outcome = stored
  })
  await spool.close()
  expect(outcome).toBe('stored')
  await expect(given.write(PART)).rejects.toMatchObject({ reason: 'shutting down' })
})
