import { loadConfig } from '../config.ts'
import { registry } from '../datasets/index.ts'
import { UsageError } from '../errors.ts'
import type { SinkName } from '../settings.ts'
import { batchNameOf, timeOf } from './letter-options.ts'
import { printOutcomes } from './outcomes.ts'
import { runRequest } from './run-request.ts'

export interface ReplayOptions {
  readonly sink: string
  readonly since?: string
  readonly until?: string
  /** The name of a batch: those from it on. */
  readonly from?: string
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
  const from = batchNameOf('--from', options.from)
  const { sink } = options
  if (!isSink(sink)) {
    throw new UsageError(`There is no sink ${sink}; the sinks are ${Object.keys(KNOWS_IDS).join(', ')}.`)
  }
  const { config } = loadConfig(env, datasets)
  const limits = Object.fromEntries(Object.entries({ since, until, from }).filter(([, value]) => value !== undefined))
  const ran = await runRequest(config, datasets, { command: 'replay', sink, ...limits })
  await printOutcomes(ran, options.json === true || process.stdout.isTTY !== true)
  for (const outcome of ran.outcomes) {
    if (outcome.command !== 'replay') continue
    if (outcome.next !== undefined) {
      const times = Object.entries({ since, until }).map(([name, ms]) =>
        ms === undefined ? '' : ` --${name} ${new Date(ms).toISOString()}`,
      )
      process.stderr.write(
        `When the spool has room again, go on with: logpush-intake replay --sink ${sink} --from ${outcome.next}${times.join('')}\n`,
      )
    } else if (outcome.batches === 0 && !outcome.damaged)
      process.stderr.write(`${outcome.keeps ? NONE_FITS : NONE_KEPT}\n`)
    if (outcome.batches > 0 && !KNOWS_IDS[sink]) {
      process.stderr.write(`${sink} knows no ids: events that are still there are there once more.\n`)
    }
  }
}

const isSink = (name: string): name is SinkName => Object.hasOwn(KNOWS_IDS, name)

const NONE_KEPT = 'No delivered batch is kept: SPOOL_KEEP_BYTES is 0.'
const NONE_FITS = 'No batch that is kept was stored in that time, or each waits for this replay already.'
