import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createGroup } from '../../src/lib/group.ts'

test('jobs that come while a group is at work form the next one, in their order', async () => {
  const groups: number[][] = []
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const run = createGroup<number, number>(async jobs => {
    groups.push([...jobs])
    await gates[groups.length - 1]?.promise
    return jobs.map(job => job * 10)
  })
  const results = [run(1), run(2), run(3)]
  await pause(0)
  expect(groups).toEqual([[1]])
  gates[0]?.resolve()
  expect(await results[0]).toBe(10)
  expect(groups).toEqual([[1], [2, 3]])
  results.push(run(4))
  gates[1]?.resolve()
  expect(await Promise.all(results)).toEqual([10, 20, 30, 40])
  expect(groups).toEqual([[1], [2, 3], [4]])
})

test('work that throws fails its own group only', async () => {
  let calls = 0
  const run = createGroup<number, number>(async jobs => {
    if (calls++ === 0) throw new Error('first')
    return [...jobs]
  })
  const outcomes = await Promise.allSettled([run(1), run(2), run(3)])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  expect(await run(4)).toBe(4)
})
