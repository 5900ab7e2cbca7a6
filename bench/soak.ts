/**
 * `npm run soak -- [--minutes 10] [--seed 1]`: the service under everything that can go wrong at once; every line that was acknowledged is
 * looked for at every sink. `--quiet`: half of the load that the machine bears, without faults; heap and file descriptors have to
 * stay flat. Exit 1 on a violation. A signal ends it early, what was done is judged, and the
 * command for the rest of the time is printed: each run stands for itself, so their figures can be added.
 */
import { Command, InvalidArgumentError } from 'commander'
import { soak } from './soak/conservation.ts'
import { soakQuietly } from './soak/quiet.ts'
import { soakTable } from './soak/table.ts'

const amount = (text: string): number => {
  if (!/^\d{1,9}(\.\d{1,3})?$/.test(text)) throw new InvalidArgumentError('A number is expected.')
  return Number(text)
}

const { minutes, seed, quiet } = new Command('soak')
  .option('--minutes <number>', 'how long', amount, 10)
  .option(
    '--seed <number>',
    'repeats the same faults and batches, as far as processes keep time',
    amount,
    Date.now() % 1_000_000,
  )
  .option('--quiet', 'without faults')
  .parse()
  .opts<{ minutes: number; seed: number; quiet?: boolean }>()

if (quiet === true) process.exitCode = (await soakQuietly(minutes * 60)) ? 0 : 1
else {
  let interruptedAt: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interruptedAt ??= performance.now()
    })
  }
  process.stderr.write(`Soak of ${minutes} minutes, seed ${seed}.\n`)
  const began = performance.now()
  const report = await soak({
    seed,
    minutes,
    isInterrupted: () => interruptedAt !== undefined,
    onProgress: text => process.stderr.write(`${text}\n`),
  })
  process.stdout.write(soakTable(report))
  for (const violation of report.violations) process.stderr.write(`${violation}\n`)
  if (report.violations.length > 0) process.stderr.write(`Seed ${seed}.\n`)
  const left = interruptedAt === undefined ? 0 : Math.ceil(minutes - (interruptedAt - began) / 60_000)
  if (left > 0) process.stdout.write(`npm run soak -- --minutes ${left} --seed ${seed + 1} goes on.\n`)
  process.exitCode = report.violations.length > 0 ? 1 : 0
}
