import type { HostileReport } from './hostile.ts'

export interface Clause {
  readonly name: string
  readonly value: string
  readonly good: boolean
  /** Depends on the speed of the machine. */
  readonly timed?: boolean
}

const MEMORY_CAP_MIB = 768
/** How much more memory the last third may take than the one before it. */
const MOST_GROWTH = 1.3
const MOST_DELAY_MS = 50
/** Machines differ: a delay counts as missed only where it is also this many times that of good batches alone. */
const MOST_DELAY_TIMES = 5

/** Whether a run shows what it is there to show. */
export function verdict({ problems, groups, quietP99Ms, peakMiB }: HostileReport): Clause[] {
  const third = Math.floor(groups.length / 3)
  const most = (from: number, to: number) => Math.max(...groups.slice(from, to).map(group => group.rssMiB))
  const growth = third === 0 ? 1 : most(2 * third, groups.length) / most(third, 2 * third)
  const delays = groups.map(group => group.delayP99Ms).sort((a, b) => a - b)
  const worst = delays.at(-1) ?? 0
  const median = delays[Math.floor(delays.length / 2)] ?? 0
  const late = median > MOST_DELAY_MS && median > MOST_DELAY_TIMES * quietP99Ms
  return [
    { name: 'went wrong', value: `${problems.length}`, good: problems.length === 0 },
    { name: 'memory', value: `peak ${peakMiB.toFixed(0)} of ${MEMORY_CAP_MIB} MiB`, good: peakMiB < MEMORY_CAP_MIB },
    { name: 'memory growth', value: `${growth.toFixed(2)} times`, good: growth < MOST_GROWTH },
    {
      name: 'event loop p99',
      value: `median ${median.toFixed(1)} ms, worst group ${worst.toFixed(1)} ms, quiet ${quietP99Ms.toFixed(1)} ms`,
      good: !late,
      timed: true,
    },
  ]
}
