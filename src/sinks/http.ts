import { createHttpClient, type HttpClientOptions } from './http-client.ts'
import { gzipBody } from './http-gzip.ts'
import { markGzip } from './http-mark.ts'
import { refusalOf } from './http-status.ts'
import { DELIVERED, type Piece, type Sink } from './sink.ts'

export interface HttpSinkOptions extends Omit<HttpClientOptions, 'name' | 'maxAnswerBytes'> {
  /** `event`: events as JSON. `line`: the lines as received. */
  readonly form: 'event' | 'line'
}

/** Of an answer only the first words matter. */
const MAX_ANSWER_BYTES = 1024 * 1024

/**
 * Pieces as gzipped NDJSON by POST to the URL as it is, with the operator's headers (keys go there, such as X-SEKOIAIO-INTAKE-KEY, never into the
 * URL). Any 2xx means that the events are stored at the other side, whatever its body says; http-status.ts has the rest.
 *
 * With the form `line` the URL of another logpush-intake is `https://host/plain/batch`: it is told the dataset and the time of receipt, so that it
 * makes the same events of the lines. A piece that comes again after a lost answer has the same bytes, which it recognises within its
 * DUPLICATE_WINDOW_SECONDS; another piece has others, also where its lines are the same (http-mark.ts). Elsewhere events are delivered at least once.
 */
export function createHttpSink({ form, ...options }: HttpSinkOptions): Sink {
  const client = createHttpClient({
    ...options,
    name: 'the service',
    maxAnswerBytes: MAX_ANSWER_BYTES,
    // They go with each request, since write has to know which were sent.
    headers: async () => ({}),
  })
  return {
    name: 'http',
    form,
    ordered: false,
    // What is sent is what gzip made of them.
    returnsBytes: true,
    maxInFlight: 4,
    async open(signal) {
      signal.throwIfAborted()
      // A service is not asked whether it is there: it may take nothing but a POST of events.
      await options.headers()
    },
    async write(piece, signal) {
      signal.throwIfAborted()
      if (piece.ends.length === 0) return DELIVERED
      const own = await options.headers()
      const headers = {
        'content-type': 'application/x-ndjson',
        'content-encoding': 'gzip',
        ...(form === 'line' && originOf(piece)),
        ...own,
      }
      const gzip = await gzipBody(piece.bytes)
      const body = form === 'line' ? markGzip(gzip, markOf(piece)) : gzip
      const answer = await client.request({ method: 'POST', path: '', headers, body }, signal)
      const refusal = refusalOf(answer, Object.values(own))
      if (refusal !== undefined) throw refusal
      return DELIVERED
    },
    close: () => client.close(),
  }
}

/** Names the piece, and with its bytes also a part of it. */
const markOf = ({ batch, dataset, lines }: Piece): string => `${batch} ${dataset} ${lines[0]}`

/** What another intake cannot find in the lines. */
function originOf({ dataset, declared, time }: Piece): Record<string, string> {
  const known = dataset === 'unknown' ? declared : dataset
  return {
    ...(known !== undefined && { 'x-logpush-dataset': known }),
    'x-sekoiaio-event-timestamp': time,
  }
}
