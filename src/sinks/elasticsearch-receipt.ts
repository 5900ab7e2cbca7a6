import { RetryableError } from '../errors.ts'
import type { Outcome } from './elasticsearch-outcome.ts'
import type { Receipt, Rejection } from './sink.ts'

/**
 * @param outcomes of all events of a piece, by their index
 * @param conflicts how many of the delivered went without their `cloudflare`
 */
export function receiptOf(outcomes: readonly Outcome[], conflicts: number, retryAfterMs: number | undefined): Receipt {
  const retry: number[] = []
  const rejected: Rejection[] = []
  const whys = new Map<string, { count: number; needsOperator: boolean }>()
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.kind === 'refused') rejected.push({ index, reason: outcome.reason, detail: outcome.words })
    if (outcome.kind !== 'retry') continue
    retry.push(index)
    const { why, needsOperator } = outcome
    const told = whys.get(why)
    if (told === undefined) whys.set(why, { count: 1, needsOperator })
    else told.count++
  }
  const receipt = { retry, rejected, ...(conflicts > 0 && { conflicts }) }
  if (retry.length === 0) return receipt
  return { ...receipt, cause: causeOf(whys, outcomes.length, retryAfterMs) }
}

/** Says what is worst: what an operator has to mend, else what most events met. */
function causeOf(
  whys: ReadonlyMap<string, { count: number; needsOperator: boolean }>,
  total: number,
  retryAfterMs: number | undefined,
): RetryableError {
  const worstFirst = [...whys].sort(
    ([, a], [, b]) => Number(b.needsOperator) - Number(a.needsOperator) || b.count - a.count,
  )
  const [why, { count, needsOperator }] = worstFirst[0]!
  return new RetryableError(`The server did not take ${count} of ${total} events: ${why}.`, {
    needsOperator,
    retryAfterMs,
    ofPieceAlone: true,
  })
}
