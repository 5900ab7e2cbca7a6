import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
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

/** Leaves delivered batches that are kept. */
const keepBatches = async (count = 1, text = '{}\n{}\n') => {
  const spool = createDiskSpool({
    dir: join(dir, 'spool'),
    lockDir: dir,
    sinks: ['file'],
    maxBytes: 1e9,
    minFreeBytes: 0,
    duplicateWindowMs: 0,
    keepBytes: 1e8,
    onStored() {},
    log: createLog(),
  })
  await spool.open()
  for (let number = 0; number < count; number++) {
    const draft = await spool.draft()
    await draft.write(Buffer.from(text))
    const batchId = new Uint8Array(32).fill(number)
    const seal = { batchId, dataset: undefined, lines: 2, format: 'lines', gzip: false } as const
    await draft.commit({ ...seal, time: '2026-01-02T00:00:00Z', deduplicate: false })
    await (await spool.claim('file', never)).ack()
  }
  await spool.close()
}
const keptFiles = async () => (await readdir(join(dir, 'spool', 'v1', 'kept'))).sort()

describe('replay', () => {
  it('stores kept batches once more, tells how many, and warns where a sink knows no ids', async () => {
    await keepBatches()
    const env = { SPOOL_KEEP_BYTES: '1000000' }
    const { stdout, stderr, code } = await run({ sink: 'file', since: '1h' }, env)
    expect(JSON.parse(stdout)).toEqual({
      command: 'replay',
      sink: 'file',
      batches: 1,
      lines: 2,
      damaged: 0,
      keeps: true,
    })
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

  it('that stops as the spool is full says what was done and how to go on, without a stack', async () => {
    await keepBatches(3, `${'x'.repeat(600_000)}\n`)
    const env = { SPOOL_KEEP_BYTES: '100000000', SPOOL_MAX_BYTES: '1100000', MAX_BODY_BYTES: '1000000' }
    const next = (await keptFiles())[1]!.slice(0, 16)
    const { stdout, stderr, code } = await run({ sink: 'file', until: '2026-12-31' }, env)
    expect({ code, outcome: JSON.parse(stdout) }).toMatchObject({ code: 1, outcome: { batches: 1, lines: 2, next } })
    expect(stderr).toContain('file: not all kept batches were replayed. The spool takes no batch now: spool full.\n')
    const command = `replay --sink file --from ${next} --until 2026-12-31T00:00:00.000Z`
    expect(stderr).toContain(`go on with: logpush-intake ${command}\n`)
    expect(stderr).not.toContain('    at ')
    const rest = await run({ sink: 'file', from: next }, { SPOOL_KEEP_BYTES: '100000000' })
    expect({ code: rest.code, outcome: JSON.parse(rest.stdout) }).toMatchObject({ code: 0, outcome: { batches: 2 } })
    expect(await keptFiles()).toHaveLength(3)
  })

  it('takes away nothing that is kept, whatever SPOOL_KEEP_BYTES it was given', async () => {
    await keepBatches(2)
    const { stdout, code } = await run({ sink: 'file' })
    expect({ code, outcome: JSON.parse(stdout) }).toMatchObject({ code: 0, outcome: { batches: 2, keeps: true } })
    expect(await keptFiles()).toHaveLength(2)
  })

  it('fails where kept batches are damaged, after it replayed the others', async () => {
    await keepBatches(2)
    await writeFile(join(dir, 'spool', 'v1', 'kept', (await keptFiles())[0]!), 'torn')
    const { stdout, stderr, code } = await run({ sink: 'file' })
    expect({ code, outcome: JSON.parse(stdout) }).toMatchObject({ code: 1, outcome: { batches: 1, damaged: 1 } })
    expect(stderr).toContain('file: 1 kept batch is damaged and cannot be replayed.')
  })

  it('makes no folder where there is no data folder, and fails', async () => {
    const none = join(dir, 'none')
    const { stderr, code } = await run({ sink: 'file' }, { DATA_DIR: none })
    expect({ stderr, code }).toEqual({ stderr: `There is no data folder ${none} (DATA_DIR).\n`, code: 1 })
    expect(await readdir(dir)).toEqual([])
  })

  it.each([
    [{ sink: 'file', from: '12' }, '--from: expected the name of a batch'],
    [{ sink: 'file', since: '999999999d' }, '--since: expected a time'],
    [{ sink: 'nowhere' }, 'There is no sink nowhere'],
    [{ sink: 'stdout' }, 'SINKS does not name stdout'],
    [{ sink: 'file', since: 'x' }, '--since: expected a time'],
  ])('%j is wrong use', async (options, words) => {
    const { code, stderr } = await run(options)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(words) })
  })
})
