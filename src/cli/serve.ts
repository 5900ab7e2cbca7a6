import { join, relative } from 'node:path'
import closeWithGrace from 'close-with-grace'
import pino from 'pino'
import { adminTokens, peersOf, tlsFiles } from '../access-settings.ts'
import { buildApp } from '../app.ts'
import { type Config, loadConfig } from '../config.ts'
import { registry } from '../datasets/index.ts'
import { createKeyring } from '../http/keys.ts'
import { readTls } from '../http/tls.ts'
import { namingOf } from '../make-sink.ts'
import { targetOf } from '../templates/naming.ts'
import { ensureKeysFile, type FirstKey } from './first-key.ts'
import { greetingText } from './greeting.ts'
import { sinkProblems } from './sink-problems.ts'

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
    return `in ${targetOf(namingOf(config), '<dataset>')} at ${origins(config.elasticsearchUrl)}`
  if (sink === 'http') return `at ${origins(config.httpUrl)}`
  const dir = relative(process.cwd(), config.fileDir as string)
  return `${dir.startsWith('..') ? config.fileDir : dir}/<dataset>/*.ndjson`
}

/** The path of a URL may be what lets in. */
const origins = (urls: readonly string[]) => urls.map(url => new URL(url).origin).join(', ')

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
  const silent = pino({ enabled: false })
  const { intakeKeys: keys, intakeKeysFile: file } = config
  if ((keys === undefined) !== (file === undefined)) {
    attempt(() => createKeyring({ keys, file, datasets, log: silent }).close())
  }
  if (config.adminToken === undefined || config.adminTokenFile === undefined)
    attempt(() => adminTokens(config, silent)?.close())
  attempt(() => peersOf(config, silent).close())
  const files = tlsFiles(config)
  if (files !== undefined) attempt(() => readTls(files))
  return [...problems, ...sinkProblems(config)]
}

/** A wildcard address is where the service listens, not where it is called. */
function reachable(url: string): string {
  return url.replace('://0.0.0.0:', '://127.0.0.1:').replace('://[::]:', '://[::1]:')
}
