import type { DeadLetters, Row } from './dead-letters.ts'
import type { Log } from './log.ts'

export interface WriteRowsDeps {
  readonly sink: string
  readonly deadLetters: DeadLetters
  readonly log: Log
  /** Rejects when the drain gives up. */
  readonly pause: (ms: number) => Promise<void>
}

const PAUSE_MS = 5000

/** Resolves when the rows are durable: waits while there is no room or the disk fails. Tries at least once; rejects as `pause` does. */
export async function writeRows(deps: WriteRowsDeps, rows: readonly Row[]): Promise<void> {
  const { sink, deadLetters, log, pause } = deps
  for (let said = false; ; said = true) {
    try {
      if (await deadLetters.append(rows)) return
      if (!said)
        log.error(
          { sink },
          'The dead letters have reached DEAD_LETTERS_MAX_BYTES; the sink waits until some are redriven or discarded.',
        )
    } catch (error) {
      if (!said) log.error({ sink, err: error }, 'Dead letters cannot be written; the sink waits.')
    }
    await pause(PAUSE_MS)
  }
}
