import { accessSync, constants } from 'node:fs'
import { join, relative } from 'node:path'
import closeWithGrace from 'close-with-grace'
import pino from 'pino'
import { buildApp, tlsFiles } from '../app.ts'
import { type Config, loadConfig } from '../config.ts'
import { registry } from '../datasets/index.ts'
import { createKeyring } from '../http/keys.ts'
import { readTls } from '../http/tls.ts'
import { namingOf } from '../make-sink.ts'
import { parseHeaders } from '../sinks/http-headers.ts'
import { targetOf } from '../templates/naming.ts'
import { ensureKeysFile, type FirstKey } from './first-key.ts'
import { greetingText } from './greeting.ts'

/** npm and terminals signal the whole group, so that one stop can arrive twice. */
const SAME_SIGNAL_MS = 2000
/** On top of SHUTDOWN_SECONDS, for what must be closed after it. */
const CLOSE_MS = 10_000

/** Runs the service until a signal stops it. Resolves when it listens; throws ConfigError, StartError. */
export async function serve(env: Readonly<Record<string, string | undefined>>, version: string): Promise<void> {
  const datasets = registry.map(dataset => dataset.name)
  const { config, warnings } = loadConfig(env, datasets, found => problemsOfSecrets(found, datasets))
  const log = pino({ level: config.logLevel, base: null }, pino.destination({ dest: 2, sync: true }))
  for (const warning of warnings) log.warn(warning)

  let firstKey: FirstKey | undefined
  const keysFile = async () => {
    firstKey = await ensureKeysFile(config.dataDir)
    return firstKey.file
  }
  const onFault = (error: unknown) => {
    queueMicrotask(() => {
      throw error
    })
  }
  const app = buildApp(config, { log, version, keysFile, onFault })
  stopOnSignal(config, app.stop, log)
  const listening = await app.start()

  if (firstKey?.newKey !== undefined || process.stderr.isTTY) {
    process.stderr.write(
      greetingText({
        ...listening,
        url: reachable(listening.url),
        publicUrl: config.publicUrl,
        keysFile: firstKey?.file ?? config.intakeKeysFile,
        newKey: firstKey?.newKey,
        sampleFile: join(import.meta.dirname, '../../examples/audit-logs.ndjson.gz'),
        sinks: config.sinks.map(sink => whereEventsAppear(sink, config)),
        terminal: process.stderr.isTTY === true,
        cwd: process.cwd(),
      }),
    )
  }
  log.info({ ...listening, sinks: config.sinks, dataDir: config.dataDir }, 'The service takes batches.')
}

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

function stopOnSignal(config: Config, stop: () => Promise<void>, log: pino.Logger): void {
  const grace = closeWithGrace(
    { delay: config.shutdownSeconds * 1000 + CLOSE_MS, logger: log, skip: [...STOP_SIGNALS, 'beforeExit'] },
    async ({ err }) => {
      if (err) log.fatal({ err }, 'A fault of the program: the service stops. What was acknowledged is on the disk.')
      await stop()
      log.info('The service has stopped.')
    },
  )
  let signalledAt: number | undefined
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (signalledAt === undefined) {
        signalledAt = Date.now()
        log.info({ signal }, 'The service stops.')
        grace.close()
      } else if (Date.now() - signalledAt > SAME_SIGNAL_MS) {
        log.warn({ signal }, 'A second signal: the service ends at once. What was acknowledged is on the disk.')
        process.exit(1)
      }
    })
  }
}

function whereEventsAppear(sink: string, config: Config): string {
  if (sink === 'stdout') return 'on standard output'
  if (sink === 'elasticsearch')
    return `in ${targetOf(namingOf(config), '<dataset>')} at ${config.elasticsearchUrl.join(', ')}`
  if (sink === 'http') return `at ${config.httpUrl.join(', ')}`
  const dir = relative(process.cwd(), config.fileDir as string)
  return `${dir.startsWith('..') ? config.fileDir : dir}/<dataset>/*.ndjson`
}

const FILES_OF_SINKS = [
  'elasticsearchApiKeyFile',
  'elasticsearchPasswordFile',
  'elasticsearchCaFile',
  'elasticsearchCertFile',
  'elasticsearchKeyFile',
  'httpHeadersFile',
  'httpCaFile',
  'httpCertFile',
  'httpKeyFile',
] as const

/** The keys and TLS files are read here once only to name what is wrong with them beside the other problems. */
function problemsOfSecrets(config: Config, datasets: readonly string[]): string[] {
  const problems: string[] = []
  const attempt = (use: () => void) => {
    try {
      use()
    } catch (error) {
      problems.push((error as Error).message)
    }
  }
  const { intakeKeys: keys, intakeKeysFile: file } = config
  if ((keys === undefined) !== (file === undefined)) {
    attempt(() => createKeyring({ keys, file, datasets, log: pino({ enabled: false }) }).close())
  }
  const files = tlsFiles(config)
  if (files !== undefined) attempt(() => readTls(files))
  for (const problem of parseHeaders(config.httpHeaders ?? '').problems) problems.push(`HTTP_HEADERS: ${problem}.`)
  for (const name of FILES_OF_SINKS) {
    const path = config[name]
    if (path !== undefined) attempt(() => accessSync(path, constants.R_OK))
  }
  return problems
}

/** A wildcard address is where the service listens, not where it is called. */
function reachable(url: string): string {
  return url.replace('://0.0.0.0:', '://127.0.0.1:').replace('://[::]:', '://[::1]:')
}
