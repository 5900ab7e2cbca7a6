import { setImmediate as turn } from 'node:timers/promises'
import { ReplayStoppedError } from '../../src/errors.ts'
import { createFileSink } from '../../src/sinks/file.ts'
import type { Sink } from '../../src/sinks/sink.ts'
import { createDiskSpool } from '../../src/spool/disk.ts'
import type { Batch, Claim, Spool } from '../../src/spool/spool.ts'
import { checkFolders } from './check.ts'
import { bodyOf, contentOf, piecesOfBatch, sealOf } from './contents.ts'
import type { Order } from './crash.ts'
import { type Call, type Crash, createDisk, type Fault } from './disk.ts'
import { createModel, type Promised } from './model.ts'
import { createRandom } from './random.ts'
import { createTime } from './time.ts'
import { createVanished } from './vanished.ts'

export const SINKS = ['file', 'other'] as const
const START = Date.UTC(2026, 10, 24, 21, 55, 37)
const STUCK_MS = 300_000
const ENOUGH = new Error('there is none now')
const never = new AbortController().signal

export interface WorldOptions {
  readonly seed: number
  readonly order: Order
  readonly gzip?: boolean
  readonly retentionMs?: number
  /** Gets each call of the file system. */
  readonly trace?: (text: string) => void
}

/** The spool and the file sink on a simulated disk, a sender, two drains, and the model that they are held against. */
export function createWorld({ seed, order, gzip = false, retentionMs = 0, trace }: WorldOptions) {
  const random = createRandom(seed)
  const time = createTime(START)
  const disk = createDisk(random, order, time, trace)
  const model = createModel(SINKS)
  let spool: Spool
  let sink: Sink
  let isUp = false
  let crashed: Crash | undefined
  let replaying = false
  let contents = 0
  let crashes = 0
  let faultsSince = 0
  let receiptsFailed = false
  let notesFailed = false
  let violation: unknown
  const vanished = createVanished(disk.tree, error => {
    violation = error
  })
  const tell = (_fields: unknown, sentence?: string) => trace?.(`  log: ${sentence}`)
  const log = { debug: tell, info: tell, warn: tell, error: tell }

  const onStored = (batch: Batch) => {
    try {
      model.add(batch, contentOf(batch))
    } catch (error) {
      // The spool would take it for an error of its disk.
      violation = error
    }
  }

  const boot = async (): Promise<void> => {
    const files = vanished.watch(disk.start())
    time.forget()
    crashed = undefined
    void disk.crashed.then(kind => {
      crashed = kind
      if (kind === 'power' && notesFailed) vanished.forgetNames()
      crashes++
      isUp = false
    })
    const shared = { files, timing: time, now: time.now, log }
    spool = createDiskSpool({
      ...shared,
      dir: '/data/spool',
      sinks: SINKS,
      maxBytes: 40_000,
      minFreeBytes: 100,
      duplicateWindowMs: 1e12,
      keepBytes: 6_000,
      onStored,
      lock: async () => ({ release: async () => {} }),
    })
    sink = createFileSink({
      ...shared,
      dir: '/data/events',
      stateDir: '/data/state',
      maxBytes: 1_500,
      maxAgeMs: 60_000,
      gzip,
      retentionMs,
    })
  }

  /** Runs something until it ends or the disk crashes; time passes only while nothing else happens. */
  const run = async (action: () => Promise<void>): Promise<'done' | Crash> => {
    let over = false
    let error: unknown
    const fail = (cause: unknown) => {
      error = cause
      over = true
    }
    action().then(() => {
      over = true
    }, fail)
    for (let waited = 0; ; waited += 100) {
      await turn()
      if (violation !== undefined) throw violation
      if (crashed !== undefined) return crashed
      if (over) break
      if (waited > STUCK_MS) throw new Error('nothing happens any more')
      await (gzip ? new Promise(resolve => setTimeout(resolve, 1)) : undefined)
      await time.pass(100)
    }
    if (error !== undefined) throw error
    return 'done'
  }

  /** Starts again, in spite of crashes and faults on the way, and compares. */
  const start = async (after: Crash | 'close'): Promise<void> => {
    let worst = after
    for (let tries = 0; ; tries++) {
      if (tries > 20) throw new Error('it does not start')
      await boot()
      let failed: unknown
      const outcome = await run(async () => {
        try {
          const recovered = await spool.open()
          // What the sink had done cannot be told then (recover.ts).
          if (receiptsFailed) worst = 'power'
          receiptsFailed = false
          model.restarted(recovered, worst, contentOf, replaying)
          replaying = false
          worst = 'close'
          await sink.open(never)
          // It has written its journal anew.
          notesFailed = false
        } catch (error) {
          failed = error
          if (faultsSince > 0 && isDiskError(error)) return
          throw error
        }
      })
      if (outcome === 'done' && failed === undefined) break
      if (outcome === 'power') worst = 'power'
      else if (outcome === 'kill' && worst === 'close') worst = 'kill'
      // A start that failed ended its process.
      if (outcome === 'done') disk.crash('kill')
      if (outcome === 'done' && worst === 'close') worst = 'kill'
      if (tries > 3) mend()
    }
    isUp = true
    checkFolders(disk.tree(), model, vanished.and)
  }

  function mend(): void {
    disk.fault = () => undefined
    disk.crashAt(undefined)
    disk.capacity = Number.POSITIVE_INFINITY
    faultsSince = 0
  }

  /** For commands: what happens at a crash is the same for all. */
  const perform = async (action: () => Promise<void>): Promise<void> => {
    if (!isUp) await start('kill')
    const outcome = await run(action)
    if (outcome === 'done') return
    await start(outcome)
  }

  const doubt = (content: number) => model.uncertain.set(content, (model.uncertain.get(content) ?? 0) + 1)

  const accept = async (content: number): Promise<void> => {
    const attempts = doubts(content)
    try {
      const draft = await spool.draft()
      // Until it is answered, a crash leaves it uncertain.
      doubt(content)
      try {
        const body = bodyOf(content)
        const half = Math.floor(body.length / 2)
        await draft.write(body.subarray(0, half))
        await draft.write(body.subarray(half))
        const stored = countOf(content)
        const answer = await draft.commit(sealOf(content))
        if (answer === 'stored' && countOf(content) !== stored + 1) throw new Error('stored without being handed on')
        if (!model.holds(content)) throw new Error(`${answer}, and content ${content} is not there`)
        model.uncertain.set(content, attempts)
      } catch (error) {
        await draft.discard()
        throw error
      }
    } catch (error) {
      if (!isNamed(error, 'UnavailableError')) throw error
      // On a disk that fails it may have been impossible to take it away.
      if (faultsSince === 0) model.uncertain.set(content, attempts)
    }
  }

  const doubts = (content: number) => model.uncertain.get(content) ?? 0
  const countOf = (content: number) => [...model.batches.values()].filter(each => each.content === content).length

  const claimNow = async (name: string): Promise<Claim | undefined> => {
    const stop = new AbortController()
    const claim = spool.claim(name, stop.signal).catch(() => undefined)
    await turn()
    stop.abort(ENOUGH)
    return claim
  }

  const take = async (name: string, end: 'ack' | 'release' | 'aside'): Promise<boolean> => {
    const claim = await claimNow(name)
    if (claim === undefined) return false
    const promised = model.batches.get(claim.batch.name)
    if (promised === undefined) throw new Error(`${claim.batch.name} is claimed and was never stored`)
    if (promised.done.has(name)) throw new Error(`${claim.batch.name} was done by ${name}`)
    if (!(await readRight(claim, promised)) || (name === 'file' && !(await deliver(claim.batch, promised)))) {
      claim.release()
      return false
    }
    if (end === 'release') {
      claim.release()
      return true
    }
    if (end === 'aside') {
      promised.aside = true
      await claim.setAside('it was asked for')
      return true
    }
    promised.doing.add(name)
    await claim.ack()
    promised.doing.delete(name)
    promised.done.add(name)
    promised.acked.add(name)
    if (name === 'file') sink.settled?.(claim.batch.name)
    return true
  }

  const readRight = async (claim: Claim, promised: Promised): Promise<boolean> => {
    try {
      const bytes = Buffer.concat(await Array.fromAsync(claim.read(never)))
      if (!bytes.equals(bodyOf(promised.content)))
        throw new Error(`${claim.batch.name} has other bytes than were stored`)
      return true
    } catch (error) {
      if (isNamed(error, 'UnavailableError') && faultsSince > 0) return false
      throw error
    }
  }

  /** As the drain does: pieces in order, some at a time, again from the first that failed. */
  const deliver = async (batch: Batch, promised: Promised): Promise<boolean> => {
    const pieces = piecesOfBatch(batch)
    for (let at = 0, tries = 0; at < pieces.length && tries < 3; tries++) {
      const some = pieces.slice(at)
      const results = await Promise.allSettled(some.map(piece => sink.write(piece, never)))
      for (const [index, result] of results.entries()) {
        if (result.status === 'rejected') {
          if (!isNamed(result.reason, 'RetryableError') || faultsSince === 0) throw result.reason
          break
        }
        const { dataset, first, ends } = some[index]!
        promised.written.set(dataset, first + ends.length)
        at++
      }
      if (at === pieces.length) return true
    }
    return pieces.length === 0
  }

  const world = {
    disk,
    time,
    model,
    random,
    /** Whether finished event files are deleted. */
    deletes: retentionMs > 0,
    perform,
    start,
    mend,
    accept,
    take,
    say: (text: string) => trace?.(`> ${text}`),
    newContent: () => contents++,
    anyContent: () => (contents === 0 ? contents++ : random.below(contents)),
    spool: () => spool,
    fault(plan: (call: Call) => Fault | undefined): void {
      disk.fault = call => {
        const fault = plan(call)
        if (fault !== undefined) faultsSince++
        if (fault !== undefined && call.name === 'readdir' && call.path.includes('/receipts/')) receiptsFailed = true
        if (fault !== undefined && call.name === 'fdatasync' && call.path.includes('.journal')) notesFailed = true
        return fault
      }
    },
    /** From now on calls may fail for want of room. */
    full: () => void faultsSince++,
    async setClock(byMs: number): Promise<void> {
      time.setClock(byMs)
    },
    async replay(): Promise<void> {
      await world.perform(async () => {
        replaying = true
        try {
          await spool.replay('other', { since: undefined, until: undefined })
        } catch (error) {
          if (!isNamed(error, 'UnavailableError') && !(error instanceof ReplayStoppedError)) throw error
        }
        // Where it failed, a link may have been left behind, as with a batch that was refused.
        replaying = faultsSince > 0
      })
    },
    crashes: () => crashes,
    crashLater(kind: Crash, calls: number): void {
      disk.nextCrash = kind
      disk.crashAt(calls)
    },
    /** The process ends as it should. */
    async close(): Promise<void> {
      await world.perform(async () => {
        await sink.close()
        await spool.close()
        isUp = false
      })
      if (!isUp) await start('close')
    },
    async crash(kind: Crash): Promise<void> {
      if (!isUp) await start('kill')
      disk.crash(kind)
      await start(kind)
    },
    /** Nothing is wrong any more: within 5 s the spool takes batches, and all that waits is delivered. */
    async drain(): Promise<void> {
      mend()
      await world.perform(async () => {})
      await time.pass(5_000)
      const refusal = spool.refusal()
      if (refusal !== undefined && refusal !== 'spool full')
        throw new Error(`5 s after its repair the spool says: ${refusal}`)
      await world.perform(async () => {
        for (const name of SINKS) while (await take(name, 'ack'));
      })
      const left = model.waiting()
      if (left.length > 0) throw new Error(`${left.length} batches are never offered`)
      checkFolders(disk.tree(), model, vanished.and)
    },
  }
  return world
}

export type World = ReturnType<typeof createWorld>

const isNamed = (error: unknown, name: string) => error instanceof Error && error.name === name

/** StartError of the spool, or an error of the system from the sink. */
const isDiskError = (error: unknown) => isNamed(error, 'StartError') || (error instanceof Error && 'code' in error)
