import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import type { Piece, Sink } from '../../src/sinks/sink.ts'
import { createFileRig, type FileRig, linesOf } from '../helpers/file-sink.ts'
import { canLimit, limitFiles } from '../helpers/limit-files.ts'
import { eventsNamed, pieceOf, piecesOf } from '../helpers/pieces.ts'

const never = new AbortController().signal
const events = eventsNamed('a', 60, 1_000)
const pieces = piecesOf(events, 10)

describe('the file sink on a failing disk', () => {
  let rig: FileRig
  beforeEach(() => {
    rig = createFileRig()
  })
  afterEach(() => {
    if (canLimit) limitFiles('unlimited')
    rig.cleanUp()
  })

  const newest = () => join(rig.dir, rig.files().at(-1)!)
  const open = async (options: Parameters<FileRig['make']>[0] = {}) => {
    const sink = rig.make(options)
    await sink.open(never)
    return sink
  }
  /** Writes as the drain does: several at a time; the index of the first that failed. */
  const writeAll = async (sink: Sink, some: readonly Piece[]) => {
    const results = await Promise.allSettled(some.map(piece => sink.write(piece, never)))
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(RetryableError)
    }
    const failed = results.findIndex(({ status }) => status === 'rejected')
    return failed < 0 ? results.length : failed
  }

  it.skipIf(!canLimit)(
    'keeps the events that are whole when a write is short, and goes on when there is room',
    async () => {
      const sink = await open()
      await sink.write(pieces[0]!, never)
      limitFiles(25_555)
      expect(await writeAll(sink, pieces.slice(1))).toBe(1)
      const whole = rig.lines()
      expect(whole.length).toBeGreaterThan(20)
      expect(whole).toEqual(events.slice(0, whole.length))
      await expect(sink.write(pieces[2]!, never)).rejects.toThrow(/Cannot write .*\.ndjson: EFBIG/)
      limitFiles('unlimited')
      expect(await writeAll(sink, pieces.slice(2))).toBe(4)
      await sink.close()
      expect(rig.lines()).toEqual(events)
      expect(rig.files()).toHaveLength(1)
    },
  )

  it.skipIf(!canLimit)('counts the events of a short write after a restart as well', async () => {
    const sink = await open()
    limitFiles(15_555)
    expect(await writeAll(sink, pieces)).toBe(1)
    limitFiles('unlimited')
    const next = await open()
    expect(await writeAll(next, pieces)).toBe(6)
    await next.close()
    expect(rig.lines()).toEqual(events)
  })

  it.skipIf(!canLimit)('writes nothing that the journal cannot tell of', async () => {
    const sink = await open()
    await sink.write(pieces[0]!, never)
    limitFiles(40)
    await expect(sink.write(pieceOf(['{"b":1}'], { batch: 'b' }), never)).rejects.toBeInstanceOf(RetryableError)
    limitFiles('unlimited')
    expect(rig.lines()).toEqual(events.slice(0, 10))
    expect(await writeAll(sink, pieces.slice(1))).toBe(5)
    await sink.close()
    expect(rig.lines()).toEqual(events)
  })

  it('believes nothing since the last good fsync when one fails, and writes it again', async () => {
    let broken = false
    let syncs = 0
    const sink = await open({
      datasync: async handle => {
        syncs += 1
        if (broken && syncs % 2 === 1) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
        await handle.datasync()
      },
    })
    await sink.write(pieces[0]!, never)
    const { size } = statSync(newest())
    for (let round = 0; round < 5; round++) {
      broken = true
      syncs = 0
      expect(await writeAll(sink, pieces.slice(1))).toBe(0)
      await vi.waitFor(() => expect(statSync(newest()).size).toBe(size))
    }
    broken = false
    expect(await writeAll(sink, pieces.slice(1))).toBe(5)
    await sink.close()
    expect(rig.lines()).toEqual(events)
  })

  it('keeps the order of batches when the one before fails', async () => {
    let broken = true
    const sink = await open({
      datasync: async handle => {
        if (broken) throw new Error('EIO')
        await handle.datasync()
      },
    })
    const batches = [pieceOf(['{"a":1}'], { batch: 'a' }), pieceOf(['{"b":1}'], { batch: 'b' })]
    const first = writeAll(sink, batches)
    expect(await first).toBe(0)
    broken = false
    expect(await writeAll(sink, batches)).toBe(2)
    await sink.close()
    expect(rig.lines()).toEqual(['{"a":1}', '{"b":1}'])
  })

  it('refuses a piece whose predecessor is missing, and writes nothing of it', async () => {
    const sink = await open()
    await expect(sink.write(pieces[1]!, never)).rejects.toBeInstanceOf(RetryableError)
    expect(rig.files()).toEqual([])
    await sink.close()
  })

  it('makes a folder again that was deleted under it, and loses nothing that was not acknowledged', async () => {
    const sink = await open()
    await sink.write(pieces[0]!, never)
    rmSync(rig.dir, { recursive: true })
    expect(await writeAll(sink, pieces.slice(1))).toBe(5)
    await sink.close()
    expect(rig.lines()).toEqual(events.slice(10))
    expect(rig.warnings).toEqual([expect.stringContaining('moved, deleted or changed')])
  })

  it('writes again what went into a file that was deleted before the fsync', async () => {
    let remove = () => {}
    const sink = await open({
      datasync: async handle => {
        remove()
        remove = () => {}
        await handle.datasync()
      },
    })
    remove = () => rmSync(newest())
    expect(await writeAll(sink, pieces.slice(0, 1))).toBe(0)
    expect(await writeAll(sink, pieces)).toBe(6)
    await sink.close()
    expect(rig.lines()).toEqual(events)
  })

  it('leaves a file alone that was moved away, and begins a new one', async () => {
    const sink = await open()
    await sink.write(pieces[0]!, never)
    const moved = join(rig.root, 'moved.ndjson')
    renameSync(newest(), moved)
    expect(await writeAll(sink, pieces.slice(1))).toBe(5)
    await sink.close()
    expect([...linesOf(moved), ...rig.lines()]).toEqual(events)
  })

  it('leaves a file alone that somebody else made shorter, longer or put in its place', async () => {
    const sink = await open()
    await sink.write(pieces[0]!, never)
    truncateSync(newest(), 0)
    await sink.write(pieces[1]!, never)
    writeFileSync(newest(), 'foreign', { flag: 'a' })
    await sink.write(pieces[2]!, never)
    const own = readFileSync(newest())
    rmSync(newest())
    writeFileSync(join(rig.dir, 'dns_logs/20300101T000000Z-000001.ndjson'), own)
    await sink.write(pieces[3]!, never)
    await sink.close()
    const files = readdirSync(join(rig.dir, 'dns_logs')).sort()
    const contents = files.map(name => readFileSync(join(rig.dir, 'dns_logs', name), 'utf8').split('\n').length)
    expect(contents).toEqual([1, 11, 11, 11])
  })

  it('waits with a clear message while its folder cannot be made, and goes on after', async () => {
    const sink = await open()
    writeFileSync(join(rig.dir, 'dns_logs'), '')
    await expect(sink.write(pieces[0]!, never)).rejects.toThrow(/Cannot write .*dns_logs.*: E(NOTDIR|EXIST)/)
    rmSync(join(rig.dir, 'dns_logs'))
    expect(await writeAll(sink, pieces)).toBe(6)
    await sink.close()
    expect(rig.lines()).toEqual(events)
  })

  it('fails to open while the folder cannot be made, and opens after', async () => {
    writeFileSync(rig.dir, '')
    const sink = rig.make()
    await expect(sink.open(never)).rejects.toThrow()
    rmSync(rig.dir)
    mkdirSync(rig.dir)
    await sink.open(never)
    expect(await writeAll(sink, pieces)).toBe(6)
    await sink.close()
  })

  it('stops waiting for an fsync that hangs when it is told to, and knows the events when they come again', async () => {
    let hang: Promise<void> | undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    const sink = await open({
      datasync: async handle => {
        await hang
        await handle.datasync()
      },
    })
    await sink.write(pieces[0]!, never)
    hang = promise
    const stop = new AbortController()
    const write = sink.write(pieces[1]!, stop.signal)
    setTimeout(() => stop.abort(new Error('stopping')), 30)
    await expect(write).rejects.toThrow('stopping')
    resolve()
    expect(await writeAll(sink, pieces.slice(1))).toBe(5)
    await sink.close()
    expect(rig.lines()).toEqual(events)
  })
})
