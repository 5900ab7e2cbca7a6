/**
 * Kills the service again and again under load and proves that nothing acknowledged is lost and nothing is delivered twice, in files
 * and in a store that knows ids: `npm run torture -- --kills 500 [--seed 1] [--minutes 40]`. Exit 1 on a violation. When the time is over what was
 * done is judged, and the command for the other kills is printed: each run stands for itself, so their figures can be added.
 */
import { Command, InvalidArgumentError } from 'commander'
import { torture, violationsOf } from '../bench/torture/torture.ts'

const whole = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A whole number is expected.')
  return Number(text)
}

const { kills, seed, minutes } = new Command('torture')
  .option('--kills <number>', 'how often the service is killed', whole, 500)
  .option('--seed <number>', 'repeats the same delays and batches', whole, Date.now() % 1_000_000)
  .option('--minutes <number>', 'no more kills after so long', whole, 40)
  .parse()
  .opts<{ kills: number; seed: number; minutes: number }>()

process.stderr.write(`Torture with ${kills} kills, seed ${seed}.\n`)
const report = await torture({
  kills,
  seed,
  maxMs: minutes * 60_000,
  onKill: done => {
    if (done % 20 === 0) process.stderr.write(`${done} kills\n`)
  },
})
const rows: [string, string | number][] = [
  ['kills', report.kills],
  ['batches acknowledged', report.acknowledgedBatches],
  ['lines acknowledged', report.acknowledgedLines],
  ['acknowledged and missing', report.missing],
  ['twice in the file sink', report.twice],
  ['missing in Elasticsearch', report.missingDocuments],
  ['twice in Elasticsearch', report.twiceDocuments],
  ['batches in part', report.partial],
  ['torn lines', report.torn],
  ['lines that nobody sent', report.unknown],
  ['stored, 200 lost by a kill', report.storedUnanswered],
  ['resent after delivered', report.resentAfterDelivered],
  ['sent again, known by id', report.conflicts],
  ['waited at the end', report.backlog],
  ['event files', report.files],
  ['median start', `${Math.round(report.medianStartMs)} ms`],
  ['slowest start', `${Math.round(report.slowestStartMs)} ms`],
]
for (const [name, value] of rows) process.stdout.write(`${name.padEnd(28)}${value}\n`)
if (report.kills < kills) {
  process.stdout.write(`npm run torture -- --kills ${kills - report.kills} --seed ${seed + 1} goes on.\n`)
}
const violations = violationsOf(report)
for (const violation of violations) process.stderr.write(`${violation}\n`)
process.exitCode = violations.length > 0 ? 1 : 0
