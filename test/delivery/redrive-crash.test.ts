import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDeadLetters } from '../../src/delivery/dead-letters.ts'
import { createRowSender } from '../../src/delivery/redrive.ts'
import { createMemorySpool } from '../helpers/memory-spool.ts'
import { declare, keysIn, keysOf, letterRow, watchDisk } from './redrive-kit.ts'

/** Two days, two datasets, lines that cannot be sent, rows that do not meet the filter. */
const rows = Array.from({ length: 12 }, (_, line) =>
  letterRow({
    line,
    reason: line % 3 === 0 ? 'too_large' : 'mapping',
    dataset: line % 2 === 0 ? 'http_requests' : 'unknown',
    original: line === 4 ? undefined : `{"RayID":"${line}"}`,
  }),
)
const filter = { reason: 'mapping' }
const matching = rows.map(({ key }) => key).filter((_, line) => line % 3 !== 0)
const sendable = matching.filter(key => key !== rows[4]!.key)
const all = rows.map(({ key }) => key).sort()

let dir: string
let template: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redrive-crash-'))
  template = join(dir, 'template')
  let day = 2
  const store = createDeadLetters({ folder: template, maxBytes: 1e9, now: () => Date.UTC(2026, 0, day) })
  await store.append(rows.slice(0, 7))
  day = 3
  await store.append(rows.slice(7))
})
afterAll(() => rm(dir, { recursive: true }))

const lettersIn = (folder: string) => createDeadLetters({ folder, maxBytes: 1e9, now: () => Date.UTC(2026, 0, 3) })

let folders = 0
const start = async () => {
  const folder = join(dir, `at-${folders++}`)
  await cp(template, folder, { recursive: true })
  const spool = createMemorySpool()
  const sent = () => spool.stored.flatMap(({ body }) => keysOf(body.toString()))
  return { folder, spool, sent, send: createRowSender({ spool, sink: 'one', now: () => 0 }) }
}

/** The changes of the folder that a whole run makes. */
const changesOf = async (run: (folder: string) => Promise<unknown>) => {
  const { folder } = await start()
  const disk = await watchDisk(folder)
  try {
    await run(folder)
  } finally {
    await disk.restore()
  }
  return disk.done
}

/** Runs until the change of that number, and then no further. */
const runUntil = async (folder: string, at: number, mode: 'kill' | 'fail', run: () => Promise<unknown>) => {
  const disk = await watchDisk(folder, at, mode)
  const done = run().catch(() => {})
  await Promise.race([done, disk.killed])
  await disk.restore()
}

/** Runs until a change that begins so, and then no further. Resolves with how many were before. */
const changesUntil = async (folder: string, change: string, run: () => Promise<unknown>) => {
  const disk = await watchDisk(folder)
  const reached = new Promise<void>(resolve => {
    disk.before = what => {
      if (!what.startsWith(change)) return undefined
      resolve()
      return new Promise(() => {})
    }
  })
  void run()
  await reached
  await disk.restore()
  return disk.done.length - 1
}

describe('a redrive that is killed', () => {
  it('loses no row and doubles none, whatever change of the disk was the last', async () => {
    const { send } = await start()
    const { length: total } = await changesOf(folder => lettersIn(folder).redrive({ filter, send, declare }))
    expect(total).toBeGreaterThan(30)
    for (let at = 0; at < total; at++) {
      const { folder, spool, sent, send } = await start()
      await runUntil(folder, at, 'kill', () => lettersIn(folder).redrive({ filter, send, declare }))

      const later = lettersIn(folder)
      expect(await later.recover(send), `killed at ${at}`).toMatchObject({ failure: undefined })
      expect([...keysIn(folder), ...sent()].sort(), `killed at ${at}`).toEqual(all)
      expect((await readdir(folder)).filter(name => !name.endsWith('.ndjson'))).toEqual([])
      await later.redrive({ filter, send, declare })
      expect(sent().sort(), `killed at ${at}`).toEqual(sendable.toSorted())
      expect([...keysIn(folder), ...sent()].sort()).toEqual(all)
      expect(spool.unsettled.size).toBe(0)
    }
  })

  it('doubles at most one batch where what it stored was delivered before the next start', async () => {
    const { send } = await start()
    const changes = await changesOf(folder => lettersIn(folder).redrive({ filter, send, declare }))
    const first = changes.findIndex(change => change.endsWith('.taken') && change.startsWith('rm'))
    let doubled = 0
    for (let at = first; at < changes.length; at++) {
      const { folder, spool, sent, send } = await start()
      await runUntil(folder, at, 'kill', () => lettersIn(folder).redrive({ filter, send, declare }))
      spool.deliver()
      await lettersIn(folder).recover(send)
      await lettersIn(folder).redrive({ filter, send, declare })
      const counts = Map.groupBy([...keysIn(folder), ...sent()], key => key)
      expect([...counts.keys()].sort()).toEqual(all)
      const batches = new Set(spool.stored.map(({ body }) => body.toString())).size
      expect(spool.stored.length - batches).toBeLessThanOrEqual(1)
      doubled += spool.stored.length - batches
    }
    // Between the commit of each of the four batches and the removal of its file, and nowhere else.
    expect(doubled).toBe(4)
  })

  it('is brought to an end by recovery that is killed itself, again and again', async () => {
    const { folder, sent, send } = await start()
    for (let round = 0; round < 60; round++) {
      const at = round % 4 === 0 ? 9 + round : 1 + (round % 3)
      await runUntil(folder, at, 'kill', async () => {
        const store = lettersIn(folder)
        await store.recover(send)
        await store.redrive({ filter, send, declare })
      })
    }
    await lettersIn(folder).recover(send)
    expect([...keysIn(folder), ...sent()].sort()).toEqual(all)
  })
})

describe('recovery that is killed', () => {
  it('undoes an edit that was not committed, whatever change of the disk was its last', async () => {
    const changes = await changesOf(folder => lettersIn(folder).discard(filter))
    const commit = changes.findIndex(change => change.startsWith('rename'))
    const total = 6
    for (let at = 0; at < total; at++) {
      const { folder, sent, send } = await start()
      const until = await changesUntil(folder, 'rename', () => lettersIn(folder).redrive({ filter, send, declare }))
      expect(until).toBeGreaterThan(commit)
      expect((await readdir(folder)).filter(name => name.endsWith('.taken'))).toHaveLength(2)
      await runUntil(folder, at, 'kill', () => lettersIn(folder).recover(send))
      expect(await lettersIn(folder).recover(send)).toMatchObject({ rows: 0, failure: undefined })
      expect([...keysIn(folder), ...sent()].sort(), `killed at ${at}`).toEqual(all)
    }
  })
})

describe('a disk that fails once during a redrive', () => {
  it('costs no row, and the next redrive takes all', async () => {
    const { send } = await start()
    const { length: total } = await changesOf(folder => lettersIn(folder).redrive({ filter, send, declare }))
    for (let at = 0; at < total; at++) {
      const { folder, sent, send } = await start()
      const store = lettersIn(folder)
      await runUntil(folder, at, 'fail', () => store.redrive({ filter, send, declare }))
      expect(await store.append([letterRow({ line: 900, reason: 'other' })])).toBe(true)
      expect(await store.redrive({ filter, send, declare }), `failed at ${at}`).toMatchObject({ failure: undefined })
      expect(sent().sort(), `failed at ${at}`).toEqual(sendable.toSorted())
      expect([...keysIn(folder), ...sent()].sort()).toEqual([...all, letterRow({ line: 900 }).key].sort())
    }
  })
})

describe('a discard that is killed', () => {
  it('took away all that it was to, or nothing, of each day', async () => {
    const { length: total } = await changesOf(folder => lettersIn(folder).discard(filter))
    const { send } = await start()
    for (let at = 0; at < total; at++) {
      const { folder } = await start()
      await runUntil(folder, at, 'kill', () => lettersIn(folder).discard(filter))
      const later = lettersIn(folder)
      await later.recover(send)
      const left = keysIn(folder)
      const others = all.filter(key => !matching.includes(key))
      expect(left).toEqual(expect.arrayContaining(others))
      for (const day of [matching.slice(0, 4), matching.slice(4)]) {
        const still = day.filter(key => left.includes(key))
        expect([0, day.length], `killed at ${at}`).toContain(still.length)
      }
      await later.discard(filter)
      expect(keysIn(folder).sort()).toEqual(others)
    }
  })
})

describe('an append in the moment in which an edit counts', () => {
  it('waits for it, and its row stays', async () => {
    const { folder, sent, send } = await start()
    const store = lettersIn(folder)
    const row = letterRow({ line: 900 })
    const disk = await watchDisk(folder)
    let appended: Promise<boolean> | undefined
    disk.before = async what => {
      if (!what.startsWith('rename 2026-01-03')) return
      appended = store.append([row])
      await pause(30)
    }
    try {
      await store.redrive({ filter, send, declare })
      expect(await appended).toBe(true)
    } finally {
      await disk.restore()
    }
    expect([...keysIn(folder), ...sent()].sort()).toEqual([...all, row.key].sort())
  })
})

describe('what a redrive writes', () => {
  it('is durable in the order that recovery builds on', async () => {
    const { folder, send } = await start()
    const disk = await watchDisk(folder)
    try {
      await lettersIn(folder).redrive({ filter: { ...filter, until: Date.UTC(2026, 0, 3) }, send, declare })
    } finally {
      await disk.restore()
    }
    const at = (what: string) => disk.done.findIndex(done => done.startsWith(what))
    const folderSyncs = disk.done.flatMap((done, index) => (done === 'sync .' ? [index] : []))
    const between = (first: number, last: number) => folderSyncs.some(index => index > first && index < last)
    const commit = at('rename 2026-01-02.ndjson.keep')
    expect(between(at('open 2026-01-02.ndjson.keep'), at('open 2026-01-02.ndjson.0001'))).toBe(true)
    for (const name of ['keep', '0001.-.taken', '0002.http_requests.taken']) {
      const synced = at(`sync 2026-01-02.ndjson.${name}`)
      expect(synced).toBeGreaterThan(0)
      expect(between(synced, commit)).toBe(true)
    }
    expect(between(commit, at('rm 2026-01-02.ndjson.0001'))).toBe(true)
  })
})
