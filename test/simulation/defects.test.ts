import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { bytesOf, put, seal } from '../contract/spool-kit.ts'
import { eventsNamed, pieceOf } from '../helpers/pieces.ts'
import type { Call } from './disk.ts'
import { createMachine } from './kit.ts'

/** What the simulated disk found, one test each. */

const never = new AbortController().signal

describe('the spool on a simulated disk', () => {
  test.each([
    ['leaves the queue when it is delivered', undefined],
    ['leaves it as well when the kept ones could not be listed at the start', 'readdir'],
  ])('a batch that a power loss left in the queue and among the kept ones %s', async (_what, failing) => {
    const { disk, spool } = createMachine()
    const first = spool({ keepBytes: 1e6 })
    await first.open()
    await put(first, 'x')
    const [batch] = [...disk.tree().keys()].filter(path => path.includes('/batches/'))
    await disk.start().link(batch!, batch!.replace('/batches/', '/kept/'))
    disk.fault = ({ name, path }) => (name === failing && path.endsWith('/kept') ? { code: 'EIO' } : undefined)
    const second = spool({ keepBytes: 1e6 })
    await second.open()
    await (await second.claim('one', never)).ack()
    await second.close()
    disk.fault = () => undefined
    expect((await spool({ keepBytes: 1e6 }).open()).batches).toEqual([])
    expect([...disk.tree().keys()].filter(path => path.includes('/kept/'))).toHaveLength(1)
  })

  test('a disk that cannot tell the size of a batch at the start does not cost the batch', async () => {
    const { disk, spool } = createMachine()
    const first = spool()
    await first.open()
    await put(first, 'x')
    await first.close()
    disk.fault = ({ name, path }) => (name === 'lstat' && path.includes('/batches/') ? { code: 'EIO' } : undefined)
    const second = spool()
    expect(await second.open()).toMatchObject({ batches: [{ sinks: ['one'] }], setAside: 0 })
    disk.fault = () => undefined
    expect(String(await bytesOf(await second.claim('one', never)))).toBe('x')
  })

  test('folders that a kill left without an fsync of their names are durable before the first answer', async () => {
    for (let call = 1; call < 60; call++) {
      const { disk, spool } = createMachine(call, 'hostile')
      disk.nextCrash = 'kill'
      disk.crashAt(call)
      await Promise.race([spool().open(), disk.crashed])
      disk.crashAt(undefined)
      const next = spool()
      await next.open()
      await put(next, 'x')
      disk.crash('power')
      expect((await spool().open()).batches).toHaveLength(1)
    }
  })

  test.each([
    ['EIO', 'delivered to it again'],
    ['EMFILE', 'StartError'],
    ['EACCES', 'StartError'],
  ])('receipts that cannot be read (%s) are not taken for none in silence: %s', async (code, what) => {
    const { disk, spool } = createMachine()
    const sinks = ['one', 'two']
    const first = spool({ sinks })
    await first.open()
    await put(first, 'x')
    await (await first.claim('one', never)).ack()
    await first.close()
    disk.fault = ({ name, path }) => (name === 'readdir' && path.endsWith('/receipts/one') ? { code } : undefined)
    const said: string[] = []
    const log = { info() {}, warn() {}, error: (_fields: object, sentence: string) => void said.push(sentence) }
    const opened = spool({ sinks, log }).open()
    if (what === 'StartError') return expect(opened).rejects.toMatchObject({ name: 'StartError' })
    expect((await opened).batches[0]!.sinks).toEqual(sinks)
    expect(said).toEqual([expect.stringContaining(what)])
  })

  test.each(['kill', 'power'] as const)(
    'numbers grow over a %s although the clock was set back and all was delivered',
    async kind => {
      const numbers: number[] = []
      const { disk, spool, time } = createMachine()
      const onStored = ({ name }: { name: string }) => void numbers.push(Number(name))
      for (let round = 0; round < 10; round++) {
        const each = spool({ onStored })
        await each.open()
        await put(each, 'x')
        time.setClock(-5_000)
        await (await each.claim('one', never)).ack()
        disk.crash(kind)
      }
      expect(numbers).toHaveLength(10)
      expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers)
    },
  )

  test('a rename that happened although it failed leaves nothing of the batch that was refused', async () => {
    const { disk, spool } = createMachine()
    const first = spool()
    await first.open()
    disk.fault = ({ name }) => (name === 'rename' ? { code: 'EIO', late: true } : undefined)
    await expect(put(first, 'x')).rejects.toMatchObject({ reason: 'disk error' })
    disk.fault = () => undefined
    disk.crash('kill')
    expect((await spool().open()).batches).toEqual([])
  })

  test('a refused batch is not taken for a duplicate when it comes again', async () => {
    const { disk, spool } = createMachine()
    const one = spool()
    await one.open()
    const same = seal()
    disk.fault = ({ name, path }) => (name === 'fsync' && path.endsWith('/batches') ? { code: 'EIO' } : undefined)
    await expect(put(one, 'x', same)).rejects.toMatchObject({ reason: 'disk error' })
    disk.fault = () => undefined
    expect(await put(one, 'x', same)).toBe('stored')
    disk.crash('power')
    expect((await spool().open()).batches).toHaveLength(1)
  })
})

describe('the file sink on a simulated disk', () => {
  const events = eventsNamed('a', 4, 700)
  const piece = (first: number) => pieceOf(events.slice(first, first + 2), { batch: 'a', first })
  const isSync = ({ name, path }: Call) => name === 'fdatasync' && path.endsWith('.ndjson')

  test('bytes of an fsync that failed are written again after a kill, so that a power loss does not take them', async () => {
    for (let seed = 0; seed < 30; seed++) {
      const { disk, sink, text } = createMachine(seed)
      const first = sink()
      await first.open(never)
      await first.write(piece(0), never)
      // The disk fails for good, so that what was written cannot be taken back either.
      let failing = false
      disk.fault = call => {
        failing ||= isSync(call)
        return failing ? { code: 'EIO' } : undefined
      }
      await expect(first.write(piece(2), never)).rejects.toThrow()
      disk.crash('kill')
      disk.fault = () => undefined
      const second = sink()
      await second.open(never)
      for (const at of [0, 2]) await second.write(piece(at), never)
      disk.crash('power')
      await sink().open(never)
      expect(text('.ndjson').trimEnd().split('\n')).toEqual(events)
    }
  })

  test('what could not be cut off after a failure is cut off before the journal calls the rest safe', async () => {
    const { disk, sink, text } = createMachine()
    const first = sink()
    await first.open(never)
    await first.write(piece(0), never)
    let failing = false
    disk.fault = call => {
      failing ||= isSync(call)
      return failing ? { code: 'EIO' } : undefined
    }
    await expect(first.write(piece(2), never)).rejects.toThrow()
    disk.fault = () => undefined
    await first.close()
    const second = sink()
    await second.open(never)
    for (const at of [0, 2]) await second.write(piece(at), never)
    await second.close()
    expect(text('.ndjson').trimEnd().split('\n')).toEqual(events)
  })

  test('the name of an empty file that a kill left is durable before anything is written to it', async () => {
    const { disk, sink, text } = createMachine(1, 'hostile')
    const first = sink()
    await first.open(never)
    disk.fault = ({ name, path }) => {
      if (name === 'fchmod' && path.endsWith('.ndjson')) disk.crash('kill')
      return undefined
    }
    await Promise.race([first.write(piece(0), never), disk.crashed])
    disk.fault = () => undefined
    expect([...disk.tree().keys()]).toContainEqual(expect.stringContaining('/dns_logs/'))
    const second = sink()
    await second.open(never)
    await second.write(piece(0), never)
    disk.crash('power')
    expect(text('.ndjson').trimEnd().split('\n')).toEqual(events.slice(0, 2))
  })

  test.each(['kill', 'power'] as const)(
    'a crash (%s) at any call costs no event of a file that is compressed',
    async kind => {
      for (let call = 1, over = false; !over; call++) {
        const { disk, sink } = createMachine(call, 'hostile')
        const first = sink({ gzip: true, maxBytes: 1_500 })
        await first.open(never)
        await first.write(piece(0), never)
        disk.nextCrash = kind
        disk.crashAt(call)
        // The second piece begins a new file, and the first is compressed.
        const work = first.write(piece(2), never).then(() => first.close())
        over = (await Promise.race([work.then(() => 'done'), disk.crashed])) === 'done'
        disk.crashAt(undefined)
        const second = sink({ gzip: true, maxBytes: 1_500 })
        await second.open(never)
        for (const at of [0, 2]) await second.write(piece(at), never)
        disk.crash('power')
        const third = sink()
        await third.open(never)
        const found = [...disk.tree()].flatMap(([path, content]) => {
          if (path.endsWith('.ndjson')) return content.toString().split('\n').slice(0, -1)
          return path.endsWith('.gz') ? gunzipSync(content).toString().split('\n').slice(0, -1) : []
        })
        expect([...new Set(found)].sort()).toEqual(events)
        if (kind === 'kill') expect(found).toHaveLength(events.length)
      }
    },
  )

  test('a journal that was written anew does not make way for the one before when the power goes', async () => {
    const [before, late] = [eventsNamed('before', 3), eventsNamed('late', 4)]
    const pieces = [pieceOf(before, { batch: 'before' }), pieceOf(late.slice(0, 1), { batch: 'late' })] as const
    let stale = 0
    for (let seed = 0; seed < 200; seed++) {
      const { disk, sink, text } = createMachine(seed, 'hostile')
      const first = sink()
      await first.open(never)
      await first.write(pieces[0], never)
      first.settled?.('before')
      await first.write(pieces[1], never)
      disk.crash('power')
      if (text('.journal').includes('"late"')) stale++
      // The spool's receipt was lost as well, so the batch comes again, before the rest of the next one.
      const second = sink()
      await second.open(never)
      await second.write(pieces[0], never)
      disk.crash('power')
      const third = sink()
      await third.open(never)
      await third.write(pieceOf(late, { batch: 'late' }), never)
      const lines = text('.ndjson').trimEnd().split('\n')
      expect(lines).toEqual(expect.arrayContaining([...before, ...late]))
    }
    expect(stale).toBeGreaterThan(10)
  })

  test('a journal that was written anew takes no record before its name is durable', async () => {
    const { disk, sink, text } = createMachine(1, 'hostile')
    const first = sink()
    await first.open(never)
    const failing = (call: string, end: string) => {
      disk.fault = ({ name, path }) => (name === call && path.endsWith(end) ? { code: 'EIO' } : undefined)
    }
    failing('write', '.journal.new')
    await expect(first.write(piece(0), never)).rejects.toThrow('EIO')
    failing('fsync', '/state')
    for (let tries = 0; tries < 2; tries++) await expect(first.write(piece(0), never)).rejects.toThrow('EIO')
    disk.fault = () => undefined
    for (const at of [0, 2]) await first.write(piece(at), never)
    disk.crash('power')
    await sink().open(never)
    expect(text('.ndjson').trimEnd().split('\n')).toEqual(events)
  })

  test('closes although the disk does not let it close its journal', async () => {
    const { disk, sink } = createMachine()
    const first = sink()
    await first.open(never)
    await first.write(piece(0), never)
    disk.fault = ({ name, path }) => (name === 'close' && path.includes('journal') ? { code: 'EIO' } : undefined)
    await first.close()
    await first.close()
  })
})
