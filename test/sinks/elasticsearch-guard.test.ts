import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import { createGuard, type GuardOptions, type Target } from '../../src/sinks/elasticsearch-guard.ts'
import { createFakeBulk, sinkOn } from '../helpers/fake-bulk.ts'
import { pieceOf } from '../helpers/pieces.ts'

const never = new AbortController().signal
const target: Target = { dataset: 'dns_logs', index: 'logs-a' }

function rig(setup: GuardOptions['setup'], answer: () => string | Promise<string> = () => 'ready') {
  const asked: Target[] = []
  const clock = { ms: 1_000_000 }
  const ready: GuardOptions['ready'] = async one => {
    asked.push(one)
    return await answer()
  }
  return { asked, clock, guard: createGuard({ setup, ready, now: () => clock.ms }) }
}

describe('the guard before a write', () => {
  it('asks once for each target, and again after ten seconds', async () => {
    const { guard, asked, clock } = rig('check')
    await guard.ensure(target, never)
    await guard.ensure(target, never)
    clock.ms += 9_999
    await guard.ensure(target, never)
    await guard.ensure({ dataset: 'other', index: 'logs-b' }, never)
    expect(asked).toHaveLength(2)
    clock.ms += 1
    await guard.ensure(target, never)
    expect(asked).toHaveLength(3)
  })

  it('asks again after the clock was set back', async () => {
    const { guard, asked, clock } = rig('check')
    await guard.ensure(target, never)
    clock.ms -= 5_000
    await guard.ensure(target, never)
    expect(asked).toHaveLength(2)
  })

  it('asks again when the server said that the index is missing', async () => {
    const { guard, asked } = rig('auto')
    await guard.ensure(target, never)
    guard.forget('logs-b')
    await guard.ensure(target, never)
    expect(asked).toHaveLength(1)
    guard.forget(target.index)
    await guard.ensure(target, never)
    expect(asked).toHaveLength(2)
  })

  it('asks nothing when told to trust', async () => {
    const { guard, asked } = rig('off', () => 'index template')
    await guard.ensure(target, never)
    expect(asked).toHaveLength(0)
  })

  it('says what is missing and what to do, for this piece alone, until it is there', async () => {
    let answer = 'index template logs-cloudflare.dns_logs'
    const { guard } = rig('check', () => answer)
    const failed = await guard.ensure(target, never).catch(error => error)
    expect(failed).toBeInstanceOf(RetryableError)
    expect(failed).toMatchObject({ needsOperator: true, ofPieceAlone: true })
    expect(failed.message).toBe(
      'Missing at the server: index template logs-cloudflare.dns_logs; run `logpush-intake setup elasticsearch`, or set ELASTICSEARCH_SETUP=auto.',
    )
    answer = 'ready'
    await guard.ensure(target, never)
    const auto = rig('auto', () => 'component template x')
    await expect(auto.guard.ensure(target, never)).rejects.toThrow('x; it could not be installed.')
  })

  it('asks one at a time for a target, and the others wait for that answer', async () => {
    const gates: PromiseWithResolvers<string>[] = []
    const { guard, asked } = rig('check', () => {
      const gate = Promise.withResolvers<string>()
      gates.push(gate)
      return gate.promise
    })
    const all = [1, 2, 3, 4].map(() => guard.ensure(target, never))
    await turn()
    expect(asked).toHaveLength(1)
    gates[0]!.resolve('ready')
    await Promise.all(all)
    expect(asked).toHaveLength(1)
  })

  it('lets nobody fail because another was told to stop', async () => {
    const stop = new AbortController()
    const guard = createGuard({
      setup: 'check',
      now: () => 0,
      ready: (_, signal) => (signal === stop.signal ? untilAborted(signal) : Promise.resolve('ready')),
    })
    const first = guard.ensure(target, stop.signal)
    const second = guard.ensure(target, never)
    stop.abort(new Error('told to stop'))
    await expect(first).rejects.toThrow('told to stop')
    await second
    await expect(guard.ensure({ ...target, index: 'b' }, stop.signal)).rejects.toThrow('told to stop')
  })
})

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}

describe('the sink with a guard', () => {
  it('sends no event while the template is missing, and asks again after an answer that says the index is', async () => {
    const fake = await createFakeBulk()
    let answer = 'index template'
    let asked = 0
    const ready = async () => {
      asked++
      return answer
    }
    const sink = sinkOn(fake, { setup: 'check', ready })
    await expect(sink.write(pieceOf(['{}']), never)).rejects.toMatchObject({ ofPieceAlone: true })
    expect(fake.requests).toEqual([])
    answer = 'ready'
    await sink.write(pieceOf(['{}']), never)
    expect(asked).toBe(2)
    fake.onItem = () => ({ status: 404, error: { type: 'index_not_found_exception' } })
    await sink.write(pieceOf(['{}']), never)
    expect(asked).toBe(2)
    answer = 'index template'
    await expect(sink.write(pieceOf(['{}']), never)).rejects.toMatchObject({ ofPieceAlone: true })
    await fake.stop()
  })

  it('takes a plain index or alias that is there as ready, and asks for the template of one that is not', async () => {
    const fake = await createFakeBulk()
    const asked: Target[] = []
    const ready: GuardOptions['ready'] = async one => {
      asked.push(one)
      return 'index template'
    }
    const sink = sinkOn(fake, { setup: 'check', ready, dataStreams: false, indexOf: () => 'mine' })
    await expect(sink.write(pieceOf(['{}']), never)).rejects.toThrow('index template')
    expect(asked).toEqual([{ dataset: 'dns_logs', index: 'mine' }])
    fake.stored.set('mine', new Map())
    await sink.write(pieceOf(['{}']), never)
    expect(asked).toHaveLength(1)
    expect(fake.stored.get('mine')?.size).toBe(1)
    fake.onReply = reply => ({ ...reply, status: 403 })
    const other = sinkOn(fake, { setup: 'check', ready, dataStreams: false, indexOf: () => 'mine' })
    await expect(other.write(pieceOf(['{}']), never)).rejects.toMatchObject({ needsOperator: true })
    await fake.stop()
  })
})
