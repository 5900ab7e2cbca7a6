/**
 * Sends requests that are wrong in every way to the running service: `npm run hostile -- --cases 200000 [--seed 1] [--minutes 40]`.
 * When the time is over it prints the command that goes on. A case that went wrong is printed with its number; `--only NUMBER` with the
 * same seed sends it alone. Exit 1 when one went wrong.
 */
import { parseArgs } from 'node:util'
import { hostile } from './hostile.ts'
import { verdict } from './verdict.ts'

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '50000' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '40' },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
  },
})
process.stdout.write('   cases   rss MiB   event loop p99 ms   went wrong\n')
const report = await hostile({
  cases: Number(values.cases),
  seed: Number(values.seed),
  from: Number(values.from),
  maxMs: Number(values.minutes) * 60_000,
  ...(values.only === undefined ? {} : { only: Number(values.only) }),
  onGroup({ cases, rssMiB, delayP99Ms, problems }) {
    if (cases % 5000 !== 0) return
    process.stdout.write(
      `${`${cases}`.padStart(8)}   ${rssMiB.toFixed(0).padStart(7)}   ${delayP99Ms.toFixed(1).padStart(17)}   ${`${problems}`.padStart(10)}\n`,
    )
  },
})
const { lines } = report
const rows: [string, string][] = [
  ['cases', `${report.cases} in ${report.seconds.toFixed(0)} s, seed ${report.seed}`],
  ['by family', shown(report.families)],
  ['by status', shown(report.statuses)],
  ['lines', `${lines.told} answered, ${lines.found} in the file sink, ${lines.untold} stored and not answered`],
  ['event loop p99, quiet', `${report.quietP99Ms.toFixed(1)} ms`],
  ['peak memory', `${report.peakMiB.toFixed(0)} MiB`],
]
for (const [name, value] of rows) process.stdout.write(`${name.padEnd(24)}${value}\n`)
for (const problem of report.problems) process.stdout.write(`${problem}\n`)
for (const { name, value, good } of verdict(report)) {
  process.stdout.write(`${name.padEnd(24)}${value}${good ? '' : '   MISSED'}\n`)
  if (!good) process.exitCode = 1
}

if (values.only === undefined && report.next < Number(values.cases)) {
  process.stdout.write(
    `npm run hostile -- --cases ${values.cases} --seed ${values.seed} --from ${report.next} goes on.\n`,
  )
}

function shown(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}
