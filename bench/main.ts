/**
 * `npm run bench [-- --json] [-- --quick] [-- --only NAME,NAME]`: in one run all figures of docs/benchmarks.md. With --json they go to standard
 * output for programs and the tables to standard error. Figures of different runs or machines are not comparable; ratios are.
 */
import { availableParallelism, cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { type Result, tableHead, tableRow } from './report.ts'
import type { Line, Scale } from './rows/family.ts'
import { families } from './rows/index.ts'

const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
})
const say = (line: string) => (options.json ? process.stderr : process.stdout).write(`${line}\n`)
const QUICK: Scale = { rounds: 3, seconds: 1, warmUpSeconds: 1, quick: true }
const FULL: Scale = { rounds: 5, seconds: 3, warmUpSeconds: 3, quick: false }

const wanted = options.only?.split(',')
const unknown = wanted?.filter(name => !families.some(family => family.name === name)) ?? []
if (unknown.length > 0) {
  process.stderr.write(`No rows are called ${unknown.join(', ')}; there are ${families.map(f => f.name).join(', ')}.\n`)
  process.exit(2)
}

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 1024 ** 3),
  node: process.version,
}
say(
  `${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, Node ${machine.node}. Medians, in brackets least and most.`,
)

const result: Result = { machine, rounds: (options.quick ? QUICK : FULL).rounds, families: {} }
for (const family of families) {
  if (wanted !== undefined && !wanted.includes(family.name)) continue
  say(`\n${family.name}: ${family.title}\n${tableHead(family.columns)}`)
  const lines: Line[] = []
  for await (const line of family.measure(options.quick ? QUICK : FULL)) {
    lines.push(line)
    say(tableRow(line, family.columns))
  }
  result.families[family.name] = { title: family.title, columns: family.columns, lines }
}
if (options.json) process.stdout.write(`${JSON.stringify(result, null, 1)}\n`)
