import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createDeadLetters } from '../../src/delivery/dead-letters.ts'
import { createRefusals } from '../../src/delivery/refusals.ts'
import { body, claimOf, createTestLog } from './harness.ts'

it('refusals of several pieces at a time become one row each, with their own lines', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refusals-'))
  const records = Array.from({ length: 3000 }, (_, line) => ({ line, pad: 'x'.repeat(line % 50) }))
  const written: number[] = []
  const refusals = createRefusals(
    {
      sink: 'a',
      deadLetters: createDeadLetters({ folder, maxBytes: 2 ** 24, now: () => 0 }),
      log: createTestLog().log,
      lines: { maxLineBytes: 1000, dropFields: undefined },
      now: () => 0,
      pause: () => Promise.reject(new Error('nothing to wait for')),
      signal: AbortSignal.timeout(5000),
      onWritten: events => void written.push(events),
    },
    claimOf(body(...records), { chunkBytes: 777 }),
  )
  const refused = records.map(({ line }) => ({ line, dataset: 'd', reason: 'mapping', detail: '' }))
  await Promise.all([0, 1000, 2000].map(start => refusals.add(refused.slice(start, start + 1000))))
  await refusals.flush()
  await refusals.close()
  const rows = (await readFile(join(folder, '1970-01-01.ndjson'), 'utf8')).trimEnd().split('\n')
  expect(rows.map(row => JSON.parse(JSON.parse(row).original))).toEqual(records)
  expect(written.reduce((sum, events) => sum + events, 0)).toBe(3000)
  await rm(folder, { recursive: true })
})
