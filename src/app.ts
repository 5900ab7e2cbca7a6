import { availableParallelism } from 'node:os'
import type { Logger } from 'pino'
import { adminTokens, peersOf, tlsFiles } from './access-settings.ts'
import type { Config } from './config.ts'
import { createOperations } from './control/operations.ts'
import { startControl } from './control/server.ts'
import { deadLettersFolder, spoolSettings } from './data-settings.ts'
import { registry } from './datasets/index.ts'
import { createDeadLetterStore } from './delivery/dead-letter-store.ts'
import { createDrain, type Drain } from './delivery/drain.ts'
import { createLedger } from './delivery/ledger.ts'
import { createPool } from './delivery/pool.ts'
import { createAdmin } from './http/admin.ts'
import { createIntake } from './http/intake.ts'
import { createKeyring } from './http/keys.ts'
import { closeListener, listen, openSockets } from './http/listener.ts'
import { isNetworkSink, makeSink } from './make-sink.ts'
import { encodeSettings, mapperSettings } from './mapping-settings.ts'
import { createMetrics } from './metrics.ts'
import { createDiskSpool } from './spool/disk.ts'
import type { Recovered } from './spool/spool.ts'

/** For one attempt of a sink over the network: after an outage delivery goes on within this and the longest pause. */
const WRITE_TIMEOUT_MS = 30_000

export interface AppDeps {
  readonly log: Logger
  readonly version: string
  /** Where the keys are when the settings name none: asked once, under the lock of the data folder. */
  readonly keysFile: () => Promise<string>
  /** A fault of the program that no retry mends: the process should end, so that a new one goes on from the spool. */
  readonly onFault: (error: unknown) => void
}

export interface Listening {
  readonly url: string
  readonly adminUrl: string
}

/** The service, wired. One start, one stop. */
export interface App {
  /** Resolves when both listeners take requests. Throws StartError; nothing is left open then. */
  start(): Promise<Listening>
  /** Accepts no more, finishes what is in hand within SHUTDOWN_SECONDS; waits for a start that is under way. Idempotent. */
  stop(): Promise<void>
}

export function buildApp(config: Config, { log, version, keysFile, onFault }: AppDeps): App {
  const datasets = registry.map(dataset => dataset.name)
  const metrics = createMetrics(config.sinks)
  const ledger = createLedger(metrics, config.sinks)
  const drains: Drain[] = []
  const spool = createDiskSpool({
    ...spoolSettings(config),
    onStored: ledger.stored,
    onSetAside(batch, waiting) {
      metrics.spoolSetAside.inc()
      for (const drain of drains) if (waiting.includes(drain.name)) drain.lost(batch, 'set aside by another sink')
    },
    log,
  })
  const startedAt = Date.now()
  /** What stop() closes, the newest first. */
  const closers: (() => unknown)[] = [() => metrics.close()]

  const refresh = () => {
    metrics.spoolBytes.set(spool.usage.bytes)
    metrics.spoolBatches.set(spool.usage.batches)
    metrics.keptBytes.set(spool.kept.bytes)
    for (const sink of config.sinks) metrics.spoolOldestAge.set({ sink }, spool.oldestAgeMs(sink) / 1000)
  }
  const status = () => ({
    version,
    uptimeSeconds: Math.round((Date.now() - startedAt) / 1000),
    accepting: spool.refusal() ?? 'yes',
    spool: spool.usage,
    kept: spool.kept,
    sinks: config.sinks.map(sink => ({
      name: sink,
      pendingLines: ledger.pending(sink),
      oldestBatchAgeSeconds: spool.oldestAgeMs(sink) / 1000,
    })),
  })

  const open = async (): Promise<Listening> => {
    const recovered = await spool.open()
    closers.push(() => spool.close())
    ledger.recovered(recovered)
    metrics.spoolSetAside.inc(recovered.setAside)

    const fromSettings = config.intakeKeys !== undefined || config.intakeKeysFile !== undefined
    const keyring = createKeyring({
      keys: config.intakeKeys,
      file: fromSettings ? config.intakeKeysFile : await keysFile(),
      datasets,
      log,
    })
    closers.push(() => keyring.close())

    const tokens = adminTokens(config, log)
    closers.push(() => tokens?.close())
    const peers = peersOf(config, log)
    closers.push(() => peers.close())

    const encode = encodeSettings(config)
    const pool = createPool({
      workers: config.workers || availableParallelism(),
      settings: { mapper: mapperSettings(config), encode },
      log,
    })
    closers.push(() => pool.close())
    const folder = deadLettersFolder(config)
    const oldest = new Map(config.sinks.map(sink => [sink as string, oldestFor(recovered, sink)]))
    const letters = createDeadLetterStore({
      folder,
      maxBytes: config.deadLettersMaxBytes,
      now: Date.now,
      oldestBatch: sink => oldest.get(sink),
    })
    const keeps = config.spoolKeepBytes > 0
    const operations = createOperations({
      spool,
      sinks: config.sinks,
      datasets,
      letters,
      folder,
      keeps,
      maxLineBytes: config.maxLineBytes,
      log,
    })
    await operations.recover()
    for (const [index, name] of config.sinks.entries()) {
      const sink = makeSink(name, config, log)
      drains.push(
        createDrain({
          sink,
          spool,
          pool,
          ledger,
          encode,
          metrics,
          log,
          deadLetters: letters.of(name),
          reportsLines: index === 0,
          ...(isNetworkSink(name) && { writeTimeoutMs: WRITE_TIMEOUT_MS }),
        }),
      )
      closers.push(() => sink.close())
    }
    const control = await startControl({ dir: config.dataDir, operations, log })
    closers.push(() => control.close())
    const intake = createIntake({
      spool,
      keyring,
      peers,
      metrics,
      log,
      datasets,
      limits: {
        maxBodyBytes: config.maxBodyBytes,
        maxInflatedBytes: config.maxInflatedBytes,
        maxInflateRatio: config.maxInflateRatio,
        bodyIdleMs: config.bodyIdleSeconds * 1000,
        maxJsonBytes: config.maxJsonBytes,
        maxReceiving: config.maxReceiving,
      },
      tls: tlsFiles(config),
    })
    const sockets = openSockets(intake)
    const admin = await createAdmin({ metrics, log, refusal: () => spool.refusal(), refresh, status, intake, tokens })
    closers.push(() => admin.close())
    const deadlineMs = config.shutdownSeconds * 1000
    closers.push(() =>
      Promise.all([
        closeListener(intake, sockets, deadlineMs).finally(() => spool.stopAccepting()),
        ...drains.map(drain => drain.stop(deadlineMs)),
      ]),
    )
    for (const drain of drains) drain.run().catch(onFault)
    return {
      adminUrl: await listen(admin, 'http', config.adminHost, config.adminPort, 'ADMIN_PORT'),
      url: await listen(intake, config.tlsCertFile ? 'https' : 'http', config.host, config.port, 'PORT'),
    }
  }

  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) {
      await Promise.try(close).catch(error => log.error({ err: error }, 'A part of the service did not close.'))
    }
  }

  let starting: Promise<Listening> | undefined
  let stopping: Promise<void> | undefined
  return {
    start() {
      starting ??= open().catch(async error => {
        await closeAll()
        throw error
      })
      return starting
    },
    stop() {
      const started = Promise.resolve(starting).then(
        () => {},
        () => {},
      )
      stopping ??= started.then(closeAll)
      return stopping
    },
  }
}

/** The oldest batch that comes again. */
const oldestFor = ({ batches }: Recovered, sink: string): string | undefined =>
  batches.find(({ sinks }) => sinks.includes(sink))?.batch.name
