import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type CpuProfile, timesOf } from '../../bench/profile/cpu-profile.ts'
import { recordTable } from '../../bench/profile/tables.ts'
import { poolTimesOf, type TraceEvent } from '../../bench/profile/trace.ts'

const urlOf = (path: string) => pathToFileURL(`${import.meta.dirname}/../../${path}`).href

/** Nodes in a row, each the child of the one before; times are those of the innermost functions sampled. */
function profileOf(stacks: readonly (readonly [name: string, url: string])[][]): CpuProfile {
  let id = 0
  const nodes: CpuProfile['nodes'][number][] = []
  const leaves = stacks.map(stack => {
    for (const [depth, [functionName, url]] of stack.entries()) {
      id++
      nodes.push({
        id,
        callFrame: { functionName, url, lineNumber: 4 },
        children: depth < stack.length - 1 ? [id + 1] : [],
      })
    }
    return id
  })
  return { nodes, startTime: 1000, samples: leaves, timeDeltas: leaves.map(() => 10) }
}

const ALL = { fromMicros: 0, toMicros: 1e9 }

describe('the profile of the service', () => {
  it('counts a native function for the first of its callers whose step is known', () => {
    const profile = profileOf([
      [
        ['run', urlOf('src/delivery/encode.ts')],
        ['mapRecord', urlOf('src/mapper/mapper.ts')],
        ['utf8Write', ''],
      ],
      [['(idle)', '']],
    ])
    const { steps, functions } = timesOf(profile, ALL)
    expect(Object.fromEntries(steps)).toEqual({ map: 10, idle: 0 })
    expect([...functions.keys()]).toEqual(['utf8Write', '(idle)'])
  })

  it('names own functions by file and line, and takes names of the language for no step', () => {
    const { steps, functions } = timesOf(
      profileOf([[['toString', urlOf('src/spool/disk.ts')]], [['constructor', '']]]),
      ALL,
    )
    expect([...functions.keys()]).toEqual(['toString src/spool/disk.ts:5', 'constructor'])
    expect([...steps.keys()]).toEqual(['spool', 'rest'])
  })

  it('takes only samples of the span', () => {
    const stack = [['(program)', ''] as const]
    const profile = profileOf([[...stack], [...stack], [...stack], [...stack]])
    expect(timesOf(profile, { fromMicros: 1020, toMicros: 1030 }).micros).toBe(10)
  })

  it('adds up calls that wait side by side and work that runs in threads, each from its begin to its own end', () => {
    const event = (ph: string, name: string, ts: number, more: Partial<TraceEvent>): TraceEvent => ({
      ph,
      name,
      ts,
      tid: 1,
      ...more,
    })
    const times = poolTimesOf(
      [
        event('b', 'fdatasync', 0, { id: '0x1' }),
        event('b', 'fdatasync', 5, { id: '0x2' }),
        event('B', 'zlib', 6, { tid: 7, tts: 100 }),
        event('E', 'zlib', 9, { tid: 7, tts: 102 }),
        event('e', 'fdatasync', 10, { id: '0x1' }),
        event('e', 'fdatasync', 25, { id: '0x2' }),
        event('b', 'write', 30, { id: '0x3' }),
        event('e', 'write', 2000, { id: '0x3' }),
      ],
      { fromMicros: 0, toMicros: 100 },
    )
    expect(Object.fromEntries(times.files)).toEqual({ fdatasync: { calls: 2, micros: 30 } })
    expect(Object.fromEntries(times.work)).toEqual({ zlib: { calls: 1, micros: 3 } })
    expect(times.cpuMicros).toBe(2)
  })

  it('divides what the kernel says that threads ran among the steps that the samples show', () => {
    const times = timesOf(
      profileOf([
        [['parse', urlOf('src/decode/record.ts')]],
        [['map', urlOf('src/mapper/mapper.ts')]],
        [['(idle)', '']],
      ]),
      ALL,
    )
    const table = recordTable(
      [{ name: 'worker 1', times }],
      new Map([['WorkerThread', { user: 3, system: 1 }]]),
      { work: new Map(), files: new Map(), cpuMicros: 0 },
      1_000_000,
    )
    expect(table).toMatch(/^parse +0\.00 +2\.00 +0\.00 +2\.00 +50\.0 %$/m)
    expect(table).toMatch(/^map +0\.00 +2\.00 +0\.00 +2\.00 +50\.0 %$/m)
  })
})
