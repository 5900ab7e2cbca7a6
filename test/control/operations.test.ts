import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createOperations } from '../../src/control/operations.ts'
import type { Progress, Request } from '../../src/control/protocol.ts'
import { createDeadLetterStore, type DeadLetterStore } from '../../src/delivery/dead-letter-store.ts'
import { createDiskSpool } from '../../src/spool/disk.ts'
import type { Spool } from '../../src/spool/spool.ts'
import { keysIn, letterRow } from '../delivery/redrive-kit.ts'
import { createLog, never } from '../spool/kit.ts'

let dir: string
let folder: string
let letters: DeadLetterStore
let spool: Spool
let log: ReturnType<typeof createLog>
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'operations-'))
  folder = join(dir, 'dead-letters')
  log = createLog()
  letters = createDeadLetterStore({ folder, maxBytes: 1e9, now: () => Date.UTC(2026, 0, 2) })
  spool = createDiskSpool({
    dir: join(dir, 'spool'),
    sinks: ['one', 'two'],
    maxBytes: 100_000,
    minFreeBytes: 0,
    duplicateWindowMs: 0,
    keepBytes: 1e6,
    onStored() {},
    log,
  })
  await spool.open()
})
afterEach(async () => {
  await spool.close()
  await rm(dir, { recursive: true })
})

const operations = (withSpool: Spool | undefined = spool) =>
  createOperations({
    spool: withSpool,
    sinks: ['one', 'two'],
    datasets: ['http_requests', 'dns_logs'],
    letters,
    folder,
    keeps: true,
    maxLineBytes: 100_000,
    log: { ...log, debug() {} },
  })
const run = (request: Request, progress: Progress[] = []) =>
  operations().run(request, news => progress.push(news), never)
const claimed = async (sink: string) => (await spool.claim(sink, AbortSignal.timeout(1000))).batch

describe('a redrive', () => {
  it('without a sink takes the dead letters of every sink that is configured', async () => {
    for (const sink of ['one', 'two', 'gone'])
      await letters.of(sink).append([letterRow({ line: 0 }), letterRow({ line: 1 })])
    const progress: Progress[] = []
    expect(await run({ command: 'redrive', filter: {} }, progress)).toEqual([
      { command: 'redrive', sink: 'one', rows: 2, batches: 1, skipped: {} },
      { command: 'redrive', sink: 'two', rows: 2, batches: 1, skipped: {} },
    ])
    expect(progress).toEqual([
      { sink: 'one', rows: 2 },
      { sink: 'two', rows: 2 },
    ])
    expect(keysIn(join(folder, 'gone'))).toHaveLength(2)
    expect(await claimed('two')).toMatchObject({ again: { sink: 'two', kind: 'redrive' }, dataset: 'http_requests' })
    await expect(run({ command: 'redrive', sink: 'gone', filter: {} })).rejects.toMatchObject({ name: 'UsageError' })
  })

  it('declares what was declared, else what the line was taken for, where that is a known dataset', async () => {
    const rows = [
      letterRow({ line: 0, declared: 'dns_logs', dataset: 'unknown' }),
      letterRow({ line: 1, dataset: 'dns_logs' }),
      letterRow({ line: 2, dataset: 'unknown' }),
      letterRow({ line: 3, dataset: '../no/dataset' }),
    ]
    await letters.of('one').append(rows)
    await run({ command: 'redrive', sink: 'one', filter: {} })
    expect([await claimed('one'), await claimed('one')].map(({ dataset, lines }) => [dataset, lines])).toEqual([
      ['dns_logs', 2],
      [undefined, 2],
    ])
  })

  it('leaves lines that MAX_LINE_BYTES would cut', async () => {
    await letters
      .of('one')
      .append([letterRow({ line: 0, original: 'x'.repeat(100_001) }), letterRow({ line: 1, original: 'x' })])
    expect(await run({ command: 'redrive', filter: {} })).toMatchObject([{ rows: 1, skipped: { too_long: 1 } }])
  })

  it('touches nothing while the spool takes no batch, and stops where it is full', async () => {
    await letters.of('one').append([letterRow({ line: 0, original: 'x'.repeat(90_000) })])
    await letters.of('two').append([letterRow({ line: 1, original: 'x'.repeat(90_000) })])
    const outcomes = await run({ command: 'redrive', filter: {} })
    expect(outcomes).toMatchObject([
      { sink: 'one', rows: 1 },
      { sink: 'two', rows: 0, failure: expect.stringContaining('spool full') },
    ])
    expect(await readdir(join(folder, 'two'))).toEqual(['2026-01-02.1.ndjson'])
    expect(await run({ command: 'redrive', filter: {} })).toMatchObject([{ sink: 'two', failure: expect.any(String) }])
    expect(await readdir(join(folder, 'two'))).toEqual(['2026-01-02.1.ndjson'])
  })
})

describe('a discard', () => {
  it('takes what meets the filter from any folder that is there, and needs no spool', async () => {
    await letters.of('one').append([letterRow({ line: 0 }), letterRow({ line: 1, reason: 'too_large' })])
    await letters.of('gone').append([letterRow({ line: 2 })])
    const bytes = Buffer.byteLength(letterRow({ line: 0 }).json) + 1
    const { run } = operations(undefined)
    expect(await run({ command: 'discard', filter: { reason: 'mapping' } }, () => {}, never)).toEqual([
      { command: 'discard', sink: 'gone', rows: 1, bytes },
      { command: 'discard', sink: 'one', rows: 1, bytes },
    ])
    expect(await run({ command: 'discard', sink: 'two', filter: {} }, () => {}, never)).toEqual([])
    const unknown = run({ command: 'discard', sink: 'none', filter: {} }, () => {}, never)
    await expect(unknown).rejects.toMatchObject({ name: 'UsageError', message: expect.stringContaining('none') })
    expect(keysIn(join(folder, 'one'))).toEqual([letterRow({ line: 1 }).key])
  })
})

/** Stores batches of so many bytes, which both sinks then do. */
const keepBatches = async (count: number, bytes: number) => {
  for (let number = 0; number < count; number++) {
    const draft = await spool.draft()
    await draft.write(Buffer.from(`${'x'.repeat(bytes - 1)}\n`))
    const batchId = new Uint8Array(32).fill(number)
    const seal = { batchId, dataset: undefined, lines: 1, format: 'lines', gzip: false } as const
    await draft.commit({ ...seal, time: '2026-01-02T00:00:00Z', deduplicate: false })
    for (const sink of ['one', 'two']) await (await spool.claim(sink, never)).ack()
  }
}
const keptFiles = async () => (await readdir(join(dir, 'spool', 'v1', 'kept'))).sort()

describe('a replay that the spool has no room for', () => {
  it('tells what it stored and where to go on, and goes on from there until all is done', async () => {
    await keepBatches(7, 30_000)
    const kept = await keptFiles()
    let from: string | undefined
    const replayed: number[] = []
    for (let round = 0; round < 9; round++) {
      const request = { command: 'replay', sink: 'two', ...(from === undefined ? {} : { from }) } as const
      const [outcome] = await run(request)
      if (outcome?.command !== 'replay') throw new Error('no outcome of a replay')
      expect(outcome).toMatchObject({ sink: 'two', lines: outcome.batches, keeps: true })
      for (let done = 0; done < outcome.batches; done++) {
        const claim = await spool.claim('two', never)
        replayed.push(claim.batch.batchId[0]!)
        await claim.ack()
      }
      if (outcome.next === undefined) break
      expect(outcome.failure).toContain('spool full')
      expect(kept.some(file => file.startsWith(`${outcome.next}.`))).toBe(true)
      from = outcome.next
    }
    expect(replayed).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('counts batches that are damaged', async () => {
    await keepBatches(2, 100)
    const [first] = await keptFiles()
    await writeFile(join(dir, 'spool', 'v1', 'kept', first!), 'torn')
    expect(await run({ command: 'replay', sink: 'one' })).toMatchObject([{ batches: 1, damaged: 1 }])
  })
})

describe('a replay', () => {
  it('stores kept batches once more for one sink', async () => {
    const draft = await spool.draft()
    await draft.write(Buffer.from('{}\n{}\n'))
    const seal = { batchId: new Uint8Array(32), dataset: undefined, lines: 2, format: 'lines', gzip: false } as const
    await draft.commit({ ...seal, time: '2026-01-02T00:00:00Z', deduplicate: false })
    for (const sink of ['one', 'two']) await (await spool.claim(sink, never)).ack()
    expect(await run({ command: 'replay', sink: 'two' })).toEqual([
      { command: 'replay', sink: 'two', batches: 1, lines: 2, damaged: 0, keeps: true },
    ])
    expect(await claimed('two')).toMatchObject({ again: { sink: 'two', kind: 'replay' } })
    expect(await run({ command: 'replay', sink: 'one', until: 1000 })).toMatchObject([{ batches: 0 }])
    await expect(run({ command: 'replay', sink: 'three' })).rejects.toThrow('SINKS does not name three')
  })
})

describe('recovery at the start', () => {
  it('brings a redrive that was broken off to an end, and says so', async () => {
    await letters.of('one').append([letterRow({ line: 0 }), letterRow({ line: 1 })])
    const day = join(folder, 'one', '2026-01-02.ndjson')
    await rename(day, `${day}.0001.http_requests.taken`)
    await letters.of('two').append([letterRow({ line: 2 })])
    await writeFile(join(folder, 'two', '2026-01-02.ndjson.keep'), '')
    await writeFile(join(folder, 'two', '2026-01-02.ndjson.0001.-.taken'), 'x\n')
    await operations().recover()
    expect(await claimed('one')).toMatchObject({ lines: 2, dataset: 'http_requests' })
    expect(await readdir(join(folder, 'one'))).toEqual([])
    expect(await readdir(join(folder, 'two'))).toEqual(['2026-01-02.ndjson'])
    expect(log.lines).toMatchObject([{ level: 'info', fields: { sink: 'one', rows: 2, batches: 1 } }])
  })

  it('makes dead letters again of what a full spool does not take, and does not hold up the start', async () => {
    await letters.of('one').append([letterRow({ line: 0, original: 'x'.repeat(200_000) })])
    const day = join(folder, 'one', '2026-01-02.ndjson')
    await rename(day, `${day}.0001.http_requests.taken`)
    await operations().recover()
    expect(await readdir(join(folder, 'one'))).toEqual(['2026-01-02.1.ndjson'])
    expect(log.lines.some(({ level, sentence }) => level === 'error' && sentence.includes('broken off'))).toBe(true)
  })
})
