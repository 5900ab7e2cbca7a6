import type { Letter } from '../delivery/dead-letter-rows.ts'
import { type DeadLetterStore, sinksWithLetters } from '../delivery/dead-letter-store.ts'
import type { Log } from '../delivery/log.ts'
import { createRowSender } from '../delivery/redrive.ts'
import { ReplayStoppedError, UnavailableError, UsageError } from '../errors.ts'
import type { Spool } from '../spool/spool.ts'
import type { Outcome, Progress, Request } from './protocol.ts'

export interface OperationsDeps {
  /** Opened. Without one, as of a service that is stopped, only discard is possible. */
  readonly spool: Pick<Spool, 'draft' | 'holds' | 'refusal' | 'replay' | 'kept'> | undefined
  /** That are configured. */
  readonly sinks: readonly string[]
  /** The names of the known datasets. */
  readonly datasets: readonly string[]
  readonly letters: DeadLetterStore
  /** The folder of the dead letters of all sinks. */
  readonly folder: string
  /** Whether delivered batches are kept for replay. */
  readonly keeps: boolean
  /** MAX_LINE_BYTES, by which lines are cut when they are mapped; by default none is. */
  readonly maxLineBytes?: number | undefined
  readonly log: Log
}

/** What an operator has done by the process that holds the lock of the data folder. */
export interface Operations {
  /**
   * Before the drains run: brings to an end what a redrive left that was broken off. Never rejects: what cannot be done now is logged, and
   * done before the next redrive.
   */
  recover(): Promise<void>
  /**
   * One outcome a sink, in the order of the alphabet; after the first with a failure no other sink is begun. Rejects with UsageError where the
   * request makes no sense here, and then nothing was done.
   */
  run(request: Request, onProgress: (progress: Progress) => void, signal: AbortSignal): Promise<Outcome[]>
}

/** @throws UsageError for a sink that is not configured */
export function checkSink(sink: string, sinks: readonly string[]): void {
  if (!sinks.includes(sink)) throw new UsageError(`SINKS does not name ${sink}; it names ${sinks.join(', ')}.`)
}

export function createOperations(deps: OperationsDeps): Operations {
  const { spool, sinks, datasets, letters, folder, keeps, maxLineBytes, log } = deps

  /** A declared dataset stands over what the fields say; one that was found holds, so that a letter is mapped as it was. */
  const declare = ({ declared, dataset }: Letter): string | undefined =>
    [declared, dataset].find(name => name !== undefined && datasets.includes(name))

  const needSpool = () => {
    if (spool === undefined) throw new Error('this needs the spool')
    return spool
  }

  const redrive = async (
    sink: string,
    { filter }: Extract<Request, { command: 'redrive' }>,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    const refusal = needSpool().refusal()
    const send = createRowSender({ spool: needSpool(), sink })
    const { failure, ...done } =
      refusal === undefined
        ? await letters
            .of(sink)
            .redrive({ filter, send, declare, maxLineBytes, signal, onProgress: rows => onProgress({ sink, rows }) })
        : { rows: 0, batches: 0, skipped: {}, failure: new UnavailableError(refusal) }
    const failed = failure === undefined ? {} : { failure: failure.message }
    log.info({ sink, ...done, ...failed }, 'Dead letters were redriven.')
    return { command: 'redrive', sink, ...done, ...failed }
  }

  const discard = async (
    sink: string,
    { filter }: Extract<Request, { command: 'discard' }>,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    const done = await letters.of(sink).discard(filter, signal)
    log.info({ sink, ...filter, ...done }, 'Dead letters were discarded.')
    return { command: 'discard', sink, ...done }
  }

  const replay = async ({ sink, since, until, from }: Extract<Request, { command: 'replay' }>): Promise<Outcome> => {
    const spool = needSpool()
    const done = await spool.replay(sink, { since, until, from }).catch((error: unknown) => {
      if (!(error instanceof ReplayStoppedError)) throw error
      return { ...error.replayed, failure: error.message, next: error.next }
    })
    log.info({ sink, ...done }, 'Kept batches were replayed.')
    return { command: 'replay', sink, ...done, keeps: keeps || spool.kept.batches > 0 }
  }

  const sinksOf = async (request: Request): Promise<readonly string[]> => {
    const { command, sink } = request
    if (command === 'replay') {
      checkSink(request.sink, sinks)
      return [request.sink]
    }
    const present = await sinksWithLetters(folder)
    if (sink === undefined) return command === 'redrive' ? present.filter(name => sinks.includes(name)) : present
    // Letters may be left of a sink that is not configured any more: they can be discarded.
    if (command === 'redrive' || !present.includes(sink)) checkSink(sink, sinks)
    return present.includes(sink) ? [sink] : []
  }

  return {
    async recover() {
      for (const sink of sinks) {
        const { failure, ...done } = await letters.of(sink).recover(createRowSender({ spool: needSpool(), sink }))
        if (failure !== undefined) {
          log.error({ sink, err: failure, ...done }, 'A redrive that was broken off could not be brought to an end.')
        } else if (done.batches > 0) log.info({ sink, ...done }, 'A redrive that was broken off was brought to an end.')
      }
    },
    async run(request, onProgress, signal) {
      const outcomes: Outcome[] = []
      for (const sink of await sinksOf(request)) {
        signal.throwIfAborted()
        const outcome =
          request.command === 'redrive'
            ? await redrive(sink, request, onProgress, signal)
            : request.command === 'discard'
              ? await discard(sink, request, signal)
              : await replay(request)
        outcomes.push(outcome)
        if ('failure' in outcome) break
      }
      return outcomes
    },
  }
}
