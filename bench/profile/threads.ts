import { readdirSync, readFileSync } from 'node:fs'

/** CPU seconds of the threads of one kind, in the program and in the kernel on its behalf. */
export interface CpuSeconds {
  readonly user: number
  readonly system: number
}

const TICKS_PER_SECOND = 100

/** CPU time of a process by the names of its threads (Linux). */
export function threadCpu(pid: number): Map<string, CpuSeconds> {
  const found = new Map<string, CpuSeconds>()
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const text = statOf(pid, task)
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'))
    // proc_pid_stat(5): fields 14 and 15 are utime and stime; the text behind the name begins with field 3.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const { user, system } = found.get(name) ?? { user: 0, system: 0 }
    found.set(name, {
      user: user + Number(fields[11] ?? 0) / TICKS_PER_SECOND,
      system: system + Number(fields[12] ?? 0) / TICKS_PER_SECOND,
    })
  }
  return found
}

export function cpuBetween(
  before: ReadonlyMap<string, CpuSeconds>,
  after: ReadonlyMap<string, CpuSeconds>,
): Map<string, CpuSeconds> {
  const none = { user: 0, system: 0 }
  return new Map(
    [...after].map(([name, { user, system }]) => {
      const was = before.get(name) ?? none
      return [name, { user: user - was.user, system: system - was.system }]
    }),
  )
}

/** A thread may have ended since it was listed. */
function statOf(pid: number, task: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8')
  } catch {
    return `0 (gone) ${'0 '.repeat(20)}`
  }
}
