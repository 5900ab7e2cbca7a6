import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Sink } from '../../src/sinks/sink.ts'
import { createFileRig, type FileRig } from '../helpers/file-sink.ts'
import { eventsNamed, piecesOf } from '../helpers/pieces.ts'

const never = new AbortController().signal
const earlier = eventsNamed('earlier', 10)
const events = eventsNamed('a', 30)
const pieces = piecesOf(events, 10, { batch: 'a' })

describe('the file sink after a crash', () => {
  let rig: FileRig
  beforeEach(() => {
    rig = createFileRig()
  })
  afterEach(() => rig.cleanUp())

  const journal = () => join(rig.stateDir, 'file-sink.journal')
  const newest = () => join(rig.dir, rig.files().at(-1)!)
  const write = async (sink: Sink, some = pieces) => {
    for (const piece of some) await sink.write(piece, never)
  }

  /** A settled batch, then two pieces of a batch that is not. The folders are as a kill leaves them, since close is what settles. */
  async function crash(options = {}): Promise<void> {
    const sink = rig.make(options)
    await sink.open(never)
    await write(sink, piecesOf(earlier, 10, { batch: 'earlier' }))
    sink.settled?.('earlier')
    await write(sink, pieces.slice(0, 2))
    const content = readFileSync(journal())
    await sink.close()
    writeFileSync(journal(), content)
  }

  async function restart(): Promise<void> {
    const sink = rig.make()
    await sink.open(never)
    await write(sink)
    await sink.close()
  }

  it('cuts only the torn last line and goes on behind the whole ones', async () => {
    await crash()
    const before = readFileSync(newest())
    appendFileSync(newest(), `${events[20]}\n${events[21]?.slice(0, 9)}`)
    await restart()
    expect(rig.lines()).toEqual([...earlier, ...events])
    expect(readFileSync(newest()).subarray(0, before.length).equals(before)).toBe(true)
    expect(rig.files()).toHaveLength(1)
    expect(rig.warnings).toEqual([])
  })

  it.each([
    ['NULs', '\0'.repeat(5_000)],
    ['a line of NULs between whole lines', `\0\0\0\n{"foreign":1}\n`],
    ['half a line that was ended', '"half":1}\n'],
    ['a line that is no object', '[1]\n'],
    ['an empty line', '\n'],
    ['two MiB without an end', `{${'x'.repeat(2 * 1024 ** 2)}`],
  ])('cuts %s at the end, as a power loss may leave them', async (_case, garbage) => {
    await crash()
    appendFileSync(newest(), garbage)
    await restart()
    expect(rig.lines()).toEqual([...earlier, ...events])
  })

  it.each([
    ['within the second piece', 15],
    ['where the batch begins', 0],
  ])('writes again what a power loss took, when the file ends %s', async (_case, kept) => {
    await crash()
    const bytes = Buffer.byteLength([...earlier, ...events.slice(0, kept)].map(event => `${event}\n`).join(''))
    truncateSync(newest(), bytes + 3)
    await restart()
    expect(rig.lines()).toEqual([...earlier, ...events])
  })

  it('writes a batch again from its start when the file ends before it', async () => {
    await crash()
    truncateSync(newest(), Buffer.byteLength(`${earlier[0]}\n`) + 5)
    await restart()
    expect(rig.lines()).toEqual([earlier[0], ...events])
  })

  it('skips a batch that is whole in files although it was not acknowledged', async () => {
    await crash()
    await restart()
    const { size } = statSync(newest())
    await restart()
    expect(statSync(newest()).size).toBe(size)
    expect(rig.lines()).toEqual([...earlier, ...events])
  })

  it('counts a batch over all the files that it reached into', async () => {
    await crash({ maxBytes: 400 })
    expect(rig.files().length).toBeGreaterThan(4)
    await restart()
    expect(rig.lines()).toEqual([...earlier, ...events])
  })

  it('knows what is in files that were compressed or taken away since', async () => {
    await crash({ maxBytes: 400 })
    rmSync(join(rig.dir, rig.files()[0]!))
    const left = rig.lines().length
    await restart()
    expect(rig.lines()).toHaveLength(left + 10)
    expect(rig.lines().slice(-10)).toEqual(events.slice(20))
  })

  it('writes a batch again when the unfinished file was taken away, since nobody knows what it held', async () => {
    await crash()
    rmSync(newest())
    await restart()
    expect(rig.lines()).toEqual(events)
  })

  it('counts only its own lines where another batch follows in the file', async () => {
    await crash()
    const sink = rig.make()
    await sink.open(never)
    const others = eventsNamed('other', 5)
    await write(sink, piecesOf(others, 5, { batch: 'other' }))
    const content = readFileSync(journal())
    await sink.close()
    writeFileSync(journal(), content)
    await restart()
    expect(rig.lines()).toEqual([...earlier, ...events.slice(0, 20), ...others, ...events.slice(20)])
  })

  it('starts without its journal, and then writes again what was not acknowledged', async () => {
    await crash()
    rmSync(journal())
    appendFileSync(newest(), '{"torn')
    await restart()
    expect(rig.lines()).toEqual([...earlier, ...events.slice(0, 20), ...events])
  })

  it.each([
    ['empty', ''],
    ['garbage', 'garbage\n\0\0\n'],
    ['of a version that it does not know', '{"version":99}\n{"whatever":1}\n'],
  ])('starts with a journal that is %s, and says so', async (_case, content) => {
    await crash()
    writeFileSync(journal(), content)
    await restart()
    expect(rig.lines()).toEqual([...earlier, ...events.slice(0, 20), ...events])
    expect(rig.warnings).toEqual([expect.stringMatching(/journal.*damaged.*twice/)])
  })

  it('passes over a torn last record, which tells of nothing written', async () => {
    await crash()
    appendFileSync(journal(), '{"batch":"b","dataset":"dns_l')
    await restart()
    expect(rig.lines()).toEqual([...earlier, ...events])
    expect(rig.warnings).toEqual([])
  })

  it('passes over records that are none, and says so', async () => {
    await crash()
    appendFileSync(
      journal(),
      'null\n{"batch":1}\n{"batch":"b","dataset":"dns_logs","file":"../x","offset":0,"first":0}\n[]\n',
    )
    await restart()
    expect(rig.lines()).toEqual([...earlier, ...events])
    expect(rig.warnings).toHaveLength(1)
  })

  it('is not led outside its folders by a journal', async () => {
    await crash()
    appendFileSync(journal(), '{"batch":"b","dataset":"../state","done":3}\n')
    await restart()
    expect(rig.lines()).toEqual([...earlier, ...events])
  })
})
