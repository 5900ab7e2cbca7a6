/**
 * Writes batch after batch through a file sink until it is killed, as a drain does: in order, several writes at a time, and after a
 * start from the first batch that is not in the list of acknowledged ones.
 *
 * Arguments: the folder, the sink's options as JSON.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { createFileSink } from '../../src/sinks/file.ts'
import { piecesOfBatch } from './file-sink-load.ts'

const [root = '', options = '{}'] = process.argv.slice(2)
const acknowledged = join(root, 'acknowledged')
const sink = createFileSink({
  dir: join(root, 'events'),
  stateDir: join(root, 'state'),
  retentionMs: 0,
  log: pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true })),
  ...JSON.parse(options),
})
const signal = new AbortController().signal
await sink.open(signal)
process.stdout.write('ready\n')

const done = existsSync(acknowledged) ? readFileSync(acknowledged, 'utf8').trimEnd().split('\n').length : 0
let inFlight: Promise<unknown>[] = []
let acks = Promise.resolve()
for (let batch = done; ; batch++) {
  const writes: Promise<unknown>[] = []
  for (const piece of piecesOfBatch(batch)) {
    const write = sink.write(piece, signal)
    writes.push(write)
    inFlight.push(write)
    if (inFlight.length >= sink.maxInFlight) await inFlight[0]
    inFlight = inFlight.slice(-sink.maxInFlight + 1)
  }
  acks = Promise.all([acks, ...writes]).then(() => {
    appendFileSync(acknowledged, `${batch}\n`)
    sink.settled?.(`batch-${batch}`)
  })
}
