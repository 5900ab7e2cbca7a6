import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import type { Piece, Sink } from '../../src/sinks/sink.ts'
import { eventsNamed, pieceOf, piecesOf } from '../helpers/pieces.ts'

/** A sink under test and what stands at its other side. */
export interface SinkRig {
  readonly sink: Sink
  /** The events at the other side as JSON texts: in their order where there is one, without repeats of an id where it knows ids. */
  delivered(): Promise<readonly string[]>
  /** A second sink on the same other side and with the same memory, as after a restart. */
  restarted(): Sink
  /** From now on writes fail. */
  breakDown(): Promise<void>
  /** Writes succeed again; where this cannot happen while the sink lives, undefined. */
  readonly repair: (() => Promise<void>) | undefined
  cleanUp(): Promise<void>
}

export interface SinkTraits {
  /** The other side keeps the order of the events. */
  readonly ordered: boolean
  /** An event that comes again is there once. */
  readonly once: boolean
}

const never = new AbortController().signal

/** The cases that every sink passes: what delivery/drain.ts relies on. */
export function describeSinkContract(name: string, traits: SinkTraits, make: () => Promise<SinkRig>): void {
  describe(`the sink ${name}, as every sink,`, () => {
    let rig: SinkRig

    beforeEach(async () => {
      rig = await make()
    })
    afterEach(async () => {
      await rig.sink.close()
      await rig.cleanUp()
    })

    const opened = async () => {
      await rig.sink.open(never)
      return rig.sink
    }
    const delivered = async () => (traits.ordered ? await rig.delivered() : [...(await rig.delivered())].sort())
    const expected = (events: readonly string[]) => (traits.ordered ? events : [...events].sort())
    const writeAll = (sink: Sink, pieces: readonly Piece[]) =>
      Promise.all(pieces.map(piece => sink.write(piece, never)))

    it('has a name for settings and metrics, and takes at least one write at a time', () => {
      expect(rig.sink.name).toMatch(/^[a-z]+$/)
      expect(rig.sink.maxInFlight).toBeGreaterThanOrEqual(1)
      expect(Number.isInteger(rig.sink.maxInFlight)).toBe(true)
    })

    it('delivers every event of a piece as it is and says so', async () => {
      const sink = await opened()
      const events = eventsNamed('a', 100)
      expect(await sink.write(pieceOf(events), never)).toEqual({ retry: [], rejected: [] })
      expect(await delivered()).toEqual(expected(events))
    })

    it('delivers a piece of one event, of no event, and one of several MiB', async () => {
      const sink = await opened()
      const large = eventsNamed('large', 30, 100_000)
      await sink.write(pieceOf(['{"only":1}'], { batch: 'one' }), never)
      expect(await sink.write(pieceOf([], { batch: 'none' }), never)).toEqual({ retry: [], rejected: [] })
      await sink.write(pieceOf(large, { batch: 'large' }), never)
      expect(await delivered()).toEqual(expected(['{"only":1}', ...large]))
    })

    it('takes as many writes at a time as it says, over batches and datasets, and keeps their order', async () => {
      const sink = await opened()
      const batches = Array.from({ length: 10 }, (_, i) => eventsNamed(`batch${i}`, 40))
      const pieces = batches.flatMap((events, i) => piecesOf(events, 10, { batch: `batch${i}` }))
      for (let at = 0; at < pieces.length; at += sink.maxInFlight) {
        await writeAll(sink, pieces.slice(at, at + sink.maxInFlight))
      }
      expect(await delivered()).toEqual(expected(batches.flat()))
    })

    it('does nothing when the signal is aborted already, and goes on after', async () => {
      const sink = await opened()
      const events = eventsNamed('a', 3)
      await expect(sink.write(pieceOf(events), AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop')
      expect(await delivered()).toEqual([])
      await sink.write(pieceOf(events), never)
      expect(await delivered()).toEqual(expected(events))
    })

    it('may be opened again while it is open', async () => {
      const sink = await opened()
      await sink.open(never)
      await sink.write(pieceOf(['{"a":1}']), never)
      expect(await delivered()).toEqual(['{"a":1}'])
    })

    it('may be closed without having been opened, and twice', async () => {
      await rig.sink.close()
      await rig.sink.open(never)
      await rig.sink.close()
      await rig.sink.close()
    })

    it('goes on where it was after close and open', async () => {
      const sink = await opened()
      const events = eventsNamed('a', 30)
      const [first, second, third] = piecesOf(events, 10) as [Piece, Piece, Piece]
      await sink.write(first, never)
      await sink.close()
      await sink.open(never)
      await writeAll(sink, [second, third])
      expect(await delivered()).toEqual(expected(events))
    })

    it('forgets settled batches, known or not', async () => {
      const sink = await opened()
      await sink.write(pieceOf(['{"a":1}']), never)
      sink.settled?.('batch-1')
      sink.settled?.('never-seen')
      await sink.write(pieceOf(['{"b":1}'], { batch: 'batch-2' }), never)
      expect(await delivered()).toEqual(expected(['{"a":1}', '{"b":1}']))
    })

    it('fails with a RetryableError, not by a crash, while the other side does not take events', async () => {
      const sink = await opened()
      await sink.write(pieceOf(['{"a":1}']), never)
      await rig.breakDown()
      const failed = await sink.write(pieceOf(['{"b":1}'], { first: 1 }), never).catch(error => error)
      expect(failed).toBeInstanceOf(RetryableError)
      expect(failed).not.toBeInstanceOf(PermanentError)
      expect(failed.message.length).toBeGreaterThan(10)
    })

    it('delivers everything when the failed pieces come again in order', async context => {
      if (!rig.repair) return context.skip('the other side of this sink does not come back')
      const sink = await opened()
      const events = eventsNamed('a', 40)
      const pieces = piecesOf(events, 10)
      await sink.write(pieces[0]!, never)
      await rig.breakDown()
      const results = await Promise.allSettled(
        pieces.slice(1, 1 + sink.maxInFlight).map(piece => sink.write(piece, never)),
      )
      const failed = 1 + results.findIndex(({ status }) => status === 'rejected')
      expect(failed).toBeGreaterThan(0)
      await rig.repair()
      for (const piece of pieces.slice(failed)) await sink.write(piece, never)
      expect(new Set(await delivered())).toEqual(new Set(events))
      if (traits.once) expect(await delivered()).toEqual(expected(events))
    })

    it('takes batches that were not settled again after a restart, from their first piece on', async () => {
      const sink = await opened()
      const events = eventsNamed('a', 30)
      const pieces = piecesOf(events, 10)
      await writeAll(sink, pieces.slice(0, 2))
      await sink.close()
      const next = rig.restarted()
      await next.open(never)
      for (const piece of pieces) await next.write(piece, never)
      expect(new Set(await delivered())).toEqual(new Set(events))
      if (traits.once) expect(await delivered()).toEqual(expected(events))
      await next.close()
    })
  })
}
