import Type, { type TSchema } from 'typebox'

/** What the routes take and answer, for the API's description. The bodies themselves are checked while they are read. */

const uuid = Type.String({ format: 'uuid' })
const headers = (names: Record<string, string>) =>
  Object.fromEntries(Object.entries(names).map(([name, description]) => [name, { type: 'string', description }]))

const errorBody = Type.Object({
  statusCode: Type.Integer(),
  code: Type.String({ pattern: '^ERR_INTAKE_', examples: ['ERR_INTAKE_UNAUTHORIZED'] }),
  error: Type.String(),
  message: Type.String({ description: 'What to do about it.' }),
})
const failed = (description: string, extra: object = {}) => ({
  description,
  ...extra,
  content: { 'application/json': { schema: errorBody } },
})
const answered = (description: string, schema: TSchema, extra: Record<string, string> = {}) => ({
  description,
  headers: headers({ 'Intake-Batch': 'The batch id: 64 hex digits.', ...extra }),
  content: { 'application/json': { schema } },
})

const retryAfter = { headers: headers({ 'Retry-After': 'Seconds.' }) }
const failures = {
  400: failed(
    'The body is not complete, is broken gzip or not what the route takes, or a parameter is wrong. Nothing was stored.',
  ),
  401: failed('The intake key is missing or unknown.', { headers: headers({ 'WWW-Authenticate': 'Basic' }) }),
  403: failed('No requests are taken from this address.'),
  405: failed('Another method than POST.', { headers: headers({ Allow: 'The methods that the route takes.' }) }),
  408: failed(
    'The body made no progress, or came too slowly while others waited. Nothing was stored; the connection is closed.',
  ),
  413: failed('The body is over a limit. Nothing was stored.'),
  415: failed('A Content-Encoding other than gzip.'),
  417: failed('An Expect header other than 100-continue. Nothing was stored; the connection is closed.'),
  429: failed('The intake key is missing or unknown, as in too many requests before from this address.', retryAfter),
  431: failed('The headers are too large.'),
  500: failed('The intake failed. Send the body again.'),
  503: failed(
    'Nothing can be stored now, or too many send at a time. Nothing was stored; send the body again later.',
    retryAfter,
  ),
}

const ids = Type.Object({ event_ids: Type.Array(uuid, { description: 'One for each event, in order.' }) })
const oneId = Type.Object({ event_id: uuid })
const idOrNone = Type.Object({ event_id: Type.Union([uuid, Type.Null()]) })

const namesDataset = {
  dataset: Type.Optional(Type.String({ description: 'The Logpush dataset of the events, such as `http_requests`.' })),
  tags: Type.Optional(
    Type.String({
      description: 'Comma separated tags as Logpush keeps them in the URL; `dataset:NAME` names the dataset.',
    }),
  ),
}
const requestHeaders = Type.Object({
  'X-Logpush-Dataset': Type.Optional(Type.String({ description: 'The Logpush dataset of the events.' })),
  'X-SEKOIAIO-EVENT-TIMESTAMP': Type.Optional(
    Type.String({
      description:
        'The time of events without one: RFC 3339 or a Unix time in s, ms, µs or ns. Default: the time of receipt.',
    }),
  ),
})
type Security = Record<string, readonly string[]>[]
const KEYS: Security = [{ header: [] }, { basic: [] }, { query: [] }]
const KEY_IN_BODY: Security = []

const text = (description: string) => ({
  content: Object.fromEntries(
    ['text/plain', 'application/x-ndjson', 'application/octet-stream'].map(type => [
      type,
      { schema: Type.String({ description }) },
    ]),
  ),
})
const json = (schema: TSchema) => ({ content: { 'application/json': { schema } } })
const route = (operationId: string, summary: string, description: string) => ({
  operationId,
  summary,
  description,
  tags: [operationId.startsWith('plain') ? 'text' : 'json'],
  security: KEYS,
  querystring: Type.Object(namesDataset),
  headers: requestHeaders,
})

const event = Type.Unknown({ description: 'An event: a string is its text, another value is kept as it is written.' })
const key = Type.String({ description: 'The intake key.' })
const time = Type.Optional(
  Type.Union([Type.String(), Type.Number()], { description: "The event's own time: RFC 3339 or a Unix time." }),
)
const batchAnswer = {
  200: answered('All lines are durable; or an upload test or an empty body, and nothing was stored.', ids, {
    'Intake-Duplicate': '`true` when the same batch was stored before: it was not stored again.',
  }),
  ...failures,
}
const BATCH =
  'The body is kept as it was received and is durable before the 200. One event a line; blank lines have no event. Gzip is known by ' +
  'its first bytes. The same body again within the window gives the same ids and is stored once.'

export const plainBatch = {
  ...route('plainBatch', 'Take a batch, one event a line', BATCH),
  body: text('Lines, such as a Logpush upload.'),
  response: batchAnswer,
}
export const plainBatchOf = {
  ...route('plainBatchOfDataset', 'Take a batch of one dataset, one event a line', BATCH),
  params: Type.Object({ dataset: Type.String({ description: 'The Logpush dataset, such as `http_requests`.' }) }),
  body: text('Lines, such as a Logpush upload.'),
  response: batchAnswer,
}
export const plain = {
  ...route('plain', 'Take one event', 'The whole body is one event, whatever it holds.'),
  body: text('The event.'),
  response: { 200: answered('The event is durable; null for an empty body.', idOrNone), ...failures },
}
const idsAnswer = { 200: answered('All events are durable.', ids), ...failures }
export const jsons = {
  ...route('jsons', 'Take a JSON array of events', 'Each element is an event.'),
  body: json(Type.Array(event)),
  response: idsAnswer,
}
export const many = {
  ...route('many', 'Take events from within a JSON object', 'The array at `path` holds the events.'),
  querystring: Type.Object({
    ...namesDataset,
    path: Type.String({ description: 'A JSONPath of plain child steps that leads to the array.', examples: ['$.a.b'] }),
  }),
  body: json(Type.Object({}, { additionalProperties: true })),
  response: idsAnswer,
}
export const one = {
  ...route('one', 'Take one event with its key', 'The key is in the body.'),
  security: KEY_IN_BODY,
  body: json(Type.Object({ intake_key: key, json: event, '@timestamp': time })),
  response: { 200: answered('The event is durable.', oneId), ...failures },
}
export const batch = {
  ...route('batch', 'Take several events with their key', 'The key is in the body.'),
  security: KEY_IN_BODY,
  body: json(Type.Object({ intake_key: key, jsons: Type.Array(event) })),
  response: idsAnswer,
}
export const array = {
  ...route('array', 'Take several events, each with its key', 'Several keys in one request are allowed.'),
  security: KEY_IN_BODY,
  body: json(Type.Array(Type.Object({ intake_key: key, json: event, timestamp: time }))),
  response: {
    ...failures,
    200: answered('All events are durable. One batch id for each key.', ids),
    503: failed(
      'Nothing was stored; or (`ERR_INTAKE_PARTLY_STORED`) only the events of some keys, which the same body stores once more.',
      retryAfter,
    ),
  },
}

/** Operations that answer 200 to an empty body, such as an upload test: by their operationId. */
export const BODY_IS_OPTIONAL: readonly string[] = [plainBatch, plainBatchOf, plain, jsons, many].map(
  ({ operationId }) => operationId,
)

const health = Type.Object({ status: Type.String({ description: '`ok`, or why not in a word.' }) })
const healthAnswer = (description: string) => ({ description, content: { 'application/json': { schema: health } } })
export const livez = {
  operationId: 'livez',
  summary: 'Tell whether the process works',
  tags: ['health'],
  security: KEY_IN_BODY,
  response: { 200: healthAnswer('It does.'), '4XX': failed('The request is wrong.') },
}
export const readyz = {
  operationId: 'readyz',
  summary: 'Tell whether a batch could be accepted',
  tags: ['health'],
  security: KEY_IN_BODY,
  response: {
    200: healthAnswer('It could.'),
    '4XX': failed('The request is wrong.'),
    503: healthAnswer('It could not.'),
  },
}
