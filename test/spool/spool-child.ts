import { createInterface } from 'node:readline'
import { createDiskSpool } from '../../src/spool/disk.ts'
import { put } from '../contract/spool-kit.ts'

/**
 * A process with a spool, for tests that need another one: says `open` or why not, then with `store` keeps storing batches of the
 * numbers 0, 1, 2 … from 4 writers and says each number after its commit; with `ask` stores one batch for each line of its input
 * and says what came of it, as a user whom the modes of folders bind; with `replay` replays all that is kept, and delivers it as it comes.
 */
const [dir, task] = process.argv.slice(2)
const log = { info() {}, warn() {}, error() {} }
const options = {
  sinks: ['one'],
  maxBytes: 1e9,
  minFreeBytes: 0,
  duplicateWindowMs: 0,
  keepBytes: 1e9,
  onStored() {},
  log,
}
const spool = createDiskSpool({ ...options, dir: dir! })
if (task === 'ask' && process.getuid?.() === 0) process.setuid?.(65_534)
try {
  await spool.open()
  console.log('open')
  let number = 0
  if (task === 'store')
    for (let writer = 0; writer < 4; writer++)
      void (async () => {
        for (;;) {
          const mine = number++
          await put(spool, `${mine} `.repeat(1 + ((mine * 7919) % 60_000)))
          console.log(mine)
        }
      })()
  if (task === 'replay') {
    const never = new AbortController().signal
    void spool.replay('one', { since: undefined, until: undefined })
    for (;;) {
      const claim = await spool.claim('one', never)
      await claim.ack()
      console.log(claim.batch.lines)
    }
  }
  if (task === 'ask')
    for await (const line of createInterface(process.stdin)) console.log(await put(spool, line).catch(String))
  setInterval(() => {}, 1000)
} catch (error) {
  console.log(error instanceof Error ? `${error.name}: ${error.message}` : error)
}
