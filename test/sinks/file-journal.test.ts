import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openJournal } from '../../src/sinks/file-journal.ts'

const log = pino({ level: 'silent' })
const STEM = '20261124T215537Z-000001'

describe('the journal of the file sink', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const path = () => join(folder, 'file-sink.journal')
  const open = async () => {
    const journal = await openJournal(folder, log)
    await journal.rewrite()
    return journal
  }
  const extents = async () => {
    const journal = await openJournal(folder, log)
    return journal.marks
      .all()
      .flatMap(({ batch, done, extents }) => [
        ...(done > 0 ? [[batch, done]] : []),
        ...extents
          .filter(({ end, offset }) => end !== offset)
          .map(({ offset, first, end }) => [batch, offset, first, end]),
      ])
  }

  it('stays small over very many batches, and still knows the one that is not settled', async () => {
    const journal = await open()
    const early = journal.marks.get('early', 'dns_logs')
    await journal.begin(early, STEM, 0)
    let largest = 0
    for (let batch = 0; batch < 20_000; batch += 100) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, i) => {
          const name = `0197-batch-${batch + i}`
          await journal.begin(journal.marks.get(name, 'dns_logs'), STEM, 1_000 + batch + i)
          journal.settle(name)
        }),
      )
      largest = Math.max(largest, statSync(path()).size)
    }
    await journal.close()
    expect(largest).toBeLessThan(400 * 1024)
    expect(largest).toBeGreaterThan(200 * 1024)
    expect(await extents()).toContainEqual(['early', 0, 0, 1_000])
  })

  it('tells after any number of rewrites what it told before', async () => {
    const journal = await open()
    const [a, b] = [journal.marks.get('a', 'dns_logs'), journal.marks.get('b', 'dns_logs')]
    await journal.begin(a, STEM, 0)
    a.done = 3
    await journal.begin(b, STEM, 300)
    b.done = 2
    await journal.begin(a, STEM, 500)
    await journal.rewrite()
    const told = [
      ['a', 0, 0, 300],
      ['a', 500, 3, undefined],
      ['b', 300, 0, 500],
    ]
    expect((await extents()).sort()).toEqual(told)
    await journal.rewrite()
    await journal.begin(b, STEM, 700)
    await journal.close()
    expect((await extents()).sort()).toEqual([told[0], ['a', 500, 3, 700], told[2], ['b', 700, 2, undefined]])
  })

  it('takes back what it told of bytes that were cut off', async () => {
    const journal = await open()
    const [a, b] = [journal.marks.get('a', 'dns_logs'), journal.marks.get('b', 'dns_logs')]
    await journal.begin(a, STEM, 0)
    await journal.begin(b, STEM, 500)
    a.done = 2
    await journal.begin(a, STEM, 300)
    await journal.close()
    expect(await extents()).toEqual([
      ['a', 0, 0, 300],
      ['a', 300, 2, undefined],
    ])
  })

  it('keeps the count of a batch whose file is finished, not the place', async () => {
    const journal = await open()
    const a = journal.marks.get('a', 'dns_logs')
    await journal.begin(a, STEM, 0)
    a.done = 7
    await journal.secure('dns_logs', STEM)
    await journal.rewrite()
    await journal.close()
    expect(await extents()).toEqual([['a', 7]])
    expect((await openJournal(folder, log)).finished.get('dns_logs')).toBe(STEM)
  })

  it('forgets the oldest of batches whose settling was never noted', async () => {
    const journal = await open()
    for (let i = 0; i < 10_050; i++) journal.marks.get(`b${i}`, 'dns_logs').done = 1
    await journal.rewrite()
    await journal.close()
    const left = await extents()
    expect(left).toHaveLength(10_000)
    expect(left[0]).toEqual(['b50', 1])
  })

  it('is rewritten into a folder that was deleted meanwhile', async () => {
    const journal = await open()
    rmSync(folder, { recursive: true })
    await journal.begin(journal.marks.get('a', 'dns_logs'), STEM, 0)
    await journal.rewrite()
    await journal.close()
    expect(readFileSync(path(), 'utf8').split('\n')).toHaveLength(3)
  })
})
