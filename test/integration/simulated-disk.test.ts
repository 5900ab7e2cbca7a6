import { expect, test } from 'vitest'
import { callsOfStory, FAULTS, failAtCall } from '../simulation/each-call.ts'
import { crashAtEachCall, ENDINGS, wordsOf } from '../simulation/exhaustive.ts'
import { failureOf, SEQUENCES_A_SEED } from '../simulation/sequences.ts'

const SEQUENCES = 10_000

test('10,000 random sequences with crashes and faults keep the promise', async () => {
  const failures: string[] = []
  for (let seed = 100_000; seed < 100_000 + SEQUENCES / SEQUENCES_A_SEED; seed++) {
    const failure = await failureOf(seed)
    if (failure !== undefined) failures.push(failure)
  }
  expect(failures).toEqual([])
})

test('a crash at each call of every sequence of up to three commands keeps the promise', async () => {
  let crashes = 0
  for (const letters of [1, 2, 3]) for (const word of wordsOf(letters)) crashes += await crashAtEachCall(word, ENDINGS)
  expect(crashes).toBeGreaterThan(3_000)
})

test('every error of every call is survived', async () => {
  const calls = await callsOfStory()
  for (let at = 0; at < calls; at++) for (const fault of FAULTS) await failAtCall(at, fault, at % 2 === 0 ? 0 : 3000)
})
