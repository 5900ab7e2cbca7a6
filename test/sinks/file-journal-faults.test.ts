import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import { openJournal } from '../../src/sinks/file-journal.ts'
import { createFileRig, type FileRig } from '../helpers/file-sink.ts'
import { canLimit, limitFiles } from '../helpers/limit-files.ts'
import { pieceOf } from '../helpers/pieces.ts'

const never = new AbortController().signal
const DATASET = 'dns_logs'

describe.skipIf(!canLimit)('the file sink while its journal cannot be written', () => {
  let rig: FileRig
  beforeEach(() => {
    rig = createFileRig()
  })
  afterEach(() => {
    limitFiles('unlimited')
    rig.cleanUp()
  })

  const path = () => join(rig.stateDir, 'file-sink.journal')
  const journalBytes = () => statSync(path()).size

  it('holds each event once when it could not note at first that a file was finished, and is killed later', async () => {
    const events = Array.from({ length: 6 }, (_, number) => `{"event":${number}}`)
    const open = async () => {
      const sink = rig.make({ gzip: true, maxBytes: 80 })
      await sink.open(never)
      return sink
    }
    const killed = await open()
    await killed.write(pieceOf(events.slice(0, 3), { batch: 'a' }), never)
    await killed.write(pieceOf(events.slice(3, 5), { batch: 'b' }), never)
    const next = pieceOf([`{"event":5,"padding":"${'x'.repeat(40)}"}`], { batch: 'b', first: 2 })
    limitFiles(journalBytes())
    await expect(killed.write(next, never)).rejects.toBeInstanceOf(RetryableError)
    limitFiles('unlimited')
    await killed.write(next, never)
    await vi.waitFor(() =>
      expect(rig.files()).toEqual([expect.stringMatching(/gz$/), expect.stringMatching(/ndjson$/)]),
    )

    const sink = await open()
    await sink.write(pieceOf(events.slice(0, 3), { batch: 'a' }), never)
    await sink.write(pieceOf(events.slice(3, 5), { batch: 'b' }), never)
    await sink.write(next, never)
    await sink.close()
    expect(rig.lines().map(line => JSON.parse(line).event)).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('notes later that a batch is settled', async () => {
    const journal = await openJournal(rig.stateDir, pino({ level: 'silent' }))
    await journal.rewrite()
    await journal.begin(journal.marks.get('a', DATASET), '20261124T215537Z-000001', 0)
    journal.settle('a')
    limitFiles(journalBytes())
    await expect(journal.flush()).rejects.toThrow('EFBIG')
    expect(readFileSync(path(), 'utf8')).toContain('"batch":"a"')
    limitFiles('unlimited')
    await journal.flush()
    await journal.close()
    expect((await openJournal(rig.stateDir, pino({ level: 'silent' }))).marks.all()).toEqual([])
  })

  it('writes no record behind one that is missing', async () => {
    const journal = await openJournal(rig.stateDir, pino({ level: 'silent' }))
    await journal.rewrite()
    const mark = journal.marks.get('a', DATASET)
    await journal.begin(mark, '20261124T215537Z-000001', 0)
    mark.done = 3
    limitFiles(journalBytes())
    await expect(journal.secure(DATASET)).rejects.toThrow('EFBIG')
    limitFiles('unlimited')
    // It cannot be written anew, but could be appended to.
    mkdirSync(`${path()}.new`)
    await expect(journal.secure(DATASET, '20261124T215537Z-000001')).rejects.toThrow('EISDIR')
    const told = await openJournal(rig.stateDir, pino({ level: 'silent' }))
    expect(told.finished.size).toBe(0)
    expect(told.marks.get('a', DATASET).extents).toHaveLength(1)
    await journal.close()
  })
})
