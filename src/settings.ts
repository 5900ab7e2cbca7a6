import Type, { type TSchema } from 'typebox'
import { FIELD_NAME } from './mapper/event-id.ts'

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
      pattern: '^https://[^\\s?#]+$',
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
      description: 'Where events go, comma separated.',
      words: ['file', 'stdout'],
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
  MESSAGE: words(
    'What `message` is; `raw`: the line as received, `description`: a sentence on the event, with the line in `event.original`. What profile `raw` leaves to the ingest pipelines has the line in any case.',
    ['raw', 'description'],
    { default: 'raw' },
  ),
  KEEP_ORIGINAL: flag(
    'Keep the line as received: in `message`, with `MESSAGE=description` in `event.original`. What profile `raw` leaves to the ingest pipelines has it in any case.',
    true,
  ),
  USER_AGENT: words('`parse` fills user_agent.*, `original` leaves it at user_agent.original.', ['parse', 'original'], {
    default: 'parse',
  }),
  EVENT_ID_FIELD: Type.Optional(
    text("A field (such as `labels.intake_id`) that carries the event's id.", {
      pattern: FIELD_NAME.source,
    }),
  ),
  DROP_DATASETS: list('Datasets that are not delivered (counted as filtered), comma separated.'),
  DROP_FIELDS: list(
    'Source fields taken out of a record before mapping and out of the kept line, comma separated; dotted for members of objects (`RequestHeaders.authorization`). A line that is no record keeps its text.',
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

/** What a setting's schema tells a person. */
export interface Shown {
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
