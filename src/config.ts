import { join, resolve } from 'node:path'
import type { Static, TOptional, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { isFreeField } from './mapper/event-id.ts'
import { type Shown, type SinkName, settings } from './settings.ts'

type Names = keyof typeof settings
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S
type Values = { [N in Names]: Static<(typeof settings)[N]> }
type OptionalNames = { [N in Names]: (typeof settings)[N] extends TOptional ? N : never }[Names]
/** The settings as the service uses them: `MAX_BODY_BYTES` is `maxBodyBytes`. Paths are absolute. Frozen. */
export type Config = Readonly<{
  [N in Names as Camel<Lowercase<N>>]: N extends OptionalNames ? Values[N] | undefined : Values[N]
}>

/** All problems of the settings at once, one sentence each. Exit code 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

export interface Loaded {
  readonly config: Config
  /** Names that nearly match a setting, one sentence each. */
  readonly warnings: readonly string[]
}

/**
 * Reads the settings from environment variables. An empty value counts as not set.
 *
 * @param datasets the known dataset names, for settings that name datasets
 * @param check looks at what settings point to (files), and tells the problems
 * @throws ConfigError
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  datasets: readonly string[],
  check: (config: Config) => readonly string[] = () => [],
): Loaded {
  const problems: string[] = []
  const config: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(settings)) {
    config[camel(name)] = readSetting(name, schema, env[name], problems)
  }
  const dataDir = resolve(config.dataDir as string)
  config.dataDir = dataDir
  config.fileDir = config.fileDir === undefined ? join(dataDir, 'events') : resolve(config.fileDir as string)
  const isToldOf = (problem: string) => problems.some(told => told.startsWith(`${problem.split(':', 1)[0]}:`))
  problems.push(...crossProblems(config as unknown as Config, datasets).filter(problem => !isToldOf(problem)))
  problems.push(...check(config as unknown as Config))
  if (problems.length > 0) throw new ConfigError(problems)

  const frozen = Object.freeze(config) as unknown as Config
  return { config: frozen, warnings: [...nearMisses(Object.keys(env)), ...idleUrls(frozen)] }
}

function readSetting(name: string, schema: TSchema & Shown, raw: string | undefined, problems: string[]): unknown {
  if (raw === undefined || raw.trim() === '') return schema.default
  const value = fromText(schema, raw.trim())
  if (value === undefined || !Value.Check(schema, value)) {
    problems.push(`${name}: ${expected(schema)}${schema.secret ? '' : `, not ${JSON.stringify(raw.slice(0, 200))}`}.`)
    return schema.default
  }
  return value
}

function fromText(schema: Shown, raw: string): unknown {
  switch (schema.type) {
    case 'integer':
      return /^-?\d{1,16}$/.test(raw) ? Number(raw) : undefined
    case 'boolean':
      return raw === 'true' ? true : raw === 'false' ? false : undefined
    case 'array':
      return raw
        .split(',')
        .map(item => item.trim())
        .filter(item => item !== '')
    default:
      return raw
  }
}

function expected(schema: Shown): string {
  const words = schema.words?.join(', ') ?? schema.itemsAre
  if (schema.type === 'array') return `expected a comma separated list${words ? ` of ${words}` : ''}, without repeats`
  if (schema.words) return `expected one of ${words}`
  switch (schema.type) {
    case 'integer': {
      const most = schema.maximum === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${schema.maximum}`
      return `expected a whole number${schema.unit ? ` of ${schema.unit}` : ''}, at least ${schema.minimum}${most}`
    }
    case 'boolean':
      return 'expected true or false'
    default:
      return schema.pattern ? `expected a value that matches ${schema.pattern}` : 'expected a text'
  }
}

const PAIRS = [
  ['TLS_CERT_FILE', 'TLS_KEY_FILE'],
  ['ELASTICSEARCH_CERT_FILE', 'ELASTICSEARCH_KEY_FILE'],
  ['HTTP_CERT_FILE', 'HTTP_KEY_FILE'],
] as const satisfies [Names, Names][]
const CHOICES = [
  ['INTAKE_KEYS', 'INTAKE_KEYS_FILE'],
  ['ADMIN_TOKEN', 'ADMIN_TOKEN_FILE'],
  ['ALLOWED_NETWORKS', 'ALLOWED_NETWORKS_FILE'],
  ['ELASTICSEARCH_API_KEY', 'ELASTICSEARCH_API_KEY_FILE'],
  ['ELASTICSEARCH_PASSWORD', 'ELASTICSEARCH_PASSWORD_FILE'],
  ['ELASTICSEARCH_API_KEY', 'ELASTICSEARCH_USERNAME'],
  ['ELASTICSEARCH_API_KEY_FILE', 'ELASTICSEARCH_USERNAME'],
  ['HTTP_HEADERS', 'HTTP_HEADERS_FILE'],
] as const satisfies [Names, Names][]
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i
const NETWORK_SINKS = [
  ['elasticsearch', 'ELASTICSEARCH_URL'],
  ['http', 'HTTP_URL'],
] as const satisfies [SinkName, Names][]

function crossProblems(config: Config, datasets: readonly string[]): string[] {
  const problems: string[] = []
  const isSet = (name: Names) => {
    const value = config[camel(name) as keyof Config]
    return value !== undefined && (!Array.isArray(value) || value.length > 0)
  }
  for (const [cert, key] of PAIRS) if (isSet(cert) !== isSet(key)) problems.push(`${cert}, ${key}: set both or none.`)
  for (const [one, other] of CHOICES) {
    if (isSet(one) && isSet(other)) problems.push(`${one}, ${other}: set one of them, not both.`)
  }
  for (const [, url] of NETWORK_SINKS) {
    const urls = config[camel(url) as keyof Config] as readonly string[]
    if (!urls.every(each => URL.canParse(each))) problems.push(`${url}: it holds what is no URL.`)
  }
  const index = config.elasticsearchIndex?.replaceAll(/\{(?:dataset|namespace)\}/g, '') ?? ''
  if (/[{}]/.test(index) || index !== index.toLowerCase()) {
    problems.push(
      'ELASTICSEARCH_INDEX: it has to be in lower case, and only {dataset} and {namespace} stand for something.',
    )
  }
  for (const [sink, url] of NETWORK_SINKS) {
    if (config.sinks.includes(sink) && !isSet(url)) problems.push(`${url}: SINKS names ${sink}, so it must be set.`)
  }
  if (isSet('ELASTICSEARCH_USERNAME') !== (isSet('ELASTICSEARCH_PASSWORD') || isSet('ELASTICSEARCH_PASSWORD_FILE'))) {
    problems.push('ELASTICSEARCH_USERNAME, ELASTICSEARCH_PASSWORD: set both or none.')
  }
  if (isSet('TLS_CLIENT_CA_FILE') && !isSet('TLS_CERT_FILE')) {
    problems.push('TLS_CLIENT_CA_FILE: it needs TLS_CERT_FILE and TLS_KEY_FILE.')
  }
  if (!LOOPBACK.test(config.adminHost) && !isSet('ADMIN_TOKEN') && !isSet('ADMIN_TOKEN_FILE')) {
    problems.push('ADMIN_HOST: on an address that is not loopback the admin listener needs an ADMIN_TOKEN.')
  }
  if (config.port !== 0 && config.port === config.adminPort && config.host === config.adminHost) {
    problems.push(`PORT, ADMIN_PORT: both are ${config.port}; the two listeners need different ports.`)
  }
  if (config.maxBodyBytes > config.spoolMaxBytes) {
    problems.push('MAX_BODY_BYTES, SPOOL_MAX_BYTES: the spool must be able to hold the largest body.')
  }
  const own = ['.', 'spool', 'dead-letters', 'file-sink'].map(name => join(config.dataDir, name))
  if (own.includes(config.fileDir as string)) {
    problems.push('FILE_DIR: the service keeps something else in that folder; take another.')
  }
  const unknown = config.dropDatasets.filter(name => name !== 'unknown' && !datasets.includes(name))
  if (unknown.length > 0) {
    problems.push(`DROP_DATASETS: unknown dataset ${unknown.join(', ')}; known: ${datasets.join(', ')}, unknown.`)
  }
  if (config.eventIdField !== undefined && !isFreeField(config.eventIdField)) {
    problems.push('EVENT_ID_FIELD: the event has that field itself; take another, such as labels.intake_id.')
  }
  return problems
}

/** `setup elasticsearch` needs the URL without the sink, so that is no fault. */
function idleUrls(config: Config): string[] {
  return NETWORK_SINKS.filter(
    ([sink, url]) =>
      !config.sinks.includes(sink) && (config[camel(url) as keyof Config] as readonly string[]).length > 0,
  ).map(([sink, url]) => `${url} is set, but SINKS does not name ${sink}: nothing is sent there.`)
}

function nearMisses(names: readonly string[]): string[] {
  const known = Object.keys(settings)
  return names
    .filter(name => !known.includes(name))
    .flatMap(name => {
      const near = known.find(candidate => distance(name.toUpperCase(), candidate) <= (candidate.length > 6 ? 2 : 1))
      return near === undefined ? [] : [`${name} is no setting of this service and is ignored; did you mean ${near}?`]
    })
}

/** Levenshtein distance of two short names; 99 where the lengths alone tell that they are far apart. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 99
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}

function camel(name: string): string {
  return name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}
