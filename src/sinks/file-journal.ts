import { constants } from 'node:fs'
import { join } from 'node:path'
import type { BaseLogger } from 'pino'
import { fsyncFolder, makeFolder } from '../lib/durable-folder.ts'
import { hasCode } from '../lib/error-code.ts'
import { type Files, type OpenFile, realFiles } from '../lib/files.ts'
import { freePlace } from '../lib/free-place.ts'
import { createSerial } from '../lib/serial.ts'
import { readAll, writeAll } from '../lib/whole-file.ts'
import { createMarks, type Mark, type Marks } from './file-marks.ts'
import { applyRecord, type JournalRecord, parseRecord, recordsOf, toLine } from './file-records.ts'

/**
 * The journal of the file sink: where each batch begins in which event file. It makes the sink exactly once across kill -9.
 *
 * `file-sink.journal` is text, one JSON object a line, appended to:
 *
 *     {"version":2}                                                  the first line
 *     {"batch":B,"dataset":D,"file":F,"offset":O,"first":N[,"end":E]} from byte O of D/F.ndjson on lie events of B; N came before.
 *                                                                    They reach to E, else to the next O of that file, else to its end.
 *     {"batch":B,"dataset":D,"done":N}                               the first N events of B in D are safe
 *     {"settled":[B,…]}                                              these batches never come again
 *     {"finished":F,"dataset":D}                                     D/F.ndjson never grows again
 *
 * - Each line has a last member more, `"crc":N`, the CRC-32 of the line without it: a digit that changed would make the sink leave
 *   events out. Lines of version 1 have none.
 * - A record is written before the first byte that it tells of. So after a kill every whole line of an event file is accounted for,
 *   and a torn record at the end tells of nothing. It needs no fsync for this: what was written survives the process.
 * - After a power loss records may be missing. Then events of batches that were not settled may be written again; none is left out,
 *   since the events of a batch are whole in the file before those of a later batch begin.
 * - It is written anew, without what is settled, at every open, when it has grown, and before the next record when one could not be
 *   written: records that follow rely on it. So its folder is fsynced before the next record: the journal before it would count for the
 *   last batch that it knows whatever came after, such as an older batch that came again because a power loss took its receipt.
 */
const FILE = 'file-sink.journal'
const VERSION = 2
const GROWTH_BYTES = 256 * 1024
const MAX_BYTES = 64 * 1024 ** 2
/** Batches whose settling a kill kept us from noting; no more of them are remembered. */
const MAX_BATCHES = 10_000
const SETTLED_AT_ONCE = 64
const TRUNCATE_AND_APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND

export interface Journal {
  readonly marks: Marks
  /** The newest finished file of each dataset. */
  readonly finished: ReadonlyMap<string, string>
  /** Notes that events of the batch follow. Rejects when it could not be written; the events must then not be either. */
  begin(mark: Mark, stem: string, offset: number): Promise<void>
  /** All events of the dataset so far are fsynced, and so safe whatever becomes of the files. `finished` never grows again. */
  secure(dataset: string, finished?: string): Promise<void>
  settle(batch: string): void
  /** Writes what settle left. */
  flush(): Promise<void>
  /** Writes the journal anew. */
  rewrite(): Promise<void>
  close(): Promise<void>
}

export async function openJournal(
  folder: string,
  log: Pick<BaseLogger, 'warn'>,
  files: Files = realFiles,
): Promise<Journal> {
  const path = join(folder, FILE)
  const marks = createMarks()
  const finished = new Map<string, string>()
  const serial = createSerial()
  let settled: string[] = []
  let handle: OpenFile | undefined
  let size = 0
  let limit = 0
  /** A write failed: memory tells more than the file, and the file's end may be torn. Or its name may not survive a power loss. */
  let behind = false

  await makeFolder(folder, files)
  // A pipe would be waited for, and a link leads to what is not ours.
  await freePlace(`${path}.new`, files)
  await read(files, path, log, record => applyRecord(record, marks, finished))
  marks.trim(MAX_BATCHES)

  async function write(text: string): Promise<void> {
    if (!handle) throw new Error('The journal of the file sink is closed.')
    if (behind || size > limit)
      await compact().catch(error => {
        if (behind) throw error
        postpone(error)
      })
    behind = true
    const bytes = Buffer.from(text)
    await writeAll(handle, bytes)
    behind = false
    size += bytes.length
  }

  function postpone(error: unknown): void {
    limit = size + GROWTH_BYTES
    log.warn({ err: error }, 'The journal of the file sink could not be shortened; it grows on.')
  }

  async function compact(): Promise<void> {
    marks.trim(MAX_BATCHES)
    const text = toLine({ version: VERSION }) + recordsOf(marks.all(), finished).map(toLine).join('')
    const temporary = `${path}.new`
    await makeFolder(folder, files)
    const fresh = await files.open(temporary, TRUNCATE_AND_APPEND, 0o600)
    try {
      await writeAll(fresh, Buffer.from(text))
      await fresh.datasync()
      await files.rename(temporary, path)
    } catch (error) {
      await fresh.close()
      throw error
    }
    const old = handle
    handle = fresh
    size = Buffer.byteLength(text)
    limit = size + GROWTH_BYTES
    behind = true
    // Nothing of it is needed any more.
    await old?.close().catch(() => {})
    await fsyncFolder(folder, files)
    behind = false
  }

  /** Applies records at once and writes them in order, with what waits to be noted as settled. */
  function append(records: JournalRecord[]): Promise<void> {
    for (const record of records) applyRecord(record, marks, finished)
    const all = settled.length > 0 ? [{ settled }, ...records] : records
    settled = []
    return serial(() => write(all.map(toLine).join('')))
  }

  async function flush(): Promise<void> {
    if (settled.length > 0 || behind) await append([])
  }

  return {
    marks,
    finished,
    flush,
    begin: ({ batch, dataset, done }, stem, offset) => append([{ batch, dataset, file: stem, offset, first: done }]),
    async secure(dataset, stem) {
      const touched = marks.all().filter(mark => mark.dataset === dataset && mark.extents.length > 0)
      const records: JournalRecord[] = touched.map(({ batch, done }) => ({ batch, dataset, done }))
      if (stem !== undefined) records.push({ finished: stem, dataset })
      if (records.length === 0) return
      await append(records)
      // A finished file may be compressed or deleted, and then it cannot tell any more what it held.
      if (stem !== undefined) await serial(async () => handle?.datasync()).catch(error => postpone(error))
    },
    settle(batch) {
      marks.settle(batch)
      settled.push(batch)
      if (settled.length >= SETTLED_AT_ONCE) append([]).catch(error => postpone(error))
    },
    rewrite: () => serial(compact),
    async close() {
      await serial(async () => {
        const closing = handle
        handle = undefined
        await closing?.close()
      })
    },
  }
}

async function read(
  files: Files,
  path: string,
  log: Pick<BaseLogger, 'warn'>,
  apply: (record: JournalRecord) => void,
): Promise<void> {
  const there = await files.lstat(path).catch(error => {
    if (!hasCode(error, 'ENOENT')) throw error
  })
  if (!there) return
  const text = there.isFile() && there.size <= MAX_BYTES ? await readText(files, path) : ''
  // The last line is either complete and followed by nothing, or torn.
  const [head = '', ...lines] = text.split('\n').slice(0, -1)
  let bad = 0
  const isBare = head === '{"version":1}'
  if (isBare || head === toLine({ version: VERSION }).trimEnd()) {
    for (const line of lines) {
      const record = line === '' ? undefined : parseRecord(line, isBare)
      if (record) apply(record)
      else if (line !== '') bad += 1
    }
    if (bad === 0) return
  } else {
    await files.rename(path, `${path}.damaged-${Date.now()}`)
  }
  log.warn(
    { path, badRecords: bad },
    'The journal of the file sink is damaged: events of batches that were not acknowledged may be written twice.',
  )
}

async function readText(files: Files, path: string): Promise<string> {
  const file = await files.open(path, 'r')
  try {
    return Buffer.concat(await Array.fromAsync(readAll(file))).toString()
  } finally {
    await file.close()
  }
}
