import { readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { DiskSpoolOptions } from '../../src/spool/disk.ts'
import { bytesOf, claimNow, put } from '../contract/spool-kit.ts'
import { at, createLog, diskSpool, never, temporaryFolder } from './kit.ts'

const all = { since: undefined, until: undefined }

async function opened(dataDir: string, options: Partial<DiskSpoolOptions> = {}) {
  const spool = diskSpool(dataDir, { sinks: ['one', 'two'], keepBytes: 1e9, ...options })
  return { spool, recovered: await spool.open() }
}

/** Three batches that `one` has done and `two` has not, and one that is kept. */
async function left(): Promise<string> {
  const dataDir = await temporaryFolder()
  const { spool } = await opened(dataDir)
  await put(spool, 'kept')
  for (const sink of ['one', 'two']) await (await spool.claim(sink, never)).ack()
  for (const body of ['a', 'b', 'c']) {
    await put(spool, body)
    await (await spool.claim('one', never)).ack()
  }
  await spool.close()
  return dataDir
}

const everything = async (dataDir: string) => (await readdir(at(dataDir), { recursive: true })).sort()

describe('a spool that a command opens', () => {
  test('leaves all that is there, whatever its own settings are', async () => {
    const dataDir = await left()
    const before = await everything(dataDir)
    for (const options of [
      { sinks: ['one'], keepBytes: 0 },
      { sinks: ['three'] },
      { sinks: ['one', 'two'], keepMs: 0 },
    ]) {
      const { spool } = await opened(dataDir, { ...options, forCommand: true })
      await spool.close()
      const after = await everything(dataDir)
      expect(before.filter(name => !after.includes(name))).toEqual([])
    }
    const { spool, recovered } = await opened(dataDir)
    expect(recovered.batches.map(({ sinks }) => sinks)).toEqual([['two'], ['two'], ['two']])
    expect(spool.kept.batches).toBe(1)
  })

  test('stores what is for one sink, and replays what is kept', async () => {
    const dataDir = await left()
    const { spool } = await opened(dataDir, { keepBytes: 0, forCommand: true })
    expect(await spool.replay('two', all)).toMatchObject({ batches: 1 })
    await put(spool, 'redriven', { again: { kind: 'redrive', sink: 'one' } })
    await spool.close()
    const { recovered } = await opened(dataDir)
    expect(recovered.batches.map(({ sinks }) => sinks.join())).toEqual(['two', 'two', 'two', 'two', 'one'])
  })
})

describe('a replay for a sink', () => {
  test('holds what another sink has not done yet', async () => {
    const { spool } = await opened(await left())
    expect(await spool.replay('one', all)).toEqual({ batches: 4, lines: 12, damaged: 0 })
    const bodies: string[] = []
    for (let claim = await claimNow(spool, 'one'); claim !== undefined; claim = await claimNow(spool, 'one')) {
      bodies.push(String(await bytesOf(claim)))
      await claim.ack()
    }
    expect(bodies).toEqual(['kept', 'a', 'b', 'c'])
    expect(await spool.replay('two', all)).toMatchObject({ batches: 1 })
  })
})

describe('a sink that is no longer configured', () => {
  test('is told to be owed what it has not done', async () => {
    const log = createLog()
    await opened(await left(), { sinks: ['one'], log })
    expect(log.lines).toMatchObject([{ level: 'error', fields: { sink: 'two', batches: 3 } }])
  })

  test('is no news where it has done all', async () => {
    const dataDir = await left()
    const { spool } = await opened(dataDir)
    for (let n = 0; n < 3; n++) await (await spool.claim('two', never)).ack()
    await spool.close()
    const log = createLog()
    await opened(dataDir, { sinks: ['one'], log })
    expect(log.lines).toEqual([])
  })
})
