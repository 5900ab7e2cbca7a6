import pino from 'pino'
import type { Config } from '../config.ts'
import { askControl } from '../control/client.ts'
import { checkSink, createOperations } from '../control/operations.ts'
import { isRequest, type Outcome, type Progress, type Request } from '../control/protocol.ts'
import { deadLettersFolder, spoolSettings } from '../data-settings.ts'
import { createDeadLetterStore, sinksWithLetters } from '../delivery/dead-letter-store.ts'
import type { Log } from '../delivery/log.ts'
import { UsageError } from '../errors.ts'
import { createDiskSpool } from '../spool/disk.ts'
import { createLock } from '../spool/lock.ts'
import { checkDataFolder } from './data-folder.ts'
import { tellSystemErrors } from './system-error.ts'

export interface Ran {
  readonly outcomes: readonly Outcome[]
  /** False where the service is stopped, so that this process did it. */
  readonly byService: boolean
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Has a request done by whoever may: the service that holds the data folder, or this process where none does.
 *
 * @throws StartError, UsageError
 */
export async function runRequest(config: Config, datasets: readonly string[], request: Request): Promise<Ran> {
  const { sink } = request
  // Other options are checked where they are read.
  if (!isRequest(request)) throw new UsageError(`There is no sink ${sink}.`)
  const progress = showProgress()
  try {
    const answer = await askControl({ dir: config.dataDir, request, onProgress: progress.show })
    if (answer !== 'nobody') return { outcomes: answer, byService: true }
    const outcomes = await tellSystemErrors(() => runHere(config, datasets, request, progress.show))
    return { outcomes, byService: false }
  } finally {
    progress.end()
  }
}

async function runHere(
  config: Config,
  datasets: readonly string[],
  request: Request,
  onProgress: (progress: Progress) => void,
): Promise<readonly Outcome[]> {
  const { sinks } = config
  const folder = deadLettersFolder(config)
  await checkDataFolder(config.dataDir)
  // Before anything is opened: settings of another service must not touch this one's spool.
  if (request.command !== 'discard' && request.sink !== undefined) checkSink(request.sink, sinks)
  if (request.command !== 'replay') {
    const present = await sinksWithLetters(folder)
    if (request.sink !== undefined && !present.includes(request.sink)) checkSink(request.sink, sinks)
    const isFor = (sink: string) => request.command === 'discard' || (sinks as readonly string[]).includes(sink)
    if (!present.some(isFor)) return []
  }

  const log = pino({ level: 'warn', base: null }, pino.destination({ dest: 2, sync: true }))
  const letters = createDeadLetterStore({
    folder,
    maxBytes: config.deadLettersMaxBytes,
    now: Date.now,
    oldestBatch: () => undefined,
  })
  const keeps = config.spoolKeepBytes > 0
  const held = await (request.command === 'discard' ? holdFolder(config) : openSpool(config, log))
  const stopped = stopOnSignal()
  try {
    const { maxLineBytes } = config
    const deps = { spool: held.spool, sinks, datasets, letters, folder, keeps, maxLineBytes, log }
    const operations = createOperations(deps)
    return await operations.run(request, onProgress, stopped.signal)
  } finally {
    stopped.off()
    await held.close()
  }
}

/** Rows are discarded without the spool, so a discard needs no settings of sinks. */
async function holdFolder({ dataDir }: Config) {
  const lock = await createLock(dataDir)
  return { spool: undefined, close: () => lock.release() }
}

async function openSpool(config: Config, log: Log) {
  const spool = createDiskSpool({
    ...spoolSettings(config),
    forCommand: true,
    onStored() {},
    log,
  })
  await spool.open()
  return { spool, close: () => spool.close() }
}

/** The first signal has the work broken off where it can be. */
function stopOnSignal() {
  const stopping = new AbortController()
  const stop = () => stopping.abort(new Error('It was broken off by a signal.'))
  for (const signal of STOP_SIGNALS) process.once(signal, stop)
  return {
    signal: stopping.signal,
    off() {
      for (const signal of STOP_SIGNALS) process.off(signal, stop)
    },
  }
}

function showProgress() {
  let shown = false
  return {
    show({ sink, rows }: Progress) {
      if (sink === undefined || rows === undefined || !process.stderr.isTTY) return
      shown = true
      process.stderr.write(`\r${sink}: ${rows.toLocaleString('en-US')} rows`)
    },
    end() {
      if (shown) process.stderr.write('\n')
    },
  }
}
