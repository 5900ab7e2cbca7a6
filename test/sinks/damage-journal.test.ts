import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openJournal } from '../../src/sinks/file-journal.ts'

const log = pino({ enabled: false })
const STEM = '20260101T000000Z-000001'

describe('the journal of the file sink, damaged', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const path = () => join(folder, 'file-sink.journal')

  /** What it tells of each batch, in words that can be compared. */
  const told = async () => {
    const journal = await openJournal(folder, log)
    await journal.close()
    return journal.marks
      .all()
      .flatMap(({ batch, dataset, done, extents }) => [
        `${batch} ${dataset} done ${done}`,
        ...extents.map(({ stem, offset, first }) => `${batch} ${dataset} ${stem} from ${offset}, after ${first}`),
      ])
  }

  /** Two batches whose events are safe, the first settled, and one that is begun. */
  const BATCHES = [
    { batch: '1790000000000001', offset: 0, done: 2 },
    { batch: '1790000000000002', offset: 2000, done: 3 },
    { batch: '1790000000000003', offset: 5000, done: 0 },
  ]

  const write = async () => {
    const journal = await openJournal(folder, log)
    await journal.rewrite()
    for (const { batch, offset, done } of BATCHES) {
      const mark = journal.marks.get(batch, 'dns_logs')
      await journal.begin(mark, STEM, offset)
      mark.done = done
      if (done > 0) await journal.secure('dns_logs')
    }
    journal.settle(BATCHES[0]!.batch)
    await journal.flush()
    await journal.close()
    return readFileSync(path())
  }

  /** What may be told: the file itself says how many events follow the place where a batch begins. */
  const isTrue = (text: string) =>
    BATCHES.some(({ batch, offset, done }) =>
      [`done 0`, `done ${done}`, `${STEM} from ${offset}, after 0`].some(fact => text === `${batch} dns_logs ${fact}`),
    )

  it.each(['flip', 'zero', 'raise'])('tells nothing that is not true, whichever byte is hit by: %s', async kind => {
    const bytes = await write()
    expect(await told()).toContain('1790000000000002 dns_logs done 3')
    const wrong: string[] = []
    for (const [position, byte] of bytes.entries()) {
      const damaged = Buffer.from(bytes)
      damaged[position] = kind === 'zero' ? 0 : kind === 'raise' ? byte + 1 : byte ^ (1 << (position % 8))
      writeFileSync(path(), damaged)
      wrong.push(...(await told()).filter(text => !isTrue(text)).map(text => `${position}: ${text}`))
    }
    expect(wrong).toEqual([])
  })

  it('reads what a release without checksums wrote', async () => {
    const lines = [
      '{"version":1}',
      '{"batch":"1790000000000002","dataset":"dns_logs","done":3}',
      `{"batch":"1790000000000003","dataset":"dns_logs","file":"${STEM}","offset":6000,"first":0}`,
    ]
    writeFileSync(path(), `${lines.join('\n')}\n`)
    expect(await told()).toEqual([
      '1790000000000002 dns_logs done 3',
      '1790000000000003 dns_logs done 0',
      `1790000000000003 dns_logs ${STEM} from 6000, after 0`,
    ])
  })
})
