import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import { createFileRig, type FileRig, linesOf } from '../helpers/file-sink.ts'
import { eventsNamed, pieceOf, piecesOf } from '../helpers/pieces.ts'

const never = new AbortController().signal
const START = Date.UTC(2026, 10, 24, 21, 55, 37)

describe('the file sink', () => {
  let rig: FileRig
  beforeEach(() => {
    rig = createFileRig()
  })
  afterEach(() => rig.cleanUp())

  const open = async (options: Parameters<FileRig['make']>[0] = {}) => {
    const sink = rig.make(options)
    await sink.open(never)
    return sink
  }
  const modeOf = (path: string) => statSync(path).mode & 0o777

  it('keeps a folder per dataset, folders private and files with their mode whatever the umask', async () => {
    const umask = process.umask(0o077)
    const sink = await open({ mode: 0o664, now: () => START })
    await sink.write(pieceOf(['{"a":1}'], { dataset: 'dns_logs' }), never)
    await sink.write(pieceOf(['{"b":1}'], { dataset: 'unknown' }), never)
    await sink.close()
    process.umask(umask)
    expect(rig.files()).toEqual(['dns_logs/20261124T215537Z-000001.ndjson', 'unknown/20261124T215537Z-000001.ndjson'])
    expect(modeOf(rig.dir)).toBe(0o700)
    expect(modeOf(join(rig.dir, 'unknown'))).toBe(0o700)
    expect(modeOf(join(rig.dir, 'dns_logs/20261124T215537Z-000001.ndjson'))).toBe(0o664)
    expect(modeOf(join(rig.stateDir, 'file-sink.journal'))).toBe(0o600)
  })

  it('refuses a dataset that could name another folder', async () => {
    const sink = await open()
    for (const dataset of ['../up', 'a/b', '', '.', 'A', 'a\0b']) {
      await expect(sink.write(pieceOf(['{}'], { dataset }), never)).rejects.toBeInstanceOf(PermanentError)
    }
    expect(rig.files()).toEqual([])
    await sink.close()
  })

  it('refuses to write before it is open, for now', async () => {
    await expect(rig.make().write(pieceOf(['{}']), never)).rejects.toBeInstanceOf(RetryableError)
  })

  it('begins a new file at the size limit, in the middle of a piece as well, never within an event', async () => {
    const sink = await open({ maxBytes: 2_000, now: () => START })
    const events = eventsNamed('a', 50, 100)
    for (const piece of piecesOf(events, 25)) await sink.write(piece, never)
    await sink.close()
    const sizes = rig.files().map(path => statSync(join(rig.dir, path)).size)
    expect(sizes.length).toBeGreaterThan(4)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2_000)
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(1_700)
    expect(rig.lines()).toEqual(events)
  })

  it('gives an event larger than a file a file of its own', async () => {
    const sink = await open({ maxBytes: 1_000 })
    const events = ['{"a":1}', ...eventsNamed('large', 2, 3_000), '{"b":1}']
    await sink.write(pieceOf(events), never)
    await sink.close()
    expect(rig.files().map(path => linesOf(join(rig.dir, path)).length)).toEqual([1, 1, 1, 1])
    expect(rig.lines()).toEqual(events)
  })

  it('goes on in the unfinished file after a restart', async () => {
    for (const name of ['a', 'b', 'c']) {
      const sink = await open()
      await sink.write(pieceOf([`{"${name}":1}`], { batch: name }), never)
      await sink.close()
    }
    expect(rig.files()).toHaveLength(1)
    expect(rig.lines()).toEqual(['{"a":1}', '{"b":1}', '{"c":1}'])
  })

  it('finishes a file at its age although nothing is written, and never lets it grow again', async () => {
    let time = START
    const options = { maxAgeMs: 200, now: () => time, gzip: true }
    const sink = await open(options)
    await sink.write(pieceOf(['{"a":1}'], { batch: 'a' }), never)
    time += 199
    await sleep(60)
    expect(rig.files()).toEqual(['dns_logs/20261124T215537Z-000001.ndjson'])
    time += 1
    await vi.waitFor(() => expect(rig.files()).toEqual(['dns_logs/20261124T215537Z-000001.ndjson.gz']))
    await sink.close()

    const next = await open({ ...options, maxAgeMs: 0 })
    await next.write(pieceOf(['{"b":1}'], { batch: 'b' }), never)
    await next.close()
    expect(rig.files()).toEqual([
      'dns_logs/20261124T215537Z-000001.ndjson.gz',
      'dns_logs/20261124T215537Z-000002.ndjson',
    ])
  })

  it('does not let a finished file grow after a restart with other settings', async () => {
    let time = START
    const sink = await open({ maxAgeMs: 200, now: () => time })
    await sink.write(pieceOf(['{"a":1}'], { batch: 'a' }), never)
    time += 300
    await vi.waitFor(() => expect(readFileSync(join(rig.stateDir, 'file-sink.journal'), 'utf8')).toContain('finished'))
    await sink.close()
    const next = await open({ now: () => time })
    await next.write(pieceOf(['{"b":1}'], { batch: 'b' }), never)
    await next.close()
    expect(rig.files()).toHaveLength(2)
  })

  it('gives files names that sort by time, even when the clock goes back', async () => {
    let time = START
    const sink = await open({ maxBytes: 1, now: () => time })
    const events = eventsNamed('a', 4)
    for (const [index, event] of events.entries()) {
      await sink.write(pieceOf([event], { batch: `${index}` }), never)
      time += index === 1 ? -3_600_000 : 1_000
    }
    await sink.close()
    expect(rig.files().map(path => path.slice(9))).toEqual([
      '20261124T215537Z-000001.ndjson',
      '20261124T215538Z-000001.ndjson',
      '20261124T215538Z-000002.ndjson',
      '20261124T215538Z-000003.ndjson',
    ])
    expect(rig.lines()).toEqual(events)
  })

  it('never uses the name of a finished file again, although the file was taken away', async () => {
    for (const batch of ['a', 'b']) {
      const sink = await open({ maxBytes: 1, now: () => START })
      await sink.write(pieceOf(['{}', '{}'], { batch }), never)
      await sink.close()
      if (batch === 'a') rmSync(join(rig.dir, 'dns_logs/20261124T215537Z-000001.ndjson'))
    }
    expect(rig.files().map(path => path.slice(26, 32))).toEqual(['000002', '000003', '000004'])
  })

  it('shares an fsync among the writes in flight, and none is acknowledged by one that began before it', async () => {
    let syncs = 0
    let release = () => {}
    const sink = await open({
      datasync: handle =>
        new Promise((resolve, reject) => {
          syncs += 1
          release = () => handle.datasync().then(resolve, reject)
        }),
    })
    const settledWrites: number[] = []
    const writes = eventsNamed('a', 8).map(async (event, index) => {
      if (index > 0) await vi.waitFor(() => expect(syncs).toBe(1), { interval: 1 })
      await sink.write(pieceOf([event], { first: 0, batch: `${index}` }), never)
      settledWrites.push(index)
    })
    await vi.waitFor(() => expect(syncs).toBe(1), { interval: 1 })
    await vi.waitFor(() => expect(rig.lines()).toHaveLength(8))
    release()
    await vi.waitFor(() => expect(syncs).toBe(2))
    expect(settledWrites).toEqual([0])
    release()
    await Promise.all(writes)
    expect(syncs).toBe(2)
    await sink.close()
  })

  it.skipIf(process.platform !== 'linux')('closes files that are idle and goes on in them later', async () => {
    const openFiles = () =>
      readdirSync('/proc/self/fd').filter(fd => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(join(rig.dir, 'dns_logs'))
        } catch {
          return false
        }
      }).length
    let time = Date.now()
    const sink = await open({ retentionMs: 100, now: () => time })
    await sink.write(pieceOf(['{"a":1}'], { batch: 'a' }), never)
    expect(openFiles()).toBe(1)
    time += 61_000
    await vi.waitFor(() => expect(openFiles()).toBe(0))
    await sink.write(pieceOf(['{"b":1}'], { batch: 'b' }), never)
    await sink.close()
    expect(rig.files()).toHaveLength(1)
    expect(rig.lines()).toEqual(['{"a":1}', '{"b":1}'])
  })

  it('leaves what is not its own in the folder alone', async () => {
    const foreign = join(rig.dir, 'dns_logs/20261124T215537Z-000001.ndjson.bak')
    mkdirSync(dirname(foreign), { recursive: true })
    mkdirSync(join(rig.dir, 'dns_logs/20261124T215537Z-000009.ndjson'))
    writeFileSync(foreign, 'half a line')
    const sink = await open()
    await sink.write(pieceOf(['{"a":1}']), never)
    await sink.close()
    expect(readFileSync(foreign, 'utf8')).toBe('half a line')
    expect(rig.files()).toHaveLength(2)
  })
})
