import { httpErrors, UnavailableError } from '../errors.ts'
import type { Metrics } from '../metrics.ts'
import { createGate, type Gate } from './gate.ts'

/** What limits how many bodies are received at a time. A gate is passed behind the authentication, where the key is in the request. */
export interface Gates {
  /** Bodies that stream to the spool: each costs an inflater and a few buffers, 0.3 to 1 MiB. */
  readonly plain: Gate
  /** JSON bodies, each held whole. */
  readonly keyed: Gate
  /** The same, where a stranger comes in; he must not be able to close the other gates. */
  readonly keyInBody: Gate
  /** Nobody waits any longer: who would have to is answered that the service shuts down. */
  close(): void
}

const MAX_WAIT_MS = 10_000
const JSON_GATE = { places: 4, maxWaiting: 64, maxWaitMs: 5000 }

/**
 * @param maxReceiving bodies that stream to the spool at a time. As many again may wait: each costs a connection and what Node reads ahead of
 *   its body, up to 128 KiB
 */
export function createGates(maxReceiving: number, { receiving }: Pick<Metrics, 'receiving'>): Gates {
  const plain = createGate({
    places: maxReceiving,
    maxWaiting: maxReceiving,
    maxWaitMs: MAX_WAIT_MS,
    refusal: () => new httpErrors.unavailable('too many batches at a time'),
    onChange(inside, waiting) {
      receiving.set({ state: 'receiving' }, inside)
      receiving.set({ state: 'waiting' }, waiting)
    },
  })
  const refusal = () => new httpErrors.unavailable('too many JSON bodies at a time')
  const keyed = createGate({ ...JSON_GATE, refusal })
  const keyInBody = createGate({ ...JSON_GATE, refusal })
  return {
    plain,
    keyed,
    keyInBody,
    close() {
      for (const gate of [plain, keyed, keyInBody]) gate.close(new UnavailableError('shutting down'))
    },
  }
}
