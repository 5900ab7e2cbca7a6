import { appendFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { batchRow } from '../../src/delivery/dead-letter.ts'
import { createDeadLetterStore, sinksWithLetters } from '../../src/delivery/dead-letter-store.ts'
import { showLast, summarize } from '../../src/delivery/dead-letter-summary.ts'
import { keysOf, letterRow } from './redrive-kit.ts'

let dir: string
let folder: string
let day: number
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'summary-'))
  folder = join(dir, 'one')
  day = 2
})
afterEach(() => rm(dir, { recursive: true }))

const store = () => createDeadLetterStore({ folder: dir, maxBytes: 1e9, now: () => Date.UTC(2026, 0, day) })
const shown = async (filter: object, limit: number) => {
  const pieces: Buffer[] = []
  await showLast(folder, filter, limit, async bytes => void pieces.push(bytes))
  return keysOf(Buffer.concat(pieces).toString())
}
const batch = { name: 'b', dataset: 'dns_logs', time: '2026-01-02T00:00:00Z' } as Parameters<typeof batchRow>[0]

describe('the summary of dead letters', () => {
  it('counts by reason and dataset, the most lines first, with the times of the oldest and the newest', async () => {
    const { append } = store().of('one')
    await append([letterRow({ line: 1, time: '2026-01-02T05:00:00.000Z' }), letterRow({ line: 2 })])
    day = 3
    const lost = batchRow(batch, 'one', '2026-01-03T00:00:00.000Z', 'damaged', 500, 'torn')
    await append([lost, letterRow({ line: 3, dataset: 'unknown' })])
    const rows = [letterRow({ line: 1 }), letterRow({ line: 2 })]
    const bytes = rows.reduce((sum, { json }) => sum + Buffer.byteLength(json) + 1, 0)
    const { groups, underWay } = await summarize(folder, {})
    expect(underWay).toBe(0)
    expect(groups.map(({ reason, dataset, rows, lines }) => [reason, dataset, rows, lines])).toEqual([
      ['damaged', 'dns_logs', 1, 500],
      ['mapping', 'http_requests', 2, 2],
      ['mapping', 'unknown', 1, 1],
    ])
    const times = { oldest: '2026-01-02T03:04:05.000Z', newest: '2026-01-02T05:00:00.000Z' }
    expect(groups[1]).toMatchObject({ bytes, ...times })
    expect((await summarize(folder, { reason: 'damaged' })).groups).toHaveLength(1)
  })

  it('bears torn rows, other files and none at all', async () => {
    expect(await summarize(folder, {})).toEqual({ groups: [], underWay: 0 })
    await store()
      .of('one')
      .append([letterRow({ line: 1 })])
    await appendFile(join(folder, '2026-01-02.ndjson'), 'no row\n{"key":"torn')
    await writeFile(join(folder, 'events.ndjson'), `${letterRow({ line: 2 }).json}\n`)
    await writeFile(join(folder, '2026-01-01.ndjson.0001.-.taken'), 'x\n')
    const { groups, underWay } = await summarize(folder, {})
    expect(groups.map(({ reason, rows, oldest }) => [reason, rows, oldest])).toEqual([
      ['mapping', 1, '2026-01-02T03:04:05.000Z'],
      ['unreadable', 1, undefined],
    ])
    expect(underWay).toBe(1)
  })

  it('holds no more than so many groups, whatever rows say', async () => {
    await mkdir(folder)
    const rows = Array.from({ length: 12_000 }, (_, line) => `{"reason":"${line}"}\n`).join('')
    await writeFile(join(folder, '2026-01-02.ndjson'), rows)
    const { groups } = await summarize(folder, {})
    expect(groups).toHaveLength(10_001)
    expect(groups[0]).toMatchObject({ reason: '(other)', rows: 2000 })
  })
})

describe('the last dead letters', () => {
  it('are those that meet the filter, over the files of all days, the newest last', async () => {
    const { append } = store().of('one')
    const reasons = ['mapping', 'too_large']
    const rows = Array.from({ length: 30 }, (_, line) => letterRow({ line, reason: reasons[line % 2]! }))
    await append(rows.slice(0, 20))
    day = 3
    await append(rows.slice(20))
    const keys = rows.map(({ key }) => key)
    expect(await shown({}, 1)).toEqual(keys.slice(-1))
    expect(await shown({}, 13)).toEqual(keys.slice(-13))
    expect(await shown({}, 99)).toEqual(keys)
    expect(await shown({ reason: 'too_large' }, 8)).toEqual(keys.filter((_, line) => line % 2 === 1).slice(-8))
  })

  it('are the bytes of the rows, also of rows that are not held whole', async () => {
    const { append } = store().of('one')
    const large = letterRow({ line: 1, original: 'ä'.repeat(1_500_000) })
    await append([letterRow({ line: 0 }), large])
    const pieces: [Buffer, boolean][] = []
    await showLast(folder, {}, 1, async (bytes, isEnd) => void pieces.push([bytes, isEnd]))
    expect(Buffer.concat(pieces.map(([bytes]) => bytes)).toString() === `${large.json}\n`).toBe(true)
    expect(pieces.map(([, isEnd]) => isEnd)).toEqual([false, false, true])
  })

  it('are still there while a redrive takes them away', async () => {
    const letters = store().of('one')
    await letters.append([letterRow({ line: 0 }), letterRow({ line: 1 })])
    const pieces: Buffer[] = []
    await showLast(folder, {}, 9, async bytes => {
      if (pieces.length === 0) await letters.discard({})
      pieces.push(bytes)
    })
    expect(keysOf(Buffer.concat(pieces).toString())).toHaveLength(2)
    await expect(readFile(join(folder, '2026-01-02.ndjson'))).rejects.toThrow('ENOENT')
  })
})

describe('the sinks with dead letters', () => {
  it('are the folders that hold some', async () => {
    expect(await sinksWithLetters(dir)).toEqual([])
    await store()
      .of('two')
      .append([letterRow({ line: 0 })])
    await store()
      .of('one')
      .append([letterRow({ line: 0 })])
    await mkdir(join(dir, 'empty'))
    await writeFile(join(dir, 'file'), '')
    expect(await sinksWithLetters(dir)).toEqual(['one', 'two'])
    expect(await sinksWithLetters(join(dir, 'none'))).toEqual([])
  })

  it('are links to folders as well, and not links to nothing', async () => {
    await createDeadLetterStore({ folder: join(dir, 'elsewhere'), maxBytes: 1e9, now: () => 0 })
      .of('real')
      .append([letterRow({ line: 0 })])
    const links = join(dir, 'links')
    await mkdir(links)
    await symlink(join(dir, 'elsewhere', 'real'), join(links, 'one'))
    await symlink(join(dir, 'nowhere'), join(links, 'two'))
    expect(await sinksWithLetters(links)).toEqual(['one'])
  })

  it('have names that are no paths', () => {
    for (const name of ['', '..', '../x', 'a/b', 'a.b', 'a\0']) expect(() => store().of(name)).toThrow(RangeError)
  })
})
