import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { dataStreamName } from './datasets/data-streams.ts'
import { RetryableError } from './errors.ts'
import { createHttpClient, type HttpClient } from './sinks/http-client.ts'
import { createHeaders } from './sinks/http-headers.ts'
import { sinks } from './sinks/index.ts'
import { withMaskedWords } from './sinks/masked.ts'
import { createSecret } from './sinks/secret.ts'
import type { Sink } from './sinks/sink.ts'
import { type Naming, targetOf } from './templates/naming.ts'
import { createReadiness } from './templates/readiness.ts'
import { type Ask, ServerError } from './templates/server.ts'

/** A sink as the settings want it. Reaches nothing yet. */
export function makeSink(name: Config['sinks'][number], config: Config, log: Logger): Sink {
  switch (name) {
    case 'file':
      return sinks.file({
        dir: config.fileDir as string,
        stateDir: join(config.dataDir, 'file-sink'),
        maxBytes: config.fileMaxBytes,
        maxAgeMs: config.fileMaxAgeSeconds * 1000,
        mode: Number.parseInt(config.fileMode, 8),
        gzip: config.fileGzip,
        retentionMs: config.fileRetentionSeconds * 1000,
        log,
      })
    case 'stdout':
      return sinks.stdout()
    case 'elasticsearch':
      return makeElasticsearchSink(config, log)
    case 'http':
      return sinks.http({
        urls: config.httpUrl,
        headers: httpHeaders(config),
        form: config.httpFormat === 'lines' ? 'line' : 'event',
        caFile: config.httpCaFile,
        certFile: config.httpCertFile,
        keyFile: config.httpKeyFile,
      })
  }
}

/** On this machine a sink that takes longer has a disk that hangs, and waiting is all there is to do. */
export const isNetworkSink = (name: Config['sinks'][number]): boolean => name === 'elasticsearch' || name === 'http'

export function httpHeaders({ httpHeaders: value, httpHeadersFile: file }: Config) {
  return createHeaders(createSecret({ value, file }, { setting: 'HTTP_HEADERS' }), 'HTTP_HEADERS')
}

export function elasticsearchClient(config: Config, headers = elasticsearchHeaders(config)): HttpClient {
  return createHttpClient({
    name: 'elasticsearch',
    urls: config.elasticsearchUrl,
    headers,
    caFile: config.elasticsearchCaFile,
    certFile: config.elasticsearchCertFile,
    keyFile: config.elasticsearchKeyFile,
  })
}

export function namingOf({ elasticsearchIndex: index, elasticsearchNamespace: namespace }: Config): Naming {
  if (index === undefined) return { kind: 'data-streams', namespace }
  return { kind: 'index', name: index.replaceAll('{namespace}', namespace) }
}

export function askBy(client: HttpClient, signal: AbortSignal): Ask {
  return async (method, path, body) => {
    const json = body === undefined ? {} : { body: JSON.stringify(body) }
    const headers = { 'content-type': 'application/json', accept: 'application/json' }
    const answer = await client.request({ method, path, headers, ...json }, signal)
    return { status: answer.status, body: parsed(answer.body) }
  }
}

function makeElasticsearchSink(config: Config, log: Logger): Sink {
  const { profile, eventIdField, elasticsearchSetup: setup, elasticsearchNamespace: namespace } = config
  const headers = elasticsearchHeaders(config)
  const client = elasticsearchClient(config, headers)
  const naming = namingOf(config)
  const warn = (warning: string) => log.warn({ sink: 'elasticsearch' }, warning)
  const readiness = createReadiness({ naming, profile, setup: setup === 'auto' ? 'auto' : 'check', eventIdField, warn })
  const isData = naming.kind === 'data-streams'
  const sink = sinks.elasticsearch({
    client,
    setup,
    indexOf: dataset => (isData ? dataStreamName(dataset, profile, namespace) : targetOf(naming, dataset)),
    dataStreams: isData,
    gzip: config.elasticsearchCompression === 'auto' ? !config.elasticsearchUrl.every(isHere) : isGzip(config),
    keepsLine: config.keepOriginal,
    ready: ({ dataset }, signal) => readiness(askBy(client, signal), dataset).catch(retryable),
  })
  return withMaskedWords(sink, async () => Object.values(await headers()))
}

const isGzip = ({ elasticsearchCompression }: Config): boolean => elasticsearchCompression === 'gzip'

/** Compressing for a server on this machine costs both sides more than it saves. */
function isHere(url: string): boolean {
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}

/** What the server says to the question for a template is no matter of one event. */
function retryable(error: unknown): never {
  if (!(error instanceof ServerError)) throw error
  const needsOperator = error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429
  throw new RetryableError(`The index templates cannot be made sure of: ${error.message}`, {
    cause: error,
    needsOperator,
    ofPieceAlone: true,
  })
}

function elasticsearchHeaders(config: Config): () => Promise<Readonly<Record<string, string>>> {
  const { elasticsearchUsername: user } = config
  const apiKey = createSecret(
    { value: config.elasticsearchApiKey, file: config.elasticsearchApiKeyFile },
    { setting: 'ELASTICSEARCH_API_KEY' },
  )
  const password = createSecret(
    { value: config.elasticsearchPassword, file: config.elasticsearchPasswordFile },
    { setting: 'ELASTICSEARCH_PASSWORD' },
  )
  if (user !== undefined) {
    return async () => ({ authorization: `Basic ${Buffer.from(`${user}:${await password()}`).toString('base64')}` })
  }
  if (config.elasticsearchApiKey === undefined && config.elasticsearchApiKeyFile === undefined) return async () => ({})
  return async () => ({ authorization: `ApiKey ${await apiKey()}` })
}

function parsed(body: Buffer | undefined): unknown {
  try {
    return body === undefined ? undefined : JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
