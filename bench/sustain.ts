import { setTimeout as sleep } from 'node:timers/promises'
import { watchBacklog } from './backlog.ts'
import { type Figure, figureOf } from './figures.ts'
import { post, quantilesOf } from './load.ts'
import { threadCpu } from './profile/threads.ts'
import type { Service } from './service.ts'

export interface Sustaining {
  /** None: only what waits is delivered. */
  readonly bodies: readonly Uint8Array[]
  readonly recordsPerBatch: number
  readonly connections: number
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
  /** More accepted and not delivered lines than this hold the sender back; Infinity where the sink takes nothing. */
  readonly mostPendingLines: number
  /** A time-table in place of as fast as it is answered. */
  readonly batchesPerSecond?: number
}

/** The figures of each round, by the clock while the load goes on: no beginning and no end is in them. */
export interface Sustained {
  readonly accepted: Figure
  readonly delivered: Figure
  /** CPU of the whole service, microseconds for a record that was delivered (accepted, where none was). */
  readonly cpuMicros: Figure
  /** CPU of the load generator, of one core. */
  readonly loadShare: Figure
  readonly p50Ms: Figure
  readonly p99Ms: Figure
  readonly peakMiB: number
  readonly refused: number
}

const FIRST_EVENT_DEADLINE_MS = 120_000

export async function sustain(service: Service, options: Sustaining): Promise<Sustained> {
  const { recordsPerBatch, rounds } = options
  const abort = new AbortController()
  const isBounded = Number.isFinite(options.mostPendingLines)
  const backlog = isBounded ? watchBacklog(service, options.mostPendingLines) : undefined
  let times: number[] = []
  let accepted = 0
  let refused = 0
  const sending =
    options.bodies.length === 0
      ? Promise.resolve()
      : post({
          url: service.url,
          key: service.key,
          bodies: options.bodies,
          batches: Number.MAX_SAFE_INTEGER,
          connections: options.connections,
          signal: abort.signal,
          ...(backlog && { isHeld: backlog.isTooLong }),
          ...(options.batchesPerSecond !== undefined && { perSecond: options.batchesPerSecond }),
          onAnswer(ms, status) {
            times.push(ms)
            if (status === 200) accepted += recordsPerBatch
            else refused++
          },
        })
  const look = async () => ({
    delivered: isBounded ? await service.metric('intake_events_total', { outcome: 'delivered' }) : 0,
    accepted,
    cpu: cpuSeconds(service.pid),
    load: process.cpuUsage(),
    at: performance.now(),
  })

  const measure = async () => {
    if (isBounded) await firstEvent(service)
    await sleep(options.warmUpSeconds * 1000)
    const taken: Round[] = []
    let before = await look()
    for (let round = 0; round < rounds; round++) {
      times = []
      await sleep(options.seconds * 1000)
      const after = await look()
      const seconds = (after.at - before.at) / 1000
      const records = after.delivered - before.delivered || after.accepted - before.accepted
      const used = process.cpuUsage(before.load)
      const at = quantilesOf(times)
      taken.push({
        accepted: (after.accepted - before.accepted) / seconds,
        delivered: (after.delivered - before.delivered) / seconds,
        cpuMicros: records > 0 ? ((after.cpu - before.cpu) * 1e6) / records : 0,
        loadShare: (used.user + used.system) / 1e6 / seconds,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
      })
      before = await look()
    }
    return taken
  }
  try {
    // Rejects when sending does: what is measured without load is no figure.
    const taken = await Promise.race([measure(), sending.then(() => new Promise<never>(() => {}))])
    const of = (key: keyof Round) => figureOf(taken.map(round => round[key]))
    return {
      accepted: of('accepted'),
      delivered: of('delivered'),
      cpuMicros: of('cpuMicros'),
      loadShare: of('loadShare'),
      p50Ms: of('p50Ms'),
      p99Ms: of('p99Ms'),
      peakMiB: service.peakMiB(),
      refused,
    }
  } finally {
    abort.abort()
    backlog?.stop()
    await sending.catch(() => {})
  }
}

interface Round {
  readonly accepted: number
  readonly delivered: number
  readonly cpuMicros: number
  readonly loadShare: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const cpuSeconds = (pid: number) =>
  threadCpu(pid)
    .values()
    .reduce((sum, { user, system }) => sum + user + system, 0)

async function firstEvent(service: Service): Promise<void> {
  const deadline = performance.now() + FIRST_EVENT_DEADLINE_MS
  while ((await service.metric('intake_events_total', { outcome: 'delivered' })) === 0) {
    if (performance.now() > deadline) throw new Error(`The sink got no event within 120 s. ${service.log()}`)
    await sleep(50)
  }
}
