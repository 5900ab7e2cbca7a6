import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { Spool } from '../spool/spool.ts'
import type { SendRows, TakenRows } from './dead-letter-edits.ts'
import { readRows } from './dead-letter-rows.ts'

export interface RowSenderDeps {
  readonly spool: Pick<Spool, 'draft' | 'holds'>
  readonly sink: string
  readonly now?: () => number
}

const CHUNK_BYTES = 256 * 1024
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?Z$/

/**
 * Commits dead letters to the spool, as one batch of the format `rows` for their sink: the rows verbatim, under a batch id that is the
 * SHA-256 of sink, dataset and rows. No two rows are equal, as each has the name and line of the batch that it came from; so rows that
 * are sent again after a crash are found by it while they wait.
 */
export function createRowSender({ spool, sink, now = Date.now }: RowSenderDeps): SendRows {
  return async taken => {
    const file = await open(taken.path, 'r')
    try {
      const { batchId, rows, received } = await describe(file, taken)
      if (rows === 0 || spool.holds(batchId)) return rows
      await store(file, taken, batchId, rows, received ?? new Date(now()).toISOString())
      return rows
    } finally {
      await file.close()
    }
  }

  async function describe(file: FileHandle, { dataset }: TakenRows) {
    const hash = createHash('sha256').update(`${JSON.stringify([sink, dataset])}\n`)
    for await (const chunk of chunksOf(file)) hash.update(chunk)
    const { size } = await file.stat()
    let rows = 0
    let received: string | undefined
    for await (const { letter } of readRows(file, 0, size)) {
      rows++
      received ??= letter.received !== undefined && TIME.test(letter.received) ? letter.received : undefined
    }
    return { batchId: new Uint8Array(hash.digest()), rows, received }
  }

  async function store(file: FileHandle, taken: TakenRows, batchId: Uint8Array, lines: number, time: string) {
    const draft = await spool.draft()
    try {
      for await (const chunk of chunksOf(file)) await draft.write(chunk)
      const batch = { batchId, dataset: taken.dataset, lines, format: 'rows', gzip: false, time } as const
      await draft.commit({ ...batch, deduplicate: false, again: { kind: 'redrive', sink } })
    } catch (error) {
      await draft.discard()
      throw error
    }
  }
}

async function* chunksOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; ) {
    // A new one each time: the spool keeps it until it is written.
    const space = Buffer.allocUnsafe(CHUNK_BYTES)
    const { bytesRead } = await file.read(space, 0, space.length, position)
    if (bytesRead === 0) return
    yield space.subarray(0, bytesRead)
    position += bytesRead
  }
}
