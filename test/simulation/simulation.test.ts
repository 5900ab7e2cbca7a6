import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { callsOfStory, FAULTS, failAtCall } from './each-call.ts'
import { crashAtEachCall, ENDINGS, wordsOf } from './exhaustive.ts'
import { failureOf } from './sequences.ts'

/** A few of each, quickly; test/integration/simulated-disk.test.ts has all, and `npm run simulate` as many as one wants. */
describe('the spool and the file sink on a simulated disk', () => {
  const failed: number[] = JSON.parse(readFileSync(join(import.meta.dirname, 'failures.json'), 'utf8'))

  test.each(failed)('keep their promise in the sequences of seed %i, which failed once', async seed => {
    expect(await failureOf(seed)).toBeUndefined()
  })

  test('keep their promise after a crash at each call of short sequences', async () => {
    let crashes = 0
    for (const word of wordsOf(1)) crashes += await crashAtEachCall(word, ENDINGS)
    for (const word of wordsOf(2)) crashes += await crashAtEachCall(word, ENDINGS.slice(1, 2))
    expect(crashes).toBeGreaterThan(150)
  })

  test('keep their promise when a call fails, and are well 5 s after the disk is', async () => {
    const calls = await callsOfStory()
    for (let at = 0; at < calls; at += 17) await failAtCall(at, FAULTS[at % FAULTS.length]!, 3000)
    expect(calls).toBeGreaterThan(300)
  })
})
