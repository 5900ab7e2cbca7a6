import { join } from 'node:path'
import { type Config, loadConfig } from '../config.ts'
import type { Request } from '../control/protocol.ts'
import { deadLettersFolder } from '../data-settings.ts'
import { registry } from '../datasets/index.ts'
import type { LetterFilter } from '../delivery/dead-letter-filter.ts'
import { sinksWithLetters } from '../delivery/dead-letter-store.ts'
import { type LetterGroup, showLast, summarize } from '../delivery/dead-letter-summary.ts'
import { UsageError } from '../errors.ts'
import { createRowText } from './dead-letter-text.ts'
import { type FilterOptions, filterOf, limitOf } from './letter-options.ts'
import { printOutcomes } from './outcomes.ts'
import { print } from './print.ts'
import { runRequest } from './run-request.ts'
import { tellSystemErrors } from './system-error.ts'
import { tableText } from './table.ts'

export type DeadLettersCommand = 'list' | 'show' | 'redrive' | 'discard'

export interface DeadLettersOptions extends FilterOptions {
  readonly sink?: string
  /** Of show. */
  readonly limit?: string
  /** Of discard: no condition is needed. */
  readonly all?: boolean
  /** JSON on a terminal as well. */
  readonly json?: boolean
}

/** What was set aside, by sink: counts it, shows it, sends it again or throws it away. Results on standard output. */
export async function deadLetters(
  env: Readonly<Record<string, string | undefined>>,
  command: DeadLettersCommand,
  options: DeadLettersOptions,
): Promise<void> {
  const datasets = registry.map(dataset => dataset.name)
  const filter = filterOf(options, datasets, Date.now())
  const limit = limitOf(options.limit)
  const { config } = loadConfig(env, datasets)
  const { sink } = options
  const asJson = options.json === true || process.stdout.isTTY !== true
  const saysWhich = options.all === true || sink !== undefined || Object.keys(filter).length > 0
  await tellSystemErrors(async () => {
    switch (command) {
      case 'list':
        return list(config, await sinksToRead(config, sink), filter, asJson)
      case 'show':
        return show(config, await sinksToRead(config, sink), filter, limit, asJson)
      case 'discard':
        if (!saysWhich) throw new UsageError(SAY_WHICH)
        return change(config, datasets, { command, ...(sink === undefined ? {} : { sink }), filter }, asJson)
      case 'redrive':
        return change(config, datasets, { command, ...(sink === undefined ? {} : { sink }), filter }, asJson)
    }
  })
}

const SAY_WHICH = 'Say which: --sink, --reason, --dataset, --since, --until, --id, or --all for every dead letter.'

async function change(
  config: Config,
  datasets: readonly string[],
  request: Exclude<Request, { command: 'replay' }>,
  asJson: boolean,
): Promise<void> {
  const present = await sinksWithLetters(deadLettersFolder(config))
  const ran = await runRequest(config, datasets, request)
  await printOutcomes(ran, asJson)
  const left = present.filter(name => !ran.outcomes.some(outcome => outcome.sink === name))
  if (
    request.command === 'redrive' &&
    request.sink === undefined &&
    left.length > 0 &&
    process.exitCode === undefined
  ) {
    const sentence = `The dead letters of ${left.join(', ')} stay: SINKS does not name ${left.length === 1 ? 'it' : 'them'}.`
    if (ran.outcomes.length === 0) throw new UsageError(sentence)
    process.stderr.write(`${sentence}\n`)
  } else if (ran.outcomes.length === 0) process.stderr.write('There are no such dead letters.\n')
}

async function sinksToRead(config: Config, sink: string | undefined): Promise<readonly string[]> {
  const present = await sinksWithLetters(deadLettersFolder(config))
  if (sink === undefined) return present
  if (present.includes(sink)) return [sink]
  if ((config.sinks as readonly string[]).includes(sink)) return []
  throw new UsageError(`There is no sink ${sink}; SINKS names ${config.sinks.join(', ')}.`)
}

async function list(config: Config, sinks: readonly string[], filter: LetterFilter, asJson: boolean): Promise<void> {
  const groups: (LetterGroup & { readonly sink: string })[] = []
  for (const sink of sinks) {
    const summary = await summarize(join(deadLettersFolder(config), sink), filter)
    groups.push(...summary.groups.map(group => ({ sink, ...group })))
    if (summary.underWay > 0) {
      process.stderr.write(
        `${sink}: a redrive was broken off or is at work; more rows are on their way to the spool (${summary.underWay} files).\n`,
      )
    }
  }
  if (groups.length === 0) process.stderr.write('There are no such dead letters.\n')
  else if (asJson) for (const group of groups) await print(`${JSON.stringify(group)}\n`)
  else {
    const head = ['SINK', 'REASON', 'DATASET', 'ROWS', 'LINES', 'BYTES', 'OLDEST', 'NEWEST']
    const cells = groups.map(({ sink, reason, dataset, rows, lines, bytes, oldest = '-', newest = '-' }) => [
      sink,
      reason,
      dataset,
      rows,
      lines,
      bytes,
      oldest,
      newest,
    ])
    await print(tableText(head, cells))
  }
}

async function show(
  config: Config,
  sinks: readonly string[],
  filter: LetterFilter,
  limit: number,
  asJson: boolean,
): Promise<void> {
  const text = createRowText()
  for (const sink of sinks) {
    await showLast(join(deadLettersFolder(config), sink), filter, limit, (bytes, isEnd) =>
      print(asJson ? bytes : text(bytes, isEnd)),
    )
  }
}
