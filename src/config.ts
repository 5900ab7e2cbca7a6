import { join, resolve } from 'node:path'
import Type, { type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'

const MIB = 1024 ** 2
const GIB = 1024 ** 3

const text = (description: string, options: object = {}) => Type.String({ description, ...options })
const words = <const W extends string>(description: string, values: readonly W[], options: object = {}) =>
  Type.Unsafe<W>(
    Type.Union(
      values.map(value => Type.Literal(value)),
      { description, words: values, ...options },
    ),
  )
const list = (description: string, item: TSchema = Type.String()) =>
  Type.Unsafe<readonly string[]>(Type.Array(item, { description, default: [], uniqueItems: true }))
const flag = (description: string, value: boolean) => Type.Boolean({ description, default: value })
const amount = (description: string, unit: string, value: number, minimum = 0, maximum = Number.MAX_SAFE_INTEGER) =>
  Type.Integer({ description, unit, default: value, minimum, maximum })
const port = (description: string, value: number) => amount(description, '', value, 0, 65535)

/** Every setting of the service: its environment variable, type, default, unit and meaning. The README's table comes from here. */
export const settings = {
  HOST: text('Address of the intake listener.', { default: '127.0.0.1', minLength: 1 }),
  PORT: port('Port of the intake listener; 0 takes a free one.', 8080),
  ADMIN_HOST: text('Address of the admin listener: metrics, status, API page.', { default: '127.0.0.1', minLength: 1 }),
  ADMIN_PORT: port('Port of the admin listener; 0 takes a free one.', 8081),
  TLS_CERT_FILE: Type.Optional(
    text('PEM certificate chain: HTTPS on the intake listener; read again when it changes.'),
  ),
  TLS_KEY_FILE: Type.Optional(text('PEM private key of TLS_CERT_FILE; read again when it changes.')),
  PUBLIC_URL: Type.Optional(
    text('The https URL by which Logpush reaches the intake; used in the printed destination_conf and by `job`.', {
      pattern: '^https?://[^\\s?#]+$',
    }),
  ),
  DATA_DIR: text('Spool, dead letters and the file sink; one process per folder.', { default: './data', minLength: 1 }),
  INTAKE_KEYS: Type.Optional(
    text(
      'Comma or line separated `key` or `dataset:key`; several keys for one dataset are a rotation. Without it a key is made once and kept in `DATA_DIR/intake-keys`.',
      { secret: true },
    ),
  ),
  INTAKE_KEYS_FILE: Type.Optional(text('File with the keys; read again when it changes.')),
  SINKS: Type.Unsafe<readonly ('file' | 'stdout')[]>(
    Type.Array(Type.Union([Type.Literal('file'), Type.Literal('stdout')]), {
      description: 'Where events go, comma separated: `file`, `stdout`.',
      default: ['file'],
      minItems: 1,
      uniqueItems: true,
    }),
  ),
  FILE_DIR: Type.Optional(text('Folder of the file sink: NDJSON, one folder per dataset. Default `DATA_DIR/events`.')),
  FILE_MAX_BYTES: amount('A file of the file sink is finished at this size.', 'bytes', 256 * MIB, 1024),
  FILE_MAX_AGE_SECONDS: amount('A file of the file sink is finished at this age.', 'seconds', 3600, 1),
  FILE_MODE: text('Mode of the files with events, octal.', { default: '0640', pattern: '^0?[0-7]{3}$' }),
  FILE_GZIP: flag('Compress finished files of the file sink.', false),
  FILE_RETENTION_SECONDS: amount(
    'Finished files of the file sink are deleted at this age; 0 keeps them.',
    'seconds',
    0,
  ),
  PROFILE: words(
    "`ecs`: ECS events. `raw`: the line for the ingest pipelines of Elastic's cloudflare_logpush.",
    ['ecs', 'raw'],
    { default: 'ecs' },
  ),
  ADDITIONS: words(
    'Fields beyond the published shape of the eight published formats; `auto`: for all but audit_logs.',
    ['auto', 'on', 'off'],
    { default: 'auto' },
  ),
  KEEP_ORIGINAL: flag('Keep the line as received in `message`.', true),
  USER_AGENT: words('`parse` fills user_agent.*, `original` leaves it at user_agent.original.', ['parse', 'original'], {
    default: 'parse',
  }),
  EVENT_ID_FIELD: Type.Optional(
    text("A field (such as `labels.intake_id`) that carries the event's id.", {
      pattern: '^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$',
    }),
  ),
  DROP_DATASETS: list('Datasets that are not delivered (counted as filtered), comma separated.'),
  DROP_FIELDS: list(
    'Source fields taken out of a record before mapping and out of the kept line, comma separated; dotted for members of objects (`RequestHeaders.authorization`).',
  ),
  DUPLICATE_WINDOW_SECONDS: amount('How long a repeated batch is recognised; 0 is never.', 'seconds', 600),
  DEAD_LETTERS_MAX_BYTES: amount('When the dead letters of a sink reach it, the sink waits.', 'bytes', GIB, 1024),
  SPOOL_MAX_BYTES: amount(
    'When the spool reaches it, batches are answered 503 until a tenth is free again.',
    'bytes',
    10 * GIB,
    MIB,
  ),
  SPOOL_MIN_FREE_BYTES: amount('Below this free space on the disk batches are answered 503.', 'bytes', 256 * MIB),
  MAX_BODY_BYTES: amount('Largest body as sent.', 'bytes', 256 * MIB, 1),
  MAX_INFLATED_BYTES: amount('Largest body after inflating.', 'bytes', GIB, 1),
  MAX_INFLATE_RATIO: amount('Largest ratio of inflated to sent bytes, looked at past 8 MiB inflated.', '', 400, 1),
  MAX_LINE_BYTES: amount(
    'A longer line becomes an event that says so; the rest of it is counted.',
    'bytes',
    MIB,
    1024,
    256 * MIB,
  ),
  MAX_JSON_BYTES: amount('Largest body of the JSON routes after inflating.', 'bytes', 16 * MIB, 1024, 256 * MIB),
  BODY_IDLE_SECONDS: amount('A body without progress for so long is answered 408.', 'seconds', 30, 1, 3600),
  SHUTDOWN_SECONDS: amount('How long a stop waits for what is in hand.', 'seconds', 8, 0, 3600),
  WORKERS: amount('Threads that map; 0 is one per core.', '', 0, 0, 64),
  LOG_LEVEL: words('Least level of the log on stderr.', ['trace', 'debug', 'info', 'warn', 'error', 'fatal'], {
    default: 'info',
  }),
}

type Names = keyof typeof settings
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S
type Values = { [N in Names]: Static<(typeof settings)[N]> }
type OptionalNames =
  | 'TLS_CERT_FILE'
  | 'TLS_KEY_FILE'
  | 'PUBLIC_URL'
  | 'INTAKE_KEYS'
  | 'INTAKE_KEYS_FILE'
  | 'EVENT_ID_FIELD'
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
 * @throws ConfigError
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, datasets: readonly string[]): Loaded {
  const problems: string[] = []
  const config: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(settings)) {
    config[camel(name)] = readSetting(name, schema, env[name], problems)
  }
  problems.push(...crossProblems(config as unknown as Config, datasets))
  if (problems.length > 0) throw new ConfigError(problems)

  const dataDir = resolve(config.dataDir as string)
  config.dataDir = dataDir
  config.fileDir = config.fileDir === undefined ? join(dataDir, 'events') : resolve(config.fileDir as string)
  return { config: Object.freeze(config) as unknown as Config, warnings: nearMisses(Object.keys(env)) }
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

interface Shown {
  readonly default?: unknown
  readonly description?: string
  readonly unit?: string
  readonly secret?: boolean
  readonly words?: readonly string[]
  readonly type?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
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
  if (schema.words) return `expected one of ${schema.words.join(', ')}`
  switch (schema.type) {
    case 'integer': {
      const most = schema.maximum === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${schema.maximum}`
      return `expected a whole number${schema.unit ? ` of ${schema.unit}` : ''}, at least ${schema.minimum}${most}`
    }
    case 'boolean':
      return 'expected true or false'
    case 'array':
      return `expected a comma separated list without repeats (${schema.description})`
    default:
      return schema.pattern ? `expected a value that matches ${schema.pattern}` : 'expected a text'
  }
}

function crossProblems(config: Config, datasets: readonly string[]): string[] {
  const problems: string[] = []
  if ((config.tlsCertFile === undefined) !== (config.tlsKeyFile === undefined)) {
    problems.push('TLS_CERT_FILE, TLS_KEY_FILE: set both or none.')
  }
  if (config.intakeKeys !== undefined && config.intakeKeysFile !== undefined) {
    problems.push('INTAKE_KEYS, INTAKE_KEYS_FILE: set one of them, not both.')
  }
  if (config.port !== 0 && config.port === config.adminPort && config.host === config.adminHost) {
    problems.push(`PORT, ADMIN_PORT: both are ${config.port}; the two listeners need different ports.`)
  }
  if (config.maxBodyBytes > config.spoolMaxBytes) {
    problems.push('MAX_BODY_BYTES, SPOOL_MAX_BYTES: the spool must be able to hold the largest body.')
  }
  const unknown = config.dropDatasets.filter(name => name !== 'unknown' && !datasets.includes(name))
  if (unknown.length > 0) {
    problems.push(`DROP_DATASETS: unknown dataset ${unknown.join(', ')}; known: ${datasets.join(', ')}, unknown.`)
  }
  if (config.eventIdField !== undefined && /^(@timestamp|message|cloudflare)(\.|$)/.test(config.eventIdField)) {
    problems.push('EVENT_ID_FIELD: the field is used by the event itself; take another, such as labels.intake_id.')
  }
  return problems
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

/** The README's table of settings, in Markdown. */
export function settingsTable(): string {
  const rows = Object.entries(settings as Record<string, TSchema & Shown>).map(([name, schema]) => {
    const value = Array.isArray(schema.default) ? schema.default.join(',') : schema.default
    const shown = value === undefined || value === '' ? 'none' : `\`${value}\`${schema.unit ? ` ${schema.unit}` : ''}`
    const choices = schema.words ? ` One of ${schema.words.map(word => `\`${word}\``).join(', ')}.` : ''
    return `| \`${name}\` | ${shown} | ${schema.description}${choices} |`
  })
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n')
}
