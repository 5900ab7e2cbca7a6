#!/usr/bin/env node
/** The command line: parses, calls one file of cli/, exits. The only file that reads the process's environment and arguments. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

const OK = 0
const FAILED = 1
const WRONG_USE = 2

const program = new Command('logpush-intake')
  .description('An HTTP intake for Cloudflare Logpush: durable before the 200, ECS events out.')
  .version(version)
  .exitOverride()
  .configureOutput({ writeErr: text => process.stderr.write(text) })

const dataset = () =>
  new Option('--dataset <name>', "the Logpush dataset of all lines; else each record's fields decide")

program
  .command('serve', { isDefault: true })
  .description('run the service; settings are environment variables')
  .argument('[none...]')
  .usage(' ')
  .allowUnknownOption()
  .action(async ([extra]: string[]) => {
    if (extra === undefined) return (await import('./cli/serve.ts')).serve(process.env, version)
    const { UsageError } = await import('./errors.ts')
    throw new UsageError(`Unknown ${extra.startsWith('-') ? 'option' : 'command'} ${extra}; see --help.`)
  })

program
  .command('map')
  .description('map NDJSON (plain or gzip) to one ECS event a line')
  .argument('[files...]', 'files to read; - or none is standard input')
  .addOption(dataset())
  .addOption(new Option('--profile <profile>', 'what an event holds').choices(['ecs', 'raw']))
  .action(async (files: string[], options: { dataset?: string; profile?: string }) =>
    (await import('./cli/map.ts')).map(process.env, files, options),
  )

program
  .command('detect')
  .description('tell which dataset each line is, and how sure that is')
  .argument('[files...]', 'files to read; - or none is standard input')
  .action(async (files: string[]) => (await import('./cli/detect.ts')).detect(process.env, files))

program
  .command('job')
  .description('print the Logpush job to make for a dataset')
  .requiredOption('--dataset <name>', 'the Logpush dataset')
  .option('--url <url>', 'the https URL of the intake; else PUBLIC_URL')
  .addOption(
    new Option('--format <format>', 'what to print').choices(['all', 'json', 'curl', 'terraform']).default('all'),
  )
  .action(async (options: { dataset: string; url?: string; format: 'all' | 'json' | 'curl' | 'terraform' }) =>
    (await import('./cli/job.ts')).job(process.env, options),
  )

const times = (command: Command) =>
  command
    .option('--since <time>', 'not before: RFC 3339, a date, or how long ago, such as 2h or 7d')
    .option('--until <time>', 'before it')

const deadLetters = program.command('dead-letters').description('what sinks refused for good, and why')
for (const [name, description] of [
  ['list', 'count it by sink, reason and dataset'],
  ['show', 'print it, the newest last'],
  ['redrive', 'send it again, after a fix'],
  ['discard', 'throw it away'],
] as const) {
  const command = deadLetters
    .command(name)
    .description(description)
    .option('--sink <name>', 'of one sink')
    .option('--reason <word>', 'with one reason')
    .addOption(new Option('--dataset <name>', 'of one dataset'))
    .option('--id <uuid>', 'one event')
    .option('--json', 'JSON on a terminal as well')
  times(command)
  if (name === 'show') command.option('--limit <count>', 'of each sink the newest; default 20')
  if (name === 'discard') command.option('--all', 'every dead letter')
  command.action(async (options: object) =>
    (await import('./cli/dead-letters.ts')).deadLetters(process.env, name, options),
  )
}

times(
  program
    .command('replay')
    .description('deliver kept batches (SPOOL_KEEP_BYTES) once more')
    .requiredOption('--sink <name>', 'the sink that gets them')
    .option('--from <batch>', 'those from this batch on, as an earlier replay told')
    .option('--json', 'JSON on a terminal as well'),
).action(async (options: { sink: string }) => (await import('./cli/replay.ts')).replay(process.env, options))

program
  .command('setup')
  .description('prepare the other side of a sink')
  .command('elasticsearch')
  .description('install index templates and lifecycle; settings are ELASTICSEARCH_*')
  .option('--print', 'only show what would be sent')
  .addOption(new Option('--server <kind>', 'of --print').choices(['elasticsearch', 'opensearch']))
  .option('--retention <days>', 'delete events after so many days, or keep them forever')
  .action(async (options: object) => (await import('./cli/setup.ts')).setup(process.env, options))

process.exitCode = await run()

async function run(): Promise<number> {
  try {
    await program.parseAsync()
    return Number(process.exitCode ?? OK)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? OK : WRONG_USE
    const { ConfigError } = await import('./config.ts')
    const { StartError, UsageError } = await import('./errors.ts')
    if (error instanceof ConfigError) {
      process.stderr.write(`Wrong settings:\n${error.problems.map(problem => `  ${problem}\n`).join('')}`)
      return WRONG_USE
    }
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n`)
      return WRONG_USE
    }
    if (error instanceof StartError) {
      process.stderr.write(`${error.message}\n`)
      return FAILED
    }
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    return FAILED
  }
}
