import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { callsOfStory, FAULTS, failAtCall } from './each-call.ts'
import { crashAtEachCall, ENDINGS, wordsOf } from './exhaustive.ts'
import { failureOf, SEQUENCES_A_SEED } from './sequences.ts'

/**
 * `npm run simulate -- --runs 200000 --seed 1`: sequences that follow from the seeds, from this one on. Where it was is kept in a file,
 * and the same command goes on there. A seed that fails is printed with the smallest sequence that does, and kept in failures.json, which
 * the tests run from then on. `--letters 5`: all words of up to so many letters instead; `--calls`: every call with every fault; `--trace`: each call of the smallest sequence of this seed that fails.
 * When zlib's threads are done follows from no seed: a sequence with compression may fail in some runs only.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    letters: { type: 'string' },
    calls: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '40' },
    trace: { type: 'boolean', default: false },
  },
})
const FAILURES = join(import.meta.dirname, 'failures.json')
const began = performance.now()
const isLate = () => performance.now() - began > Number(values.minutes) * 60_000
const seconds = () => ((performance.now() - began) / 1000).toFixed(0)
process.on('unhandledRejection', error => {
  process.stdout.write(`an unhandled rejection: ${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
})

/** Goes on where the same command was; answers with whether all is done. */
async function steps(name: string, count: number, step: (index: number) => Promise<void>): Promise<void> {
  const place = join(tmpdir(), `simulate-${name}.json`)
  let done = existsSync(place) ? Number(readFileSync(place, 'utf8')) : 0
  const first = done
  for (; done < count && !isLate(); done++) {
    await step(done)
    if (done % 20 === 0) writeFileSync(place, `${done}`)
  }
  writeFileSync(place, `${done >= count ? 0 : done}`)
  const rest = done < count ? `; the same command goes on at ${done} of ${count}` : ''
  process.stdout.write(`${name}: ${done - first} done in ${seconds()} s${rest}\n`)
}

function keep(seed: number, text: string): void {
  const known: number[] = JSON.parse(readFileSync(FAILURES, 'utf8'))
  if (!known.includes(seed)) writeFileSync(FAILURES, `${JSON.stringify([...known, seed])}\n`)
  process.stdout.write(`${text}\n`)
  process.exitCode = 1
}

const tell = (error: unknown): number => {
  process.stdout.write(`${(error as Error).message}: ${(error as Error).cause}\n`)
  process.exitCode = 1
  return 0
}

if (values.trace) {
  const failure = await failureOf(Number(values.seed), SEQUENCES_A_SEED, text => void process.stdout.write(`${text}\n`))
  process.stdout.write(`${failure ?? 'all is well'}\n`)
} else if (values.calls) {
  const calls = await callsOfStory()
  await steps('every-call', calls, async at => {
    for (const fault of FAULTS)
      for (const lastsMs of [0, 3000]) await failAtCall(at, fault, lastsMs).catch(error => void tell(error))
  })
} else if (values.letters !== undefined) {
  const words = Array.from({ length: Number(values.letters) }, (_, index) => [...wordsOf(index + 1)]).flat()
  let crashes = 0
  await steps(`words-${values.letters}`, words.length, async index => {
    crashes += await crashAtEachCall(words[index]!, ENDINGS).catch(tell)
  })
  process.stdout.write(`${crashes} crashes\n`)
} else {
  const first = Number(values.seed)
  await steps(`seeds-${first}`, Math.ceil(Number(values.runs) / SEQUENCES_A_SEED), async index => {
    const failure = await failureOf(first + index)
    if (failure !== undefined) keep(first + index, failure)
  })
}
