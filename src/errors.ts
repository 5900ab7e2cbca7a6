import createError from '@fastify/error'

/** Every error of the intake's HTTP side: code, message, status. The sender's operator reads the message, so it says what to do. */
export const httpErrors = {
  unauthorized: createError(
    'ERR_INTAKE_UNAUTHORIZED',
    'The intake key is missing or unknown: send it in the header X-SEKOIAIO-INTAKE-KEY, as the password of HTTP Basic, or as intake_key in the query.',
    401,
  ),
  unauthorizedInBody: createError(
    'ERR_INTAKE_UNAUTHORIZED',
    'The intake key is missing or unknown: on this route it is intake_key in the JSON body (on /array in each element); headers and query are not looked at.',
    401,
  ),
  unauthorizedAdmin: createError(
    'ERR_INTAKE_ADMIN_UNAUTHORIZED',
    'The admin token is missing or unknown: send it as Authorization: Bearer <token>, or as the password of HTTP Basic.',
    401,
  ),
  forbiddenAddress: createError(
    'ERR_INTAKE_FORBIDDEN_ADDRESS',
    'No requests are taken from this address (ALLOWED_NETWORKS); nothing was stored.',
    403,
  ),
  tooManyFailures: createError(
    'ERR_INTAKE_TOO_MANY_FAILURES',
    'The key is missing or unknown, as in too many requests from this address before; one with a valid key is taken at any time.',
    429,
  ),
  incomplete: createError(
    'ERR_INTAKE_INCOMPLETE_BODY',
    'The body ended before it was complete; nothing was stored. Send the batch again.',
    400,
  ),
  brokenGzip: createError(
    'ERR_INTAKE_BROKEN_GZIP',
    'The body is not a valid gzip stream (%s); nothing was stored.',
    400,
  ),
  badJson: createError('ERR_INTAKE_BAD_JSON', 'The body is not what this route takes: %s.', 400),
  badPath: createError(
    'ERR_INTAKE_BAD_PATH',
    'The query parameter path must be a JSONPath of plain child steps such as $.a.b that leads to an array: %s.',
    400,
  ),
  badTime: createError(
    'ERR_INTAKE_BAD_TIME',
    'X-SEKOIAIO-EVENT-TIMESTAMP must be RFC 3339 or a Unix time in seconds, milliseconds, microseconds or nanoseconds.',
    400,
  ),
  unknownDataset: createError('ERR_INTAKE_UNKNOWN_DATASET', 'There is no such dataset. Known datasets: %s.', 400),
  datasetNotOfKey: createError(
    'ERR_INTAKE_DATASET_NOT_OF_KEY',
    'This intake key is only for the dataset %s, the request names %s.',
    400,
  ),
  datasetNotNamed: createError(
    'ERR_INTAKE_DATASET_NOT_NAMED',
    'This intake key is only for the datasets %s: the request has to name one of them, as in ?dataset=NAME.',
    400,
  ),
  notFound: createError('ERR_INTAKE_NOT_FOUND', 'There is no such route. %s', 404),
  methodNotAllowed: createError('ERR_INTAKE_METHOD_NOT_ALLOWED', 'This route does not take %s; allowed: %s.', 405),
  idleBody: createError(
    'ERR_INTAKE_IDLE_BODY',
    'No byte of the body came for %s s; nothing was stored. Send the batch again.',
    408,
  ),
  bodyTooLarge: createError(
    'ERR_INTAKE_BODY_TOO_LARGE',
    'The body is larger than %s bytes (%s); nothing was stored. Lower max_upload_bytes or max_upload_records of the job, or raise the limit.',
    413,
  ),
  ratioTooHigh: createError(
    'ERR_INTAKE_RATIO_TOO_HIGH',
    'The body inflates to more than %s times its size (MAX_INFLATE_RATIO); nothing was stored.',
    413,
  ),
  badEncoding: createError(
    'ERR_INTAKE_UNSUPPORTED_ENCODING',
    'Content-Encoding %s is not supported; send gzip or no encoding.',
    415,
  ),
  badExpectation: createError(
    'ERR_INTAKE_UNSUPPORTED_EXPECTATION',
    'No Expect but 100-continue is supported; nothing was stored.',
    417,
  ),
  unavailable: createError(
    'ERR_INTAKE_UNAVAILABLE',
    'The batch could not be stored now (%s); nothing was stored. Send it again later.',
    503,
  ),
  partlyStored: createError(
    'ERR_INTAKE_PARTLY_STORED',
    'The events of some keys were stored, those of others could not be now (%s). Sending the same body again stores the former once more.',
    503,
  ),
  badRequest: createError(
    'ERR_INTAKE_BAD_REQUEST',
    'The request is not valid HTTP or its URL cannot be read; nothing was stored.',
    400,
  ),
  brokenBehind: createError(
    'ERR_INTAKE_BAD_REQUEST',
    'What follows a complete request on this connection is not valid HTTP or did not arrive in time; the request before it may have been stored, but its answer is lost. Send it again.',
    400,
  ),
  slowRequest: createError(
    'ERR_INTAKE_SLOW_REQUEST',
    'The request did not arrive in time; nothing was stored. Send it again.',
    408,
  ),
  headersTooLarge: createError(
    'ERR_INTAKE_HEADERS_TOO_LARGE',
    'The request headers are larger than 16 KiB or more than 1,000.',
    431,
  ),
  internal: createError('ERR_INTAKE_INTERNAL', 'The intake failed; its log says why. Send the batch again.', 500),
} as const

export type UnavailableReason = 'spool full' | 'disk full' | 'disk error' | 'shutting down'

/** The spool cannot take a batch now; the sender must come again. Thrown by a spool, answered with 503 and Retry-After. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
  readonly reason: UnavailableReason
  constructor(reason: UnavailableReason, options?: ErrorOptions) {
    super(`The spool takes no batch now: ${reason}.`, options)
    this.reason = reason
  }
}

/** A replay ended before its last batch, as the spool takes no more now. */
export class ReplayStoppedError extends UnavailableError {
  /** What was stored before. */
  readonly replayed: { readonly batches: number; readonly lines: number }
  /** The name of the batch with which the replay goes on. */
  readonly next: string
  constructor(cause: UnavailableError, replayed: ReplayStoppedError['replayed'], next: string) {
    super(cause.reason, { cause })
    this.replayed = replayed
    this.next = next
  }
}

/** A stored batch cannot be read as it was written. Final: the batch is set aside. */
export class DamagedError extends Error {
  override readonly name = 'DamagedError'
}

export interface RetryableOptions {
  readonly retryAfterMs?: number | undefined
  readonly needsOperator?: boolean
  readonly ofPieceAlone?: boolean
  readonly timedOut?: boolean
}

/** A sink could not take a piece now: the same piece is tried again after a pause. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError'
  /** Milliseconds that the other side asked to wait (Retry-After). */
  readonly retryAfterMs: number | undefined
  /** True where only an operator can mend it (401, 403, 404): wait long and say so. */
  readonly needsOperator: boolean
  /** True where it is of this piece alone, such as its index missing: others may be taken. */
  readonly ofPieceAlone: boolean
  /** True where no answer came in time: less at a time may be answered. */
  readonly timedOut: boolean
  constructor(message: string, options: ErrorOptions & RetryableOptions = {}) {
    super(message, options)
    this.retryAfterMs = options.retryAfterMs
    this.needsOperator = options.needsOperator ?? false
    this.ofPieceAlone = options.ofPieceAlone ?? false
    this.timedOut = options.timedOut ?? false
  }
}

/** A sink refuses a piece for good. A piece of more than one event is halved; only a single event's refusal is final. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError'
}

/** The service cannot start; the message is one sentence for the operator. Exit code 1. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

/** A command was called wrongly; the message says how to call it. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
