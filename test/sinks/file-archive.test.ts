import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFileRig, type FileRig } from '../helpers/file-sink.ts'
import { eventsNamed, pieceOf, piecesOf } from '../helpers/pieces.ts'

const never = new AbortController().signal
const START = Date.UTC(2026, 10, 24, 21, 55, 37)

describe('the finished files of the file sink', () => {
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

  it('compresses finished files, keeps their mode, and shows readers no half file', async () => {
    const sink = await open({ maxBytes: 100_000, gzip: true, mode: 0o604 })
    const events = eventsNamed('a', 400, 1_000)
    const names = new Set<string>()
    for (const piece of piecesOf(events, 10)) {
      await sink.write(piece, never)
      for (const path of rig.files()) names.add(path)
    }
    await vi.waitFor(() => expect(rig.files().filter(path => !path.endsWith('.gz'))).toHaveLength(1))
    await sink.close()
    expect(rig.lines()).toEqual(events)
    expect([...names].filter(path => path.includes('.ndjson') && !/-\d{6}\.ndjson(\.gz)?$/.test(path))).toEqual([])
    const first = join(rig.dir, rig.files()[0]!)
    expect(modeOf(first)).toBe(0o604)
    expect(gunzipSync(readFileSync(first)).length).toBeLessThanOrEqual(100_000)
  })

  it.each([
    ['only begun', false, 'dns_logs/20261124T215537Z-000001.gz-part', Buffer.from([31, 139])],
    ['complete with the plain file still there', true, 'dns_logs/20261124T215537Z-000001.ndjson.gz', undefined],
    ['broken with the plain file still there', false, 'dns_logs/20261124T215537Z-000001.ndjson.gz', Buffer.from('x')],
  ])('mends a compression that a kill left %s', async (_case, kept, path, content) => {
    const sink = await open({ maxBytes: 100, now: () => START })
    const events = eventsNamed('a', 3, 90)
    await sink.write(pieceOf(events), never)
    await sink.close()
    const plain = join(rig.dir, 'dns_logs/20261124T215537Z-000001.ndjson')
    writeFileSync(join(rig.dir, path), content ?? gzipSync(readFileSync(plain)))
    const next = await open({ maxBytes: 100, now: () => START })
    await next.close()
    const [first] = rig.files()
    expect(first).toBe(kept ? 'dns_logs/20261124T215537Z-000001.ndjson.gz' : 'dns_logs/20261124T215537Z-000001.ndjson')
    expect(rig.lines()).toEqual(events)
    expect(rig.files()).toHaveLength(3)
  })

  it('compresses at the next start what was finished and not compressed, and keeps the time of the last event', async () => {
    const sink = await open({ maxBytes: 100 })
    await sink.write(pieceOf(eventsNamed('a', 3, 90)), never)
    await sink.close()
    utimesSync(join(rig.dir, rig.files()[0]!), 1_000_000, 1_000_000)
    const next = await open({ maxBytes: 100, gzip: true })
    await vi.waitFor(() => expect(rig.files().map(path => path.endsWith('.gz'))).toEqual([true, true, false]))
    await next.close()
    expect(statSync(join(rig.dir, rig.files()[0]!)).mtimeMs).toBe(1_000_000_000)
    expect(rig.lines()).toEqual(eventsNamed('a', 3, 90))
  })

  it('deletes only finished files of its own when they reach the retention', async () => {
    let time = Date.now()
    const sink = await open({ maxBytes: 100, retentionMs: 1_000, now: () => time })
    await sink.write(pieceOf(eventsNamed('a', 3, 90)), never)
    writeFileSync(join(rig.dir, 'dns_logs/notes.ndjson'), 'mine')
    await sleep(60)
    expect(rig.files()).toHaveLength(4)
    time += 2_000
    await vi.waitFor(() => expect(rig.files()).toHaveLength(2))
    expect(rig.files()[0]).toMatch(/-000003\.ndjson$/)
    expect(rig.files()[1]).toBe('dns_logs/notes.ndjson')
    await sink.close()
  })
})
