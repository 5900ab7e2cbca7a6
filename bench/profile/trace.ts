import type { Span } from './cpu-profile.ts'

/** Node's trace events: `B` and `E` around work in a thread, `b` and `e` around what is waited for. Microseconds of the monotonic clock. */
export interface TraceEvent {
  readonly ph: string
  readonly name: string
  readonly tid: number
  readonly ts: number
  /** CPU time of the thread. */
  readonly tts?: number
  readonly id?: string
}

export interface Waits {
  readonly calls: number
  /** Microseconds, of all calls together. */
  readonly micros: number
}

export interface PoolTimes {
  /** Kinds of work in the thread pool's threads: time there. */
  readonly work: ReadonlyMap<string, Waits>
  /** File calls by name: time from the call until its result is seen, of which a busy event loop is a part. */
  readonly files: ReadonlyMap<string, Waits>
  /** CPU time of the work, as far as the threads' clocks were noted. */
  readonly cpuMicros: number
}

export function poolTimesOf(events: readonly TraceEvent[], span: Span): PoolTimes {
  const work = new Map<string, Waits>()
  const files = new Map<string, Waits>()
  let cpuMicros = 0
  const open = new Map<string, TraceEvent>()
  const finish = (into: Map<string, Waits>, key: string, end: TraceEvent) => {
    const begin = open.get(key)
    open.delete(key)
    if (begin === undefined || begin.ts < span.fromMicros || end.ts > span.toMicros) return
    const { calls, micros } = into.get(end.name) ?? { calls: 0, micros: 0 }
    if (into === work) cpuMicros += (end.tts ?? 0) - (begin.tts ?? 0)
    into.set(end.name, { calls: calls + 1, micros: micros + end.ts - begin.ts })
  }
  for (const event of events) {
    const key = event.ph === 'b' || event.ph === 'e' ? `${event.name} ${event.id}` : `${event.name} @${event.tid}`
    if (event.ph === 'b' || event.ph === 'B') open.set(key, event)
    else if (event.ph === 'e') finish(files, key, event)
    else if (event.ph === 'E') finish(work, key, event)
  }
  return { work, files, cpuMicros }
}
