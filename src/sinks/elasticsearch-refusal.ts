import { PermanentError, RetryableError } from '../errors.ts'
import { asObject, errorOf, jsonOf } from './elasticsearch-answer.ts'
import { isOfAccess, isOfConfiguration, isPassing, saidBy } from './elasticsearch-outcome.ts'
import type { HttpAnswer } from './http-client.ts'

/**
 * The error of an answer that is not 200 as a whole. A refusal is permanent only where it can be for the content: 413, and a 400, also
 * of something between that will not let an event pass. What would meet every event (an index name, a parameter, the address of something else than
 * Elasticsearch) waits for an operator.
 *
 * @param what the request, for the message
 */
export function refusalOf(answer: HttpAnswer, what: string): RetryableError | PermanentError {
  const { status, retryAfterMs } = answer
  const error = errorIn(answer)
  const { type, reason } = errorOf(error)
  const message = `The server answered ${what} with ${saidBy({ status, type, reason })}.`
  if (isPassing(status)) return new RetryableError(message, { retryAfterMs })
  if (status === 413) return new PermanentError(message)
  if (status === 400 && !isOfConfiguration(type, reason)) return new PermanentError(message)
  // The pieces of other datasets go elsewhere.
  const ofPieceAlone = type.startsWith('index_') || type.startsWith('invalid_')
  if (isOfAccess(status) || status >= 300) return new RetryableError(message, { needsOperator: true, ofPieceAlone })
  return unknownAnswer(what)
}

/** The same for a request that holds no events: nothing is refused for good. */
export function failureOf(answer: HttpAnswer, what: string): RetryableError {
  const error = refusalOf(answer, what)
  return error instanceof RetryableError ? error : new RetryableError(error.message, { needsOperator: true })
}

/** Told with 200 or the like, but not what was asked: never taken for a yes. */
export function unknownAnswer(what: string): RetryableError {
  return new RetryableError(
    `The answer to ${what} is broken, cut off or not of Elasticsearch or OpenSearch; what became of the events is not known, so they are sent again.`,
  )
}

/** Whether the server does not know a parameter of the request. */
export function isUnknownParameter(answer: HttpAnswer, name: string): boolean {
  if (answer.status !== 400) return false
  const { type, reason } = errorOf(errorIn(answer))
  return type === 'illegal_argument_exception' && reason.includes('unrecognized parameter') && reason.includes(name)
}

/** Whether there is no such index, told by the server itself and not by something between. */
export function isMissing(answer: HttpAnswer): boolean {
  return answer.status === 404 && errorOf(errorIn(answer)).type === 'index_not_found_exception'
}

const errorIn = ({ body }: HttpAnswer): unknown => asObject(body && jsonOf(body))?.error
