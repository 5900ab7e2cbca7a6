import { PermanentError, RetryableError } from '../errors.ts'
import type { Receipt, Sink } from './sink.ts'

/** Shorter ones are words such as `gzip`, and taking them out would make a text unreadable. */
const SHORTEST_SECRET = 5

/** Takes secrets out of a text, also in parts (of `Bearer abcdef` the latter) and as JSON writes them. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const parts = secrets.flatMap(secret => [secret, ...secret.split(/[\s,;=]+/)])
  const forms = parts.flatMap(part => [part, JSON.stringify(part).slice(1, -1)])
  return [...new Set(forms)]
    .filter(form => form.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length)
    .reduce((rest, form) => rest.replaceAll(form, '***'), text)
}

/**
 * The sink, telling nothing of its secrets: a server may repeat in its words what it was sent.
 *
 * @param secrets that are sent now; asked only where there are words to look at
 */
export function withMaskedWords(sink: Sink, secrets: () => Promise<readonly string[]>): Sink {
  const mask = async () => {
    const known = await secrets().catch(() => [])
    return (text: string) => withoutSecrets(text, known)
  }
  const rethrow = async (error: unknown): Promise<never> => {
    if (error instanceof PermanentError) throw new PermanentError((await mask())(error.message))
    if (error instanceof RetryableError) throw copyOf(error, (await mask())(error.message))
    throw error
  }
  const told = async (receipt: Receipt): Promise<Receipt> => {
    const { rejected, cause } = receipt
    if (rejected.length === 0 && cause === undefined) return receipt
    const masked = await mask()
    return {
      ...receipt,
      rejected: rejected.map(each => ({ ...each, detail: masked(each.detail) })),
      ...(cause && { cause: copyOf(cause, masked(cause.message)) }),
    }
  }
  return {
    ...sink,
    open: signal => sink.open(signal).catch(rethrow),
    write: (piece, signal) => sink.write(piece, signal).then(told, rethrow),
    ...(sink.present && { present: (piece, signal) => sink.present!(piece, signal).catch(rethrow) }),
  }
}

/** Without the error behind it, whose words are those of the server as well. */
function copyOf(
  { retryAfterMs, needsOperator, ofPieceAlone, timedOut }: RetryableError,
  message: string,
): RetryableError {
  return new RetryableError(message, { retryAfterMs, needsOperator, ofPieceAlone, timedOut })
}
