import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ReplayOptions, replay } from '../../src/cli/replay.ts'
import { createDiskSpool } from '../../src/spool/disk.ts'
import { createLog, never } from '../spool/kit.ts'
import { runCommand } from './run-command.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'replay-cli-'))
})
afterEach(() => rm(dir, { recursive: true }))

const run = (options: ReplayOptions, env: Record<string, string> = {}) =>
  runCommand(() => replay({ DATA_DIR: dir, SPOOL_MIN_FREE_BYTES: '0', ...env }, options))

/** Leaves one delivered batch that is kept. */
const keepBatch = async () => {
  const spool = createDiskSpool({
    dir: join(dir, 'spool'),
    lockDir: dir,
    sinks: ['file'],
    maxBytes: 1e9,
    minFreeBytes: 0,
    duplicateWindowMs: 0,
    keepBytes: 1e6,
    onStored() {},
    log: createLog(),
  })
  await spool.open()
  const draft = await spool.draft()
  await draft.write(Buffer.from('{}\n{}\n'))
  const seal = { batchId: new Uint8Array(32), dataset: undefined, lines: 2, format: 'lines', gzip: false } as const
  await draft.commit({ ...seal, time: '2026-01-02T00:00:00Z', deduplicate: false })
  await (await spool.claim('file', never)).ack()
  await spool.close()
}

describe('replay', () => {
  it('stores kept batches once more, tells how many, and warns where a sink knows no ids', async () => {
    await keepBatch()
    const env = { SPOOL_KEEP_BYTES: '1000000' }
    const { stdout, stderr, code } = await run({ sink: 'file', since: '1h' }, env)
    expect(JSON.parse(stdout)).toEqual({ command: 'replay', sink: 'file', batches: 1, lines: 2, keeps: true })
    expect(stderr).toContain('file knows no ids')
    expect(stderr).toContain('delivered when it starts')
    expect(code).toBe(0)
    const again = await run({ sink: 'file' }, env)
    expect(JSON.parse(again.stdout)).toMatchObject({ batches: 0 })
    expect(again.stderr).toContain('waits for this replay already')
  })

  it('says why there is nothing to replay where no batch is kept', async () => {
    const { stdout, stderr, code } = await run({ sink: 'file' })
    expect(JSON.parse(stdout)).toMatchObject({ batches: 0, keeps: false })
    expect(stderr).toBe('No delivered batch is kept: SPOOL_KEEP_BYTES is 0.\n')
    expect(code).toBe(0)
  })

  it.each([
    [{ sink: 'nowhere' }, 'There is no sink nowhere'],
    [{ sink: 'stdout' }, 'SINKS does not name stdout'],
    [{ sink: 'file', since: 'x' }, '--since: expected a time'],
  ])('%j is wrong use', async (options, words) => {
    const { code, stderr } = await run(options)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(words) })
  })
})
