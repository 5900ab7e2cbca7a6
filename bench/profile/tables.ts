import type { ThreadTimes } from './cpu-profile.ts'
import { STEPS } from './steps.ts'
import type { CpuSeconds } from './threads.ts'
import type { PoolTimes } from './trace.ts'

export interface ProfiledThread {
  readonly name: string
  readonly times: ThreadTimes
}

const right = (text: string | number, width: number) => `${text}`.padStart(width)
const share = (part: number, whole: number) => (whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : '-')

/** CPU time of one kind of thread in microseconds, and its profiles. */
interface ThreadKind {
  readonly micros: number
  readonly threads: readonly ProfiledThread[]
}

/** The kernel's names of Node's threads, and the profiler's own. */
const MAIN = 'node-MainThread'
const WORKER = 'WorkerThread'
const ENGINE = 'node-V8Worker'
const POOL = 'libuv-worker'

/** The share of each step in each thread's time. */
export function stepTable(threads: readonly ProfiledThread[]): string {
  const rows = STEPS.map(step => {
    const cells = threads.map(({ times }) => right(share(times.steps.get(step) ?? 0, times.micros), 10))
    return `${step.padEnd(22)}${cells.join('')}`
  })
  const names = threads.map(({ name }) => right(name, 10)).join('')
  return `${'share of the time'.padEnd(22)}${names}\n${rows.join('\n')}\n`
}

/**
 * What of the CPU a record takes, by step: the samples tell in which step a thread was, the kernel how long it ran, so that waiting for a busy
 * core does not count. In the thread pool it is inflating, and the file calls are the rest.
 */
export function recordTable(
  threads: readonly ProfiledThread[],
  cpu: ReadonlyMap<string, CpuSeconds>,
  { cpuMicros: inflating }: PoolTimes,
  records: number,
): string {
  const microsOf = (kind: string) => ((cpu.get(kind)?.user ?? 0) + (cpu.get(kind)?.system ?? 0)) * 1e6
  const isMain = ({ name }: ProfiledThread) => name === 'main'
  const main = { micros: microsOf(MAIN), threads: threads.filter(isMain) }
  const workers = { micros: microsOf(WORKER), threads: threads.filter(thread => !isMain(thread)) }
  const steps = new Map<string, number[]>(STEPS.filter(step => step !== 'idle').map(step => [step, [0, 0, 0]]))
  for (const [column, kind] of [main, workers].entries()) {
    for (const [step, micros] of busyOf(kind)) steps.get(step)![column] = micros
  }
  steps.get('inflate')![2] = inflating
  steps.set('file calls', [0, 0, Math.max(0, microsOf(POOL) - inflating)])
  steps.set("V8's own threads", [0, 0, microsOf(ENGINE)])
  const all = [...steps.values()].flat().reduce((sum, micros) => sum + micros, 0)
  const rows = [...steps].map(([step, columns]) => {
    const sum = columns.reduce((total, micros) => total + micros, 0)
    const cells = [...columns, sum].map(micros => right((micros / records).toFixed(2), 10))
    return `${step.padEnd(22)}${cells.join('')}${right(share(sum, all), 10)}`
  })
  const heads = ['main', 'workers', 'pools', 'all', 'share'].map(head => right(head, 10))
  return [
    `${'CPU, µs a record'.padEnd(22)}${heads.join('')}`,
    ...rows,
    `${'all'.padEnd(52)}${right((all / records).toFixed(2), 10)}\n`,
  ].join('\n')
}

/** CPU time of the steps of one kind of thread. */
function busyOf({ micros, threads }: ThreadKind): Map<string, number> {
  const samples = new Map<string, number>()
  for (const { times } of threads) {
    for (const [step, took] of times.steps) if (step !== 'idle') samples.set(step, (samples.get(step) ?? 0) + took)
  }
  const all = [...samples.values()].reduce((sum, took) => sum + took, 0)
  return new Map([...samples].map(([step, took]) => [step, (took / all) * micros]))
}

export function cpuTable(cpu: ReadonlyMap<string, CpuSeconds>, wallMicros: number): string {
  const rows = [...cpu]
    .filter(([, { user, system }]) => user + system > 0)
    .toSorted(([, a], [, b]) => b.user + b.system - a.user - a.system)
    .map(
      ([name, { user, system }]) =>
        `${name.padEnd(22)}${right(user.toFixed(2), 10)}${right(system.toFixed(2), 10)}${right(share((user + system) * 1e6, wallMicros), 12)}`,
    )
  const heads = `${right('program', 10)}${right('kernel', 10)}${right('of a core', 12)}`
  return [`${'CPU of threads, s'.padEnd(22)}${heads}`, ...rows, ''].join('\n')
}

/** @returns work in the thread pool and calls that were waited for, the longest first */
export function fileTable({ work, files }: PoolTimes, records: number, wallMicros: number): string {
  const rows = [
    ...[...work].map(([name, times]) => [`${name}, in the pool`, times] as const),
    ...[...files].map(([name, times]) => [`${name}, until seen`, times] as const),
  ]
    .toSorted(([, a], [, b]) => b.micros - a.micros)
    .filter(([, { micros }]) => micros > wallMicros / 1000)
  return [
    `${'thread pool'.padEnd(22)}${right('calls', 10)}${right('ms a call', 11)}${right('in flight', 11)}${right('µs a record', 14)}`,
    ...rows.map(
      ([name, { calls, micros }]) =>
        `${name.padEnd(22)}${right(calls, 10)}${right((micros / calls / 1000).toFixed(2), 11)}${right((micros / wallMicros).toFixed(2), 11)}${right((micros / records).toFixed(2), 14)}`,
    ),
    '',
  ].join('\n')
}

export function functionTable({ name, times }: ProfiledThread, most: number): string {
  const rows = [...times.functions]
    .filter(([label]) => label !== '(idle)')
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, most)
  const busy = times.micros - (times.functions.get('(idle)') ?? 0)
  return [
    `${name}: functions by their own time, of ${share(busy, times.micros)} that it works`,
    ...rows.map(([label, micros]) => `${right(share(micros, busy), 9)}  ${label}`),
    '',
  ].join('\n')
}
