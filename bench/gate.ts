/**
 * `npm run bench:gate [-- --report | --write]`: the speed now against that of the last release, both as ratios to the yardstick. Exit 1 when one of
 * them is slower by a tenth. --report only tells, after fewer rounds; --write makes what is measured now the last release's (bench/released.json).
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compare, type Measured, verdictText } from './gate/compare.ts'
import { measure } from './gate/measure.ts'

const LIMIT = 0.1
const FILE = join(import.meta.dirname, 'released.json')

interface Released extends Measured {
  readonly version: string
}

const { values: options } = parseArgs({ options: { report: { type: 'boolean' }, write: { type: 'boolean' } } })
const read = <T>(path: string) => JSON.parse(readFileSync(path, 'utf8')) as T

const now = await measure(options.report ?? false)
if (options.write) {
  const { version } = read<{ version: string }>(join(import.meta.dirname, '../package.json'))
  writeFileSync(FILE, `${JSON.stringify({ version, ...now }, null, 2)}\n`)
  console.log(`${FILE} has the figures of ${version} now.`)
} else {
  const released = read<Released>(FILE)
  const verdicts = compare(released, now, LIMIT)
  console.log(
    `${'to the yardstick'.padEnd(16)}${released.version.padStart(8)}${'now'.padStart(8)}${'speed'.padStart(10)}`,
  )
  for (const verdict of verdicts) console.log(verdictText(verdict))
  const failed = verdicts.filter(({ fails }) => fails)
  if (failed.length > 0)
    console.log(`Slower by ${LIMIT * 100} % or more: ${failed.map(({ name }) => name).join(', ')}.`)
  if (failed.length > 0 && !options.report) process.exitCode = 1
}
