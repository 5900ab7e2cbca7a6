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

const SINK_NAMES = ['file', 'stdout', 'elasticsearch', 'http'] as const
export type SinkName = (typeof SINK_NAMES)[number]

const urls = (description: string) =>
  Type.Unsafe<readonly string[]>(
    Type.Array(Type.String({ pattern: '^https?://[^\\s?#@]+$' }), {
      description,
      default: [],
      uniqueItems: true,
      itemsAre: 'http or https URLs without credentials and query',
      secret: true,
    }),
  )
const file = (description: string) => Type.Optional(text(description))
/** Can be given by a file as well: the setting with _FILE behind its name. */
const secret = (description: string) => Type.Optional(text(description, { secret: true }))

/** Every setting of the service: its environment variable, type, default, unit and meaning. The README's table comes from here. */
export const settings = {
  HOST: text('Address of the intake listener.', { default: '127.0.0.1', minLength: 1 }),
  PORT: port('Port of the intake listener; 0 takes a free one.', 8080),
  ADMIN_HOST: text(
    'Address of the admin listener: metrics, status, API page. Other than loopback only with an ADMIN_TOKEN.',
    { default: '127.0.0.1', minLength: 1 },
  ),
  ADMIN_PORT: port('Port of the admin listener; 0 takes a free one.', 8081),
  ADMIN_TOKEN: secret(
    'Who looks at the admin listener must send it, as Bearer or as the password of HTTP Basic: at least 16 printable ASCII characters; several, comma separated, are a rotation. /livez and /readyz need none.',
  ),
  ADMIN_TOKEN_FILE: file('File with the token or tokens; read again when it changes.'),
  TLS_CERT_FILE: Type.Optional(
    text('PEM certificate chain: HTTPS on the intake listener; read again when it changes.'),
  ),
  TLS_KEY_FILE: Type.Optional(text('PEM private key of TLS_CERT_FILE; read again when it changes.')),
  TLS_CLIENT_CA_FILE: file(
    'PEM certificate authorities of the senders: without a certificate that one of them signed no connection is made; read again when it changes.',
  ),
  ALLOWED_NETWORKS: list(
    'Networks that requests are taken from, comma separated, such as `192.0.2.0/24,2001:db8::/32`; others are answered 403. Without it all are taken. /livez and /readyz answer everybody.',
  ),
  ALLOWED_NETWORKS_FILE: file('File with these networks, comma or line separated; read again when it changes.'),
  TRUSTED_PROXIES: list(
    'Networks of the proxies in front, comma separated: where one of them connects, the address of the sender is the last in X-Forwarded-For that is none of them.',
  ),
  PUBLIC_URL: Type.Optional(
    text('The https URL by which Logpush reaches the intake; used in the printed destination_conf and by `job`.', {
      pattern: '^https://[^\\s?#]+$',
    }),
  ),
  DATA_DIR: text('Spool, dead letters and the file sink; one process per folder.', { default: './data', minLength: 1 }),
  INTAKE_KEYS: Type.Optional(
    text(
      'Comma or line separated `key` or `dataset:key`; several keys for one dataset are a rotation, and a key for several datasets takes what names one of them. A line that begins with `#` is a comment. Without it a key is made once and kept in `DATA_DIR/intake-keys`.',
      { secret: true },
    ),
  ),
  INTAKE_KEYS_FILE: Type.Optional(text('File with the keys; read again when it changes.')),
  SINKS: Type.Unsafe<readonly SinkName[]>(
    Type.Array(Type.Union(SINK_NAMES.map(name => Type.Literal(name))), {
      description:
        'Where events go, comma separated. Take out a sink when it has all: what waits for it is not delivered there any more, and the log says how many batches that were.',
      words: SINK_NAMES,
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
  ELASTICSEARCH_URL: urls(
    'Elasticsearch or OpenSearch, comma separated: requests go round, a node that failed rests. Without credentials.',
  ),
  ELASTICSEARCH_API_KEY: secret('API key, as the server gives it (`encoded`).'),
  ELASTICSEARCH_API_KEY_FILE: file('File with the API key; read again when it changes.'),
  ELASTICSEARCH_USERNAME: Type.Optional(text('User, in place of an API key.')),
  ELASTICSEARCH_PASSWORD: secret("The user's password."),
  ELASTICSEARCH_PASSWORD_FILE: file('File with the password; read again when it changes.'),
  ELASTICSEARCH_CA_FILE: file('PEM certificate authorities that sign the server, in place of the usual ones.'),
  ELASTICSEARCH_CERT_FILE: file('PEM certificate of this client, where the server asks for one.'),
  ELASTICSEARCH_KEY_FILE: file('PEM private key of ELASTICSEARCH_CERT_FILE.'),
  ELASTICSEARCH_NAMESPACE: text('Last part of the names of the data streams.', {
    default: 'default',
    pattern: '^[^\\s\\\\/*?"<>|,#:A-Z-]{1,100}$',
  }),
  ELASTICSEARCH_INDEX: Type.Optional(
    text(
      'A plain index or alias in place of the data streams `logs-cloudflare.{dataset}-{namespace}`; `{dataset}` and `{namespace}` stand for those.',
      { pattern: '^[^\\s\\\\/*?"<>|,#:A-Z_+.-][^\\s\\\\/*?"<>|,#:A-Z]{0,200}$' },
    ),
  ),
  ELASTICSEARCH_SETUP: words(
    'Index templates; `auto` installs them, `check` waits and says so while one is missing, `off` trusts.',
    ['auto', 'check', 'off'],
    { default: 'check' },
  ),
  ELASTICSEARCH_COMPRESSION: words(
    'Bulk requests; `auto` is `gzip` but for a server on this machine.',
    ['auto', 'gzip', 'none'],
    {
      default: 'auto',
    },
  ),
  HTTP_URL: urls('Service that gets events by POST as gzipped NDJSON; several, comma separated, take turns.'),
  HTTP_HEADERS: secret('Headers of these requests, `Name: value`, one a line.'),
  HTTP_HEADERS_FILE: file('File with the headers, one a line; read again when it changes.'),
  HTTP_FORMAT: words('`events`, or `lines`: the lines as received, for another intake.', ['events', 'lines'], {
    default: 'events',
  }),
  HTTP_CA_FILE: file('PEM certificate authorities that sign the service, in place of the usual ones.'),
  HTTP_CERT_FILE: file('PEM certificate of this client, where the service asks for one.'),
  HTTP_KEY_FILE: file('PEM private key of HTTP_CERT_FILE.'),
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
  SPOOL_KEEP_BYTES: amount(
    'Delivered batches are kept for `replay` up to so many bytes, the newest; 0 keeps none. On top of SPOOL_MAX_BYTES.',
    'bytes',
    0,
  ),
  SPOOL_KEEP_SECONDS: amount('Kept batches are removed at this age.', 'seconds', 7 * 24 * 3600, 1),
  SPOOL_MIN_FREE_BYTES: amount('Below this free space on the disk batches are answered 503.', 'bytes', 256 * MIB),
  MAX_BODY_BYTES: amount('Largest body as sent.', 'bytes', 256 * MIB, 1),
  MAX_INFLATED_BYTES: amount('Largest body after inflating.', 'bytes', GIB, 1),
  MAX_INFLATE_RATIO: amount('Largest ratio of inflated to sent bytes, looked at past 8 MiB inflated.', '', 400, 1),
  MAX_LINE_BYTES: amount(
    'A longer line becomes an event that says so; the rest of it is counted.',
    'bytes',
    MIB,
    1024,
    8 * MIB,
  ),
  MAX_JSON_BYTES: amount('Largest body of the JSON routes after inflating.', 'bytes', 16 * MIB, 1024, 256 * MIB),
  MAX_RECEIVING: amount(
    'Batches that are received at a time; as many again wait up to 10 s once their body has begun to come, further ones are answered 503. While others wait, a sender that is slower than 64 KB/s is answered 408.',
    '',
    256,
    1,
    4096,
  ),
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
  /** What the items of a list are, where they are no words. */
  readonly itemsAre?: string
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
