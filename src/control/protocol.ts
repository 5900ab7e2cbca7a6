import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'

/**
 * How the command line asks the service that holds the data folder, over the Unix socket `<DATA_DIR>/control`: one JSON object a line, one
 * request a connection. The service answers with any number of `{"progress":{…}}` and a last `{"done":[…]}` or `{"error":{…}}`, then it closes.
 * A `progress` comes at least every ALIVE_MS, so that a service that hangs is noticed. Both sides are of one release: there is no
 * version.
 */
export const SOCKET_NAME = 'control'
export const MAX_REQUEST_BYTES = 16 * 1024
/** Of one line of the answer. */
export const MAX_ANSWER_BYTES = 1024 * 1024
export const REQUEST_MS = 5000
export const ALIVE_MS = 5000
export const SILENCE_MS = 30_000

const word = Type.String({ minLength: 1, maxLength: 200 })
const sink = Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$' })
/** Of the years 1970 to 9999. */
const ms = Type.Integer({ minimum: 0, maximum: 253_402_300_799_999 })
/** The name of a batch in the spool. */
const batchName = Type.String({ pattern: '^[0-9]{16}$' })
const strict = { additionalProperties: false }

const Filter = Type.Object(
  {
    reason: Type.Optional(word),
    dataset: Type.Optional(word),
    since: Type.Optional(ms),
    until: Type.Optional(ms),
    id: Type.Optional(word),
  },
  strict,
)
const ofLetters = { sink: Type.Optional(sink), filter: Filter }

/** `sink` missing: all that have dead letters. */
const Request = Type.Union([
  Type.Object({ command: Type.Literal('redrive'), ...ofLetters }, strict),
  Type.Object({ command: Type.Literal('discard'), ...ofLetters }, strict),
  Type.Object(
    {
      command: Type.Literal('replay'),
      sink,
      since: Type.Optional(ms),
      until: Type.Optional(ms),
      from: Type.Optional(batchName),
    },
    strict,
  ),
])
export type Request = Static<typeof Request>

export const isRequest = (value: unknown): value is Request => Value.Check(Request, value)

/** What became of a request for one sink. */
const Outcome = Type.Union([
  Type.Object({
    command: Type.Literal('redrive'),
    sink: Type.String(),
    rows: Type.Integer(),
    batches: Type.Integer(),
    /** Rows that stay: by their reason those that hold no line to send, as too_long those with a line over MAX_LINE_BYTES. */
    skipped: Type.Record(Type.String(), Type.Integer()),
    /** Why not all went; what did not are dead letters as before. */
    failure: Type.Optional(Type.String()),
  }),
  Type.Object({
    command: Type.Literal('discard'),
    sink: Type.String(),
    rows: Type.Integer(),
    bytes: Type.Integer(),
  }),
  Type.Object({
    command: Type.Literal('replay'),
    sink: Type.String(),
    batches: Type.Integer(),
    lines: Type.Integer(),
    /** Kept batches that are not as they were stored; missing where a failure came before all were looked at. */
    damaged: Type.Optional(Type.Integer()),
    /** False where no delivered batch is kept. */
    keeps: Type.Boolean(),
    /** Why not all went. */
    failure: Type.Optional(Type.String()),
    /** The batch to go on from then. */
    next: Type.Optional(batchName),
  }),
])
export type Outcome = Static<typeof Outcome>

/** How far a redrive has come. */
const Progress = Type.Object({ sink: Type.Optional(Type.String()), rows: Type.Optional(Type.Integer()) })
export type Progress = Static<typeof Progress>

const Answer = Type.Union([
  Type.Object({ progress: Progress }),
  Type.Object({ done: Type.Array(Outcome) }),
  Type.Object({
    error: Type.Object({ kind: Type.Union([Type.Literal('usage'), Type.Literal('failed')]), message: Type.String() }),
  }),
])
export type Answer = Static<typeof Answer>

export const isAnswer = (value: unknown): value is Answer => Value.Check(Answer, value)

/** The value of a line; undefined where it is no JSON. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
