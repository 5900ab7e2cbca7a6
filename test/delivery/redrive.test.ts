import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { refusalRow } from '../../src/delivery/dead-letter.ts'
import { createDeadLetters } from '../../src/delivery/dead-letters.ts'
import { createRowSender } from '../../src/delivery/redrive.ts'
import { createDiskSpool } from '../../src/spool/disk.ts'
import { createMemorySpool, type MemorySpool } from '../helpers/memory-spool.ts'
import { createLog } from '../spool/kit.ts'
import { declare, keysIn, keysOf, letterRow } from './redrive-kit.ts'

let dir: string
let folder: string
let spool: MemorySpool
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redrive-'))
  folder = join(dir, 'one')
  spool = createMemorySpool()
})
afterEach(() => rm(dir, { recursive: true }))

const letters = (maxBytes = 1e9) => createDeadLetters({ folder, maxBytes, now: () => Date.UTC(2026, 0, 2) })
const sender = () => createRowSender({ spool, sink: 'one', now: () => 0 })
const redriveAll = () => ({ filter: {}, send: sender(), declare })
const sent = () => spool.stored.flatMap(({ body }) => keysOf(body.toString()))
const day = () => join(folder, '2026-01-02.ndjson')

describe('a redrive', () => {
  it('gives the spool the rows as they are, a batch for each dataset to declare', async () => {
    const store = letters()
    const rows = [
      letterRow({ line: 0 }),
      letterRow({ line: 1, dataset: 'unknown' }),
      letterRow({ line: 2, dataset: 'dns_logs' }),
      letterRow({ line: 3, dataset: 'unknown', declared: 'dns_logs' }),
      letterRow({ line: 4 }),
    ]
    await store.append(rows)
    expect(await store.redrive(redriveAll())).toEqual({ rows: 5, batches: 3, skipped: {}, failure: undefined })
    const text = (...numbers: number[]) => numbers.map(number => `${rows[number]!.json}\n`).join('')
    expect(spool.stored.map(({ batch, body }) => [batch.dataset, body.toString()])).toEqual([
      ['http_requests', text(0, 4)],
      [undefined, text(1)],
      ['dns_logs', text(2, 3)],
    ])
    const again = { kind: 'redrive', sink: 'one' }
    expect(spool.stored[0]!.batch).toMatchObject({
      format: 'rows',
      gzip: false,
      lines: 2,
      time: '2026-01-02T00:00:00.5Z',
      again,
    })
    expect(spool.stored[0]!.batch.batchId).toHaveLength(32)
    expect(await readdir(folder)).toEqual([])
  })

  it('takes the rows that meet every condition, and leaves the others in their order', async () => {
    const cases: [object, number[]][] = [
      [{ reason: 'mapping' }, [0, 1, 4]],
      [{ dataset: 'dns_logs' }, [1, 3]],
      [{ dataset: 'unknown' }, [4]],
      [{ reason: 'mapping', dataset: 'dns_logs' }, [1]],
      [{ since: Date.parse('2026-01-02T12:00:00Z') }, [2, 3]],
      [{ until: Date.parse('2026-01-02T12:00:00Z') }, [0, 1, 4]],
      [{ id: '00000000-0000-8000-8000-000000000003' }, [3]],
      [{ reason: 'none' }, []],
      [{}, [0, 1, 2, 3, 4]],
    ]
    const late = '2026-01-02T12:00:00.000Z'
    const rows = [
      letterRow({ line: 0 }),
      letterRow({ line: 1, dataset: 'dns_logs' }),
      letterRow({ line: 2, reason: 'too_large', time: late }),
      letterRow({ line: 3, reason: 'too_large', time: late, dataset: 'dns_logs' }),
      letterRow({ line: 4, dataset: 'unknown' }),
    ]
    for (const [filter, numbers] of cases) {
      spool = createMemorySpool()
      await rm(folder, { recursive: true, force: true })
      const store = letters()
      await store.append(rows)
      await store.redrive({ ...redriveAll(), filter })
      expect(sent().sort(), JSON.stringify(filter)).toEqual(numbers.map(number => rows[number]!.key))
      const left = rows.filter((_, number) => !numbers.includes(number)).map(({ key }) => key)
      expect(keysIn(folder)).toEqual(left)
    }
  })

  it('leaves rows without a line, torn ones and what is not ours', async () => {
    const store = letters()
    const lost = letterRow({ line: 0, reason: 'damaged', original: undefined })
    await store.append([lost, letterRow({ line: 1 })])
    await appendFile(day(), '{"key":"torn","original":"x\n[1]\n\nnonsense\n')
    await mkdir(join(folder, 'events.ndjson'))
    await writeFile(join(folder, 'notes.txt'), 'mine')
    await writeFile(join(folder, '2026-01-02.ndjson.bak'), `${letterRow({ line: 9 }).json}\n`)
    expect(await store.redrive(redriveAll())).toMatchObject({ rows: 1, skipped: { damaged: 1, unreadable: 4 } })
    expect(await readFile(day(), 'utf8')).toBe(`${lost.json}\n{"key":"torn","original":"x\n[1]\n\nnonsense\n`)
    expect((await readdir(folder)).sort()).toEqual([
      '2026-01-02.ndjson',
      '2026-01-02.ndjson.bak',
      'events.ndjson',
      'notes.txt',
    ])
  })

  it('cuts what it takes into batches of 10,000 rows and of 16 MiB', async () => {
    const store = letters()
    await store.append(Array.from({ length: 10_001 }, (_, line) => letterRow({ line, original: '{}' })))
    await store.redrive(redriveAll())
    expect(spool.stored.map(({ batch }) => batch.lines)).toEqual([10_000, 1])
    spool.stored.length = 0
    const large = 'x'.repeat(6 * 1024 * 1024)
    await store.append(Array.from({ length: 5 }, (_, line) => letterRow({ line, original: large })))
    await store.redrive(redriveAll())
    expect(spool.stored.map(({ batch }) => batch.lines)).toEqual([2, 2, 1])
  })

  it('takes a row that is larger than what is held whole, and leaves one whose end is torn off', async () => {
    const store = letters()
    const quoted = letterRow({ line: 0, original: `${',"original":"'.repeat(200_000)}` })
    const large = { line: 1, reason: 'mapping', dataset: 'dns_logs', detail: 'no ,"original":" here' }
    const batch = { ...spool, name: 'b', batchId: new Uint8Array(32), dataset: undefined, lines: 1 }
    const base64 = refusalRow(
      { ...batch, format: 'lines', gzip: false, bytes: 1, storedAt: 0, time: '2026-01-02T00:00:00Z', again: undefined },
      'one',
      'id',
      '2026-01-02T00:00:00Z',
      large,
      { bytes: Buffer.alloc(17 * 1024 * 1024, 0x61), lost: 7, time: undefined, id: undefined },
    )
    await store.append([quoted, base64])
    expect(JSON.parse(base64.json)).toHaveProperty('original_base64')
    const torn = `${quoted.json.slice(0, -3)}\n`
    await appendFile(day(), torn)
    expect(await store.redrive(redriveAll())).toMatchObject({ rows: 2, skipped: { unreadable: 1 } })
    expect(spool.stored.map(({ body }) => body.toString())).toEqual([`${quoted.json}\n`, `${base64.json}\n`])
    expect(await readFile(day(), 'utf8')).toBe(torn)
  })

  it('leaves a row whose line is longer than lines may be now, as it would be cut', async () => {
    const store = letters()
    const texts = ['x'.repeat(100), 'x'.repeat(101), '"'.repeat(100), `${'"'.repeat(100)}x`, '\u0001ä'.repeat(33)]
    await store.append(texts.map((original, line) => letterRow({ line, original })))
    expect(await store.redrive({ ...redriveAll(), maxLineBytes: 100 })).toMatchObject({
      rows: 3,
      skipped: { too_long: 2 },
    })
    expect(keysIn(folder)).toEqual([1, 3].map(line => letterRow({ line }).key))
  })

  it('measures lines that are longer than what is held whole', async () => {
    const store = letters()
    const size = 2_000_000
    const texts = ['"\u0001ab'.repeat(size / 4), `${'"\u0001ab'.repeat(size / 4)}x`]
    await store.append(texts.map((original, line) => letterRow({ line, original })))
    const base64 = (line: number, bytes: number) => {
      const { json } = letterRow({ line, original: undefined })
      const original = Buffer.alloc(bytes, 1).toString('base64')
      return { key: `x:${line}`, json: `${json.slice(0, -1)},"original_base64":"${original}"}` }
    }
    await store.append([base64(2, size), base64(3, size + 1), base64(4, size - 1)])
    expect(await store.redrive({ ...redriveAll(), maxLineBytes: size })).toMatchObject({
      rows: 3,
      skipped: { too_long: 2 },
    })
    expect(keysIn(folder)).toEqual([1, 3].map(line => letterRow({ line }).key))
  })

  it('makes dead letters again of what the spool does not take, and a later one takes them', async () => {
    const store = letters()
    const rows = ['http_requests', 'dns_logs', 'audit_logs'].map((dataset, line) => letterRow({ line, dataset }))
    await store.append(rows)
    const send = sender()
    let calls = 0
    const full = {
      ...redriveAll(),
      send: (taken: Parameters<typeof send>[0]) => {
        if (calls++ === 1) spool.refuse = 'spool full'
        return send(taken)
      },
    }
    const result = await store.redrive(full)
    expect(result).toMatchObject({ rows: 1, batches: 1, failure: { name: 'UnavailableError', reason: 'spool full' } })
    expect(await readdir(folder)).toEqual(['2026-01-02.1.ndjson', '2026-01-02.2.ndjson'])
    expect([...sent(), ...keysIn(folder)].sort()).toEqual(rows.map(({ key }) => key))
    spool.refuse = undefined
    await store.append([letterRow({ line: 9 })])
    expect(await store.redrive(redriveAll())).toMatchObject({ rows: 3, failure: undefined })
    expect(new Set(sent()).size).toBe(4)
    expect(await readdir(folder)).toEqual([])
    expect(spool.unsettled.size).toBe(0)
  })

  it('that is aborted makes dead letters again of what is not in the spool', async () => {
    const store = letters()
    await store.append(['http_requests', 'dns_logs'].map((dataset, line) => letterRow({ line, dataset })))
    const abort = new AbortController()
    const result = await store.redrive({ ...redriveAll(), signal: abort.signal, onProgress: () => abort.abort() })
    expect(result).toMatchObject({ rows: 1, failure: { name: 'AbortError' } })
    expect([...sent(), ...keysIn(folder)]).toHaveLength(2)
  })

  it('gives back the room that the rows took', async () => {
    const store = letters(1000)
    const one = letterRow({ line: 0, original: 'x'.repeat(500) })
    expect(await store.append([one])).toBe(true)
    expect(await store.append([letterRow({ line: 1, original: 'x'.repeat(500) })])).toBe(false)
    await store.redrive(redriveAll())
    expect(await store.append([letterRow({ line: 1, original: 'x'.repeat(500) })])).toBe(true)
    expect(await store.append([letterRow({ line: 2, original: 'x'.repeat(500) })])).toBe(false)
  })

  it('takes a row that is refused again under another key', async () => {
    const store = letters()
    await store.append([letterRow({ line: 0 })])
    const first = await store.redrive(redriveAll())
    const { key, json } = letterRow({ line: 0 })
    const refused = { key: `again:${key}`, json: json.replace(key, `again:${key}`) }
    await store.append([refused])
    expect(keysIn(folder)).toEqual([refused.key])
    expect(await store.redrive(redriveAll())).toEqual(first)
  })

  it('has nothing to do where there is no folder, and makes none', async () => {
    expect(await letters().redrive(redriveAll())).toEqual({ rows: 0, batches: 0, skipped: {}, failure: undefined })
    expect(await letters().recover(sender())).toMatchObject({ rows: 0, failure: undefined })
    await expect(stat(folder)).rejects.toThrow('ENOENT')
  })
})

describe('what a redrive left that was killed', () => {
  const leave = async (rows: ReturnType<typeof letterRow>[]) => {
    await letters().append(rows)
    await rename(day(), `${day()}.0001.http_requests.taken`)
  }

  it('is discarded with the rest', async () => {
    await leave([letterRow({ line: 0 }), letterRow({ line: 1 })])
    await letters().append([letterRow({ line: 2 })])
    expect(await letters().discard({})).toMatchObject({ rows: 3 })
    expect(await readdir(folder)).toEqual([])
  })

  it('stays under way where a discard is about other rows, so that the spool still finds what it holds of it', async () => {
    await leave([letterRow({ line: 0 })])
    await letters().append([letterRow({ line: 1, reason: 'too_large' })])
    expect(await letters().discard({ reason: 'too_large' })).toMatchObject({ rows: 1 })
    expect(await readdir(folder)).toEqual(['2026-01-02.ndjson.0001.http_requests.taken'])
  })

  it('does not come twice with the batch that the row is of', async () => {
    await leave([letterRow({ line: 0 })])
    const store = letters()
    await store.recover(sender())
    expect(sent()).toHaveLength(1)
    await store.append([letterRow({ line: 0 }), letterRow({ line: 1 })])
    expect(keysIn(folder)).toEqual([letterRow({ line: 1 }).key])
  })
})

describe('appends during redrives and discards', () => {
  it('lose no row and double none, whatever the order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('append', 'redrive', 'discard'), { minLength: 4, maxLength: 25 }),
        async steps => {
          await rm(folder, { recursive: true, force: true })
          spool = createMemorySpool()
          const store = letters()
          let line = 0
          let discarded = 0
          const written: string[] = []
          await Promise.all(
            steps.map(async step => {
              if (step === 'redrive') {
                await store.redrive({ ...redriveAll(), filter: { reason: 'mapping' } })
              } else if (step === 'discard') {
                const { rows } = await store.discard({ reason: 'too_large' })
                discarded += rows
              } else {
                const rows = Array.from({ length: 5 }, () =>
                  letterRow({ line: line++, reason: ['mapping', 'too_large', 'other'][line % 3]! }),
                )
                written.push(...rows.map(({ key }) => key))
                expect(await store.append(rows)).toBe(true)
              }
            }),
          )
          const there = [...sent(), ...keysIn(folder)]
          expect(new Set(there).size).toBe(there.length)
          expect(there.length + discarded).toBe(written.length)
          expect((await readdir(folder).catch(() => [])).filter(name => !name.endsWith('.ndjson'))).toEqual([])
        },
      ),
      { numRuns: 25 },
    )
  })
})

describe('100,000 dead letters', () => {
  it('are redriven in bounded memory', async () => {
    const store = letters()
    const original = JSON.stringify({ RayID: 'x', Text: 'y'.repeat(300) })
    for (let first = 0; first < 100_000; first += 5000) {
      await store.append(Array.from({ length: 5000 }, (_, index) => letterRow({ line: first + index, original })))
    }
    let rows = 0
    let bytes = 0
    const sink = {
      holds: () => false,
      draft: async () => ({
        write: async (chunk: Uint8Array) => {
          bytes += chunk.length
        },
        commit: async (seal: { lines: number }) => {
          rows += seal.lines
          return 'stored' as const
        },
        discard: async () => {},
      }),
    }
    const { size } = await stat(day())
    const before = process.memoryUsage.rss()
    let most = 0
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss())
    }, 5)
    await store.redrive({ ...redriveAll(), send: createRowSender({ spool: sink, sink: 'one' }) })
    clearInterval(timer)
    expect({ rows, bytes }).toEqual({ rows: 100_000, bytes: size })
    expect(size).toBeGreaterThan(50e6)
    expect(most - before).toBeLessThan(100e6)
  })
})

describe('a redrive into the spool on disk', () => {
  const open = async () => {
    const disk = createDiskSpool({
      dir: join(dir, 'spool'),
      sinks: ['one', 'two'],
      maxBytes: 1e9,
      minFreeBytes: 0,
      duplicateWindowMs: 600_000,
      onStored() {},
      log: createLog(),
    })
    return { disk, found: await disk.open() }
  }

  it('makes batches for its sink alone, and recovery finds those that a killed process had stored', async () => {
    const store = letters()
    await store.append([letterRow({ line: 0 }), letterRow({ line: 1, dataset: 'dns_logs' })])
    const { disk } = await open()
    const send = createRowSender({ spool: disk, sink: 'one' })
    // A process that is killed when the batch is stored and its file of taken rows still there.
    const killed = store.redrive({
      ...redriveAll(),
      send: async taken => {
        await send(taken)
        return new Promise(() => {})
      },
    })
    while (disk.usage.batches === 0) await new Promise(resolve => setImmediate(resolve))
    expect((await readdir(folder)).filter(name => name.endsWith('.taken'))).toHaveLength(2)
    await disk.close()

    const { disk: next, found } = await open()
    expect(found.batches.map(({ batch, sinks }) => [batch.format, batch.dataset, batch.again, sinks])).toEqual([
      ['rows', 'http_requests', { kind: 'redrive', sink: 'one' }, ['one']],
    ])
    const recovered = await letters().recover(createRowSender({ spool: next, sink: 'one' }))
    expect(recovered).toEqual({ rows: 2, batches: 2, failure: undefined })
    expect(next.usage.batches).toBe(2)
    expect(await readdir(folder)).toEqual([])
    const claim = await next.claim('one', AbortSignal.timeout(1000))
    const chunks = await Array.fromAsync(claim.read(AbortSignal.timeout(1000)))
    expect(Buffer.concat(chunks).toString()).toBe(`${letterRow({ line: 0 }).json}\n`)
    claim.release()
    await next.close()
    void killed
  })
})
