import { describe, expect, it } from 'vitest'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import { withMaskedWords } from '../../src/sinks/masked.ts'
import type { Receipt, Sink } from '../../src/sinks/sink.ts'
import { pieceOf } from '../helpers/pieces.ts'

const SECRET = 'c2VjcmV0LW9mLWEta2V5'
const never = new AbortController().signal

function sinkThat(write: () => Promise<Receipt>): Sink {
  const sink: Sink = {
    name: 'a',
    form: 'event',
    ordered: false,
    maxInFlight: 1,
    open: () => write().then(() => {}),
    write,
    present: () => write().then(() => []),
    close: async () => {},
  }
  return withMaskedWords(sink, async () => [`ApiKey ${SECRET}`])
}

describe('a sink whose server repeats what it was sent', () => {
  const words = `missing authentication credentials [ApiKey ${SECRET}]`

  it('tells it in no error', async () => {
    for (const thrown of [
      new RetryableError(words, { needsOperator: true, cause: new Error(words) }),
      new PermanentError(words),
    ]) {
      const sink = sinkThat(() => Promise.reject(thrown))
      for (const act of [
        () => sink.open(never),
        () => sink.write(pieceOf([]), never),
        () => sink.present!(pieceOf([]), never),
      ]) {
        const error = await act().then(
          () => undefined,
          (failure: Error) => failure,
        )
        expect(error).toBeInstanceOf(thrown.constructor)
        expect(`${error?.message}${error?.stack}${error?.cause}`).not.toContain(SECRET)
        if (thrown instanceof RetryableError) expect(error).toMatchObject({ needsOperator: true })
      }
    }
  })

  it('tells it in no receipt, and leaves the rest of it as it is', async () => {
    const receipt = {
      retry: [1],
      rejected: [{ index: 0, reason: 'refused', detail: words }],
      cause: new RetryableError(words),
      conflicts: 2,
    }
    const told = await sinkThat(async () => receipt).write(pieceOf([]), never)
    expect(told).toMatchObject({ retry: [1], rejected: [{ index: 0, reason: 'refused' }], conflicts: 2 })
    expect(`${told.rejected[0]?.detail} ${told.cause?.message}`).not.toContain(SECRET)
    expect(told.rejected[0]?.detail).toContain('missing authentication credentials')
  })
})
