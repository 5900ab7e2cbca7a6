import type { Outcome } from '../control/protocol.ts'
import { print } from './print.ts'
import type { Ran } from './run-request.ts'
import { plain } from './table.ts'

/** Prints what became of a request, one line a sink. Where something failed the exit code is 1. */
export async function printOutcomes({ outcomes, byService }: Ran, asJson: boolean): Promise<void> {
  for (const outcome of outcomes) await print(`${asJson ? JSON.stringify(outcome) : plain(sentence(outcome))}\n`)
  for (const outcome of outcomes) {
    if (outcome.command !== 'redrive' || outcome.failure === undefined) continue
    process.stderr.write(
      `${outcome.sink}: not all dead letters were redriven, the others stay. ${plain(outcome.failure)}\n`,
    )
    process.exitCode = 1
  }
  const waits = outcomes.some(outcome => outcome.command !== 'discard' && outcome.batches > 0)
  if (waits && !byService) process.stderr.write('The service is stopped: they are delivered when it starts.\n')
}

function sentence(outcome: Outcome): string {
  const { sink } = outcome
  switch (outcome.command) {
    case 'redrive': {
      const skipped = Object.entries(outcome.skipped).map(([reason, rows]) => `${count(rows)} ${reason}`)
      const stay = skipped.length > 0 ? `; ${skipped.join(', ')} stay, as those rows hold no line` : ''
      return `${sink}: ${rowsText(outcome.rows)} redriven in ${batchesText(outcome.batches)}${stay}.`
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
