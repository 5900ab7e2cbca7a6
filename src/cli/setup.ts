import { loadConfig } from '../config.ts'
import { registry } from '../datasets/index.ts'
import { RetryableError, StartError, UsageError } from '../errors.ts'
import { askBy, elasticsearchClient, namingOf } from '../make-sink.ts'
import { type Installed, installTemplates } from '../templates/install.ts'
import type { Naming } from '../templates/naming.ts'
import { type Ask, detectServer, LATEST, type Server, ServerError } from '../templates/server.ts'
import { type Retention, templatesFor } from '../templates/templates.ts'

export interface SetupOptions {
  readonly naming: Naming
  /** As given on the command line: days, or `forever`. Undefined leaves it as it is. */
  readonly retention?: string | undefined
  readonly eventIdField?: string | undefined
  /** Only show what would be sent, for a server of this kind. */
  readonly print?: boolean | undefined
  readonly server?: Server['kind'] | undefined
  readonly ask: Ask
  /** Results, and all else. */
  readonly write: (text: string) => void
  readonly warn: (text: string) => void
}

/** For all requests together. */
const SETUP_MS = 300_000
/** Thousands of years are no date for a server. */
const MAX_DAYS = 36_500

function retentionOf(retention: string | undefined): Retention | undefined {
  if (retention === undefined || retention === 'forever') return retention
  const days = /^\d{1,5}d?$/.test(retention) ? Number.parseInt(retention, 10) : 0
  if (days < 1 || days > MAX_DAYS) {
    throw new UsageError(`--retention is a number of days from 1 to ${MAX_DAYS}, or forever, not ${retention}.`)
  }
  return days
}

function printTemplates(
  { naming, eventIdField, server = 'elasticsearch', write, warn }: SetupOptions,
  retention?: Retention,
) {
  const request = { server: LATEST[server], naming, retention, eventIdField }
  const { documents, warnings } = templatesFor(request)
  const requests = documents.map(({ path, body }) => ({ method: 'PUT', path, body }))
  write(`${JSON.stringify(requests, null, 2)}\n`)
  for (const warning of warnings) warn(`${warning}\n`)
}

function failure(error: unknown): unknown {
  if (error instanceof ServerError) {
    const hint =
      error.status === 401 || error.status === 403
        ? ' Setting up needs privileges that writing does not: docs/elasticsearch.md has the role.'
        : ''
    return new StartError(`The templates could not be installed: ${error.message}${hint}`, { cause: error })
  }
  if (error instanceof RetryableError) {
    return new StartError(`The templates could not be installed: ${error.message}`, { cause: error })
  }
  return error
}

function report(server: Server, naming: Naming, installed: Installed, { write, warn }: SetupOptions): void {
  const { created, updated, unchanged, left, warnings } = installed
  for (const outcome of ['created', 'updated', 'left'] as const) {
    for (const name of installed[outcome]) write(`${outcome} ${name}\n`)
  }
  const kind = server.kind === 'opensearch' ? 'OpenSearch' : 'Elasticsearch'
  const counts = [`${created.length} created`, `${updated.length} updated`, `${unchanged.length} unchanged`]
  if (left.length > 0) counts.push(`${left.length} left as they are`)
  write(`${kind} ${server.major}.${server.minor}: ${counts.join(', ')}.\n`)
  for (const warning of warnings) warn(`${warning}\n`)
  if (updated.length > 0 && naming.kind === 'data-streams') {
    warn('What is indexed keeps its mapping; a data stream takes the new one when it is rolled over.\n')
  }
}

/**
 * Installs the templates, or prints the requests that would. Safe to repeat. Rejects with UsageError for a wrong option, with StartError
 * where the server cannot be reached or refuses.
 */
export async function setupElasticsearch(options: SetupOptions): Promise<void> {
  const { naming, eventIdField, ask } = options
  const retention = retentionOf(options.retention)
  if (options.print) {
    printTemplates(options, retention)
    return
  }
  if (options.server !== undefined) throw new UsageError('--server is for --print; else the server says what it is.')
  try {
    const server = await detectServer(ask)
    const installed = await installTemplates(ask, { server, naming, retention, eventIdField })
    report(server, naming, installed, options)
  } catch (error) {
    throw failure(error)
  }
}

/** `setup elasticsearch`, with the settings of the service. */
export async function setup(
  env: Readonly<Record<string, string | undefined>>,
  options: Pick<SetupOptions, 'print' | 'retention' | 'server'>,
): Promise<void> {
  const { config } = loadConfig(
    env,
    registry.map(dataset => dataset.name),
  )
  if (config.elasticsearchUrl.length === 0 && options.print !== true) {
    throw new UsageError('ELASTICSEARCH_URL says where to; --print only shows what would be sent.')
  }
  const client = elasticsearchClient(config)
  try {
    await setupElasticsearch({
      ...options,
      naming: namingOf(config),
      eventIdField: config.eventIdField,
      ask: askBy(client, AbortSignal.timeout(SETUP_MS)),
      write: text => void process.stdout.write(text),
      warn: text => void process.stderr.write(text),
    })
  } finally {
    await client.close()
  }
}
