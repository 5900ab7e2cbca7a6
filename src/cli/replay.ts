import { loadConfig } from '../config.ts'
import { registry } from '../datasets/index.ts'
import { UsageError } from '../errors.ts'
import type { SinkName } from '../settings.ts'
import { timeOf } from './letter-options.ts'
import { printOutcomes } from './outcomes.ts'
import { runRequest } from './run-request.ts'

export interface ReplayOptions {
  readonly sink: string
  readonly since?: string
  readonly until?: string
  /** JSON on a terminal as well. */
  readonly json?: boolean
}

/** Whether a sink leaves out the events that are at the other side already. */
const KNOWS_IDS: Readonly<Record<SinkName, boolean>> = { file: false, stdout: false, elasticsearch: true, http: false }

/** Has kept batches mapped and delivered once more to one sink. */
export async function replay(env: Readonly<Record<string, string | undefined>>, options: ReplayOptions): Promise<void> {
  const datasets = registry.map(dataset => dataset.name)
  const now = Date.now()
  const since = timeOf('--since', options.since, now)
  const until = timeOf('--until', options.until, now)
  const { sink } = options
  if (!isSink(sink)) {
    throw new UsageError(`There is no sink ${sink}; the sinks are ${Object.keys(KNOWS_IDS).join(', ')}.`)
  }
  const { config } = loadConfig(env, datasets)
  const limits = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) }
  const ran = await runRequest(config, datasets, { command: 'replay', sink, ...limits })
  await printOutcomes(ran, options.json === true || process.stdout.isTTY !== true)
  for (const outcome of ran.outcomes) {
    if (outcome.command !== 'replay') continue
    if (outcome.batches === 0) process.stderr.write(`${outcome.keeps ? NONE_FITS : NONE_KEPT}\n`)
    else if (!KNOWS_IDS[sink]) {
      process.stderr.write(`${sink} knows no ids: events that are still there are there once more.\n`)
    }
  }
}

const isSink = (name: string): name is SinkName => Object.hasOwn(KNOWS_IDS, name)

const NONE_KEPT = 'No delivered batch is kept: SPOOL_KEEP_BYTES is 0.'
const NONE_FITS = 'No batch that is kept was stored in that time, or each waits for this replay already.'
