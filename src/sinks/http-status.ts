import { PermanentError, RetryableError } from '../errors.ts'
import type { HttpAnswer } from './http-client.ts'
import { withoutSecrets } from './masked.ts'

/** 4xx that are never about the events: access, address, method, or how every request is made. An operator mends them, the events wait. */
const OF_SETTINGS = new Set([401, 402, 403, 404, 405, 406, 407, 410, 411, 415, 417, 421, 423, 426, 428, 431])
const PASSING = new Set([408, 425, 429])
/** Another logpush-intake whose key is for another dataset, or that does not know the dataset: no line is at fault. */
const OF_DATASET = /"code":"ERR_INTAKE_(?:DATASET_NOT_OF_KEY|UNKNOWN_DATASET)"/

/**
 * What an answer to a piece means: undefined where it was taken (2xx), else the error to throw. 408, 425, 429 and 5xx pass by themselves;
 * what only an operator mends (access, address, redirects) is retried with `needsOperator`; 400, 413, 422 and other 4xx refuse the piece,
 * which the drain then halves, so that only a single event's refusal is final.
 *
 * @param secrets values of headers that were sent: a service may repeat them in its answer
 */
export function refusalOf(answer: HttpAnswer, secrets: readonly string[]): RetryableError | PermanentError | undefined {
  const { status, retryAfterMs } = answer
  if (status >= 200 && status <= 299) return undefined
  if (status >= 300 && status <= 399) {
    return new RetryableError(
      `The service answered ${status}, a redirect${redirectOf(answer)}; redirects are not followed, so the URL has to be set to where it leads.`,
      { retryAfterMs, needsOperator: true },
    )
  }
  const message = `The service answered ${status}${wordsOf(answer, secrets)}.`
  if (status === 400 && OF_DATASET.test(answer.body?.toString('utf8', 0, MAX_LOOKED_AT) ?? '')) {
    return new RetryableError(message, { needsOperator: true, ofPieceAlone: true })
  }
  if (OF_SETTINGS.has(status)) return new RetryableError(message, { retryAfterMs, needsOperator: true })
  if (status >= 400 && status <= 499 && !PASSING.has(status)) return new PermanentError(message)
  return new RetryableError(message, { retryAfterMs })
}

/** Where to, without path and query, which can hold keys. */
function redirectOf({ location = '' }: HttpAnswer): string {
  const url = URL.parse(location)
  if (url !== null && /^https?:$/.test(url.protocol)) return ` to ${url.protocol}//${url.host}`
  return location === '' ? ' to nowhere' : ' to another path of the same host'
}

const MAX_WORDS = 300
/** Enough for a secret that begins within the words to be there as a whole. */
const MAX_LOOKED_AT = 16 * 1024
const IS_TEXT = /^(?:text\/plain|application\/(?:[a-z0-9.-]+\+)?json)$/

function wordsOf({ body, contentType }: HttpAnswer, secrets: readonly string[]): string {
  if (body === undefined || !IS_TEXT.test(contentType)) return ''
  const text = withoutSecrets(body.toString('utf8', 0, MAX_LOOKED_AT), secrets)
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_WORDS)
    .toWellFormed()
  return text === '' ? '' : `: ${text.replace(/\.$/, '')}`
}
