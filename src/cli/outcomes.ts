import type { Outcome } from '../control/protocol.ts'
import { TOO_LONG } from '../delivery/dead-letter-edits.ts'
import { print } from './print.ts'
import type { Ran } from './run-request.ts'
import { plain } from './table.ts'

/** Prints what became of a request, one line a sink. Where something failed the exit code is 1. */
export async function printOutcomes({ outcomes, byService }: Ran, asJson: boolean): Promise<void> {
  for (const outcome of outcomes) await print(`${asJson ? JSON.stringify(outcome) : plain(sentence(outcome))}\n`)
  for (const outcome of outcomes) {
    for (const problem of problemsOf(outcome)) {
      process.stderr.write(`${outcome.sink}: ${plain(problem)}\n`)
      process.exitCode = 1
    }
  }
  const waits = outcomes.some(outcome => outcome.command !== 'discard' && outcome.batches > 0)
  if (waits && !byService) process.stderr.write('The service is stopped: they are delivered when it starts.\n')
}

function problemsOf(outcome: Outcome): string[] {
  const problems: string[] = []
  if (outcome.command === 'redrive' && outcome.failure !== undefined) {
    problems.push(`not all dead letters were redriven, the others stay. ${outcome.failure}`)
  }
  if (outcome.command === 'replay') {
    if (outcome.failure !== undefined) problems.push(`not all kept batches were replayed. ${outcome.failure}`)
    const { damaged = 0 } = outcome
    if (damaged > 0)
      problems.push(
        `${damaged === 1 ? '1 kept batch is' : `${count(damaged)} kept batches are`} damaged and cannot be replayed.`,
      )
  }
  return problems
}

function sentence(outcome: Outcome): string {
  const { sink } = outcome
  switch (outcome.command) {
    case 'redrive': {
      const { [TOO_LONG]: tooLong = 0, ...noLine } = outcome.skipped
      const skipped = Object.entries(noLine).map(([reason, rows]) => `${count(rows)} ${reason}`)
      const stay = skipped.length > 0 ? `; ${skipped.join(', ')} stay, as those rows hold no line` : ''
      const long =
        tooLong > 0 ? `; ${count(tooLong)} ${TOO_LONG} stay, as their lines are longer than MAX_LINE_BYTES` : ''
      return `${sink}: ${rowsText(outcome.rows)} redriven in ${batchesText(outcome.batches)}${stay}${long}.`
    }
    case 'discard':
      return `${sink}: ${rowsText(outcome.rows)} discarded (${count(outcome.bytes)} bytes).`
    case 'replay':
      return `${sink}: ${batchesText(outcome.batches)} of ${count(outcome.lines)} lines to be delivered again.`
  }
}

const count = (number: number) => number.toLocaleString('en-US')
const rowsText = (rows: number) => `${count(rows)} ${rows === 1 ? 'dead letter' : 'dead letters'}`
const batchesText = (batches: number) => `${count(batches)} ${batches === 1 ? 'batch' : 'batches'}`
