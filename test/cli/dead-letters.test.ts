import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type DeadLettersCommand, type DeadLettersOptions, deadLetters } from '../../src/cli/dead-letters.ts'
import { createOperations } from '../../src/control/operations.ts'
import { startControl } from '../../src/control/server.ts'
import { batchRow } from '../../src/delivery/dead-letter.ts'
import { createDeadLetterStore, type DeadLetterStore } from '../../src/delivery/dead-letter-store.ts'
import { createDiskSpool } from '../../src/spool/disk.ts'
import { keysIn, keysOf, letterRow } from '../delivery/redrive-kit.ts'
import { createLog } from '../spool/kit.ts'
import { runCommand } from './run-command.ts'

const main = join(import.meta.dirname, '../../src/main.ts')
let dir: string
let letters: DeadLetterStore
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'letters-cli-'))
  letters = createDeadLetterStore({
    folder: join(dir, 'dead-letters'),
    maxBytes: 1e9,
    now: () => Date.UTC(2026, 0, 2),
  })
})
afterEach(() => rm(dir, { recursive: true }))

const env = { SPOOL_MIN_FREE_BYTES: '0' }
const run = (command: DeadLettersCommand, options: DeadLettersOptions = {}, more: Record<string, string> = {}) =>
  runCommand(() => deadLetters({ DATA_DIR: dir, ...env, ...more }, command, options))
const objects = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
const folder = (sink: string) => join(dir, 'dead-letters', sink)

const openSpool = async () => {
  const spool = createDiskSpool({
    dir: join(dir, 'spool'),
    lockDir: dir,
    sinks: ['file'],
    maxBytes: 1e9,
    minFreeBytes: 0,
    duplicateWindowMs: 0,
    onStored() {},
    log: createLog(),
  })
  return { spool, found: await spool.open() }
}

describe('dead-letters list', () => {
  it('counts by sink, reason and dataset, one JSON object a line', async () => {
    await letters
      .of('file')
      .append([letterRow({ line: 0 }), letterRow({ line: 1 }), letterRow({ line: 2, reason: 'too_large' })])
    await letters.of('http').append([letterRow({ line: 3 })])
    const { stdout, code } = await run('list')
    const counts = objects(stdout).map(({ sink, reason, dataset, rows }) => [sink, reason, dataset, rows])
    expect(counts).toEqual([
      ['file', 'mapping', 'http_requests', 2],
      ['file', 'too_large', 'http_requests', 1],
      ['http', 'mapping', 'http_requests', 1],
    ])
    expect(code).toBe(0)
    const one = await run('list', { sink: 'file', reason: 'too_large' })
    expect(objects(one.stdout)).toHaveLength(1)
    expect(await run('list', { since: '1h' })).toMatchObject({
      stdout: '',
      stderr: 'There are no such dead letters.\n',
      code: 0,
    })
  })
})

describe('dead-letters show', () => {
  it('prints the newest rows as they are, and stops without a word where the reader does', async () => {
    const rows = Array.from({ length: 40 }, (_, line) => letterRow({ line, original: 'x'.repeat(50_000) }))
    await letters.of('file').append(rows)
    const { stdout } = await run('show', { limit: '2' })
    expect(stdout).toBe(
      rows
        .slice(-2)
        .map(({ json }) => `${json}\n`)
        .join(''),
    )
    const id = '00000000-0000-8000-8000-000000000007'
    expect(keysOf((await run('show', { id })).stdout)).toEqual([rows[7]!.key])
    const piped = await promisify(execFile)(
      'sh',
      ['-c', `"${process.execPath}" "${main}" dead-letters show --limit 40 | head -c 10`],
      {
        env: { PATH: process.env.PATH, DATA_DIR: dir },
      },
    )
    expect(piped).toEqual({ stdout: rows[0]!.json.slice(0, 10), stderr: '' })
  })
})

describe('dead-letters redrive', () => {
  it('does it itself where the service is stopped, and says that delivery waits', async () => {
    const lost = batchRow({ ...letterBatch, name: 'b' }, 'file', '2026-01-02T00:00:00Z', 'damaged', 9, 'torn')
    await letters.of('file').append([letterRow({ line: 0 }), lost])
    await letters.of('http').append([letterRow({ line: 1 })])
    const { stdout, stderr, code } = await run('redrive')
    expect(objects(stdout)).toEqual([
      { command: 'redrive', sink: 'file', rows: 1, batches: 1, skipped: { damaged: 1 } },
    ])
    expect(stderr).toContain('delivered when it starts')
    expect(stderr).toContain('The dead letters of http stay: SINKS does not name it.')
    expect(code).toBe(0)
    const { spool, found } = await openSpool()
    expect(found.batches.map(({ batch }) => [batch.format, batch.lines])).toEqual([['rows', 1]])
    await spool.close()
    expect(keysIn(folder('file'))).toEqual([lost.key])
    expect((await readdir(dir)).sort()).toEqual(['dead-letters', 'spool'])
  })

  it('asks the service where it runs', async () => {
    await letters.of('file').append([letterRow({ line: 0 })])
    const { spool } = await openSpool()
    const log = { ...createLog(), debug() {} }
    const deps = {
      spool,
      sinks: ['file'],
      datasets: ['http_requests'],
      letters,
      folder: join(dir, 'dead-letters'),
      keeps: false,
      log,
    }
    const control = await startControl({ dir, operations: createOperations(deps), log })
    try {
      // Settings of another service: those of the running one hold.
      const { stdout, stderr, code } = await run('redrive', { sink: 'file' }, { SINKS: 'stdout' })
      expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
      expect(objects(stdout)).toMatchObject([{ sink: 'file', rows: 1 }])
      expect(spool.usage.batches).toBe(1)
      expect(await run('redrive', { sink: 'stdout' })).toMatchObject({
        code: 2,
        stderr: 'SINKS does not name stdout; it names file.\n',
      })
      await control.close()
      expect(await run('discard', { all: true })).toMatchObject({
        code: 0,
        stderr: 'There are no such dead letters.\n',
      })
      await letters.of('file').append([letterRow({ line: 1 })])
      const held = await run('discard', { all: true })
      expect(held).toMatchObject({ code: 1, stderr: `The data folder ${dir} is in use by another logpush-intake.\n` })
    } finally {
      await control.close()
      await spool.close()
    }
  })

  it('opens no spool for a sink that is not configured, so that other settings do no harm', async () => {
    await letters.of('http').append([letterRow({ line: 0 })])
    expect(await run('redrive', { sink: 'http' })).toMatchObject({
      code: 2,
      stderr: 'SINKS does not name http; it names file.\n',
    })
    expect(await readdir(dir)).toEqual(['dead-letters'])
  })

  it('is wrong use where SINKS names none of the sinks that have dead letters', async () => {
    await letters.of('http').append([letterRow({ line: 0 })])
    expect(await run('redrive')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'The dead letters of http stay: SINKS does not name it.\n',
    })
    expect(await readdir(dir)).toEqual(['dead-letters'])
  })

  it('leaves the batches alone that wait for sinks which its settings do not name', async () => {
    const service = createDiskSpool({
      dir: join(dir, 'spool'),
      lockDir: dir,
      sinks: ['file', 'http'],
      maxBytes: 1e9,
      minFreeBytes: 0,
      duplicateWindowMs: 0,
      onStored() {},
      log: createLog(),
    })
    await service.open()
    const draft = await service.draft()
    await draft.write(Buffer.from('{}\n'))
    const seal = { batchId: new Uint8Array(32), dataset: undefined, lines: 1, format: 'lines', gzip: false } as const
    await draft.commit({ ...seal, time: '2026-01-02T00:00:00Z', deduplicate: false })
    await (await service.claim('file', AbortSignal.timeout(1000))).ack()
    await service.close()
    await letters.of('file').append([letterRow({ line: 0 })])
    expect(await run('redrive')).toMatchObject({ code: 0 })
    expect(await readdir(join(dir, 'spool', 'v1', 'batches'))).toHaveLength(2)
    expect(await readdir(join(dir, 'spool', 'v1', 'receipts', 'file'))).toHaveLength(1)
  })

  it('says that lines stay which are too long by now', async () => {
    await letters.of('file').append([letterRow({ line: 0, original: 'x'.repeat(5000) }), letterRow({ line: 1 })])
    const { stdout } = await run('redrive', {}, { MAX_LINE_BYTES: '4096' })
    expect(objects(stdout)).toMatchObject([{ rows: 1, skipped: { too_long: 1 } }])
  })

  it.each(['redrive', 'discard'] as const)(
    '%s is refused to another user than the one of the service',
    async command => {
      await letters.of('file').append([letterRow({ line: 0 })])
      const { uid } = await stat(dir)
      const spy = vi.spyOn(process, 'geteuid').mockReturnValue(uid + 1)
      try {
        const { code, stderr } = await run(command, { sink: 'file' })
        expect({ code, stderr }).toEqual({
          code: 1,
          stderr: expect.stringMatching(new RegExp(`belongs to the user ${uid}, .* run it as ${uid}`)),
        })
        expect(await readdir(dir)).toEqual(['dead-letters'])
        expect(await run('list')).toMatchObject({ code: 0, stderr: '' })
      } finally {
        spy.mockRestore()
      }
    },
  )

  it('fails where the spool takes no batch, and the dead letters stay', async () => {
    await letters.of('file').append([letterRow({ line: 0, original: 'x'.repeat(2e6) })])
    const small = { SPOOL_MAX_BYTES: '1100000', MAX_BODY_BYTES: '1000000', MAX_LINE_BYTES: '4000000' }
    const { code, stdout, stderr } = await run('redrive', {}, small)
    expect({ code, outcome: objects(stdout)[0] }).toMatchObject({
      code: 1,
      outcome: { rows: 0, failure: expect.any(String) },
    })
    expect(stderr).toContain('spool full')
    expect(keysIn(folder('file'))).toHaveLength(1)
  })
})

describe('dead-letters discard', () => {
  it('of all takes what a redrive left under way, also of a sink that is not configured', async () => {
    await letters.of('http').append([letterRow({ line: 0 }), letterRow({ line: 1 })])
    const day = join(folder('http'), '2026-01-02.ndjson')
    await rename(day, `${day}.0001.http_requests.taken`)
    expect(objects((await run('discard', { all: true })).stdout)).toMatchObject([{ sink: 'http', rows: 2 }])
    expect(await readdir(folder('http'))).toEqual([])
  })

  it('makes no folder where there is no data folder, and fails', async () => {
    const none = join(dir, 'none')
    const { stderr, code } = await run('discard', { all: true }, { DATA_DIR: none })
    expect({ stderr, code }).toEqual({ stderr: `There is no data folder ${none} (DATA_DIR).\n`, code: 1 })
    expect(await readdir(dir)).toEqual([])
  })

  it('wants to be told which', async () => {
    await letters.of('file').append([letterRow({ line: 0 }), letterRow({ line: 1, reason: 'too_large' })])
    const { code, stderr } = await run('discard')
    expect(code).toBe(2)
    expect(stderr).toContain('--all')
    expect(keysIn(folder('file'))).toHaveLength(2)
    expect(objects((await run('discard', { reason: 'too_large' })).stdout)).toMatchObject([{ sink: 'file', rows: 1 }])
    expect(objects((await run('discard', { all: true })).stdout)).toMatchObject([{ sink: 'file', rows: 1 }])
    expect(await readdir(folder('file'))).toEqual([])
  })
})

describe('what the system refuses', () => {
  it.each<DeadLettersCommand>(['list', 'show', 'redrive', 'discard'])(
    'is one sentence of %s, where the data folder is a file; a folder with the name of a day is none of ours',
    async command => {
      const file = join(dir, 'file')
      await writeFile(file, '')
      const where = await run(command, { sink: 'file' }, { DATA_DIR: file })
      expect(where).toMatchObject({ code: 1, stderr: expect.stringMatching(/^The .*(ENOTDIR|is no folder).*\n$/) })
      await mkdir(join(folder('file'), '2026-01-02.ndjson'), { recursive: true })
      const { code, stdout } = await run(command, { sink: 'file' })
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    },
  )
})

describe('wrong use', () => {
  it.each<[DeadLettersCommand, DeadLettersOptions, string]>([
    ['list', { since: 'yesterday' }, '--since: expected a time'],
    ['list', { until: '2026-02-31' }, '--until: expected a time'],
    ['list', { sink: '../x' }, 'There is no sink ../x'],
    ['show', { limit: '0' }, '--limit: expected a whole number'],
    ['show', { dataset: 'nope' }, 'Unknown dataset nope'],
    ['redrive', { reason: '' }, '--reason: expected a word'],
    ['discard', { reason: 'x'.repeat(201) }, '--reason: expected a word'],
    ['discard', { since: '999999999d' }, '--since: expected a time'],
    ['discard', { sink: 'nope' }, 'SINKS does not name nope'],
    ['discard', { sink: '../x' }, 'There is no sink ../x'],
    ['redrive', { id: 'x' }, '--id: expected the UUID'],
  ])('%s %j is told and has exit code 2', async (command, options, words) => {
    await mkdir(folder('file'), { recursive: true })
    const { code, stderr } = await run(command, options)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(words) })
  })
})

const letterBatch = {
  batchId: new Uint8Array(32),
  dataset: undefined,
  lines: 9,
  format: 'lines',
  gzip: true,
  bytes: 1,
  storedAt: 0,
  time: '2026-01-02T00:00:00Z',
  again: undefined,
} as const
