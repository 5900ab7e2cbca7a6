import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fsyncFolder } from '../lib/durable-folder.ts'
import { createSerial } from '../lib/serial.ts'
import { listFolder, returnedName, type TakenName } from './dead-letter-files.ts'
import { type LetterFilter, meets } from './dead-letter-filter.ts'
import { isOriginalLonger } from './dead-letter-length.ts'
import { type Letter, readRows, type StoredRow, UNREADABLE } from './dead-letter-rows.ts'
import { splitLetters, undoEdit } from './dead-letter-split.ts'

/** Rows on their way to the spool: a file of whole rows, verbatim. */
export interface TakenRows {
  /** Absolute. */
  readonly path: string
  readonly dataset: string | undefined
}

/**
 * Resolves when the rows are durable in the spool, with their number. Where the spool holds them already it stores nothing. Rejects, and
 * then nothing is stored.
 */
export type SendRows = (taken: TakenRows) => Promise<number>

export interface RedriveOptions {
  readonly filter: LetterFilter
  readonly send: SendRows
  /** The dataset to declare for a letter that was taken for this one; undefined: each record's fields decide. */
  readonly declare: (letter: Letter) => string | undefined
  /** Rows whose line is longer stay: mapped again it would be cut, and what is cut is lost. By default any goes. */
  readonly maxLineBytes?: number | undefined
  /** After each batch. Must not throw. */
  readonly onProgress?: (rows: number) => void
  /** When it is aborted, what is not in the spool yet becomes dead letters again. */
  readonly signal?: AbortSignal | undefined
}

export interface Redriven {
  /** Rows and batches that are in the spool now. */
  readonly rows: number
  readonly batches: number
  /** Rows that meet the filter and stay: by their reason those that hold no line to send, as TOO_LONG those whose line is too long. */
  readonly skipped: Readonly<Record<string, number>>
  /** Why not all went: what is left are dead letters as before. */
  readonly failure: Error | undefined
}

export interface Discarded {
  readonly rows: number
  readonly bytes: number
}

export const TOO_LONG = 'too_long'

/** Rows leave the dead letters: to the spool or for good. One edit at a time; appends go on. */
export interface DeadLetterEdits {
  /** Brings to an end what an edit left that was broken off: to be called before anything else is done in the folder. */
  recover(send: SendRows): Promise<Omit<Redriven, 'skipped'>>
  redrive(options: RedriveOptions): Promise<Redriven>
  /**
   * Of what an edit left that was broken off as well. Rejects when it is aborted; what was discarded until then is gone.
   */
  discard(filter: LetterFilter, signal?: AbortSignal): Promise<Discarded>
}

export interface EditsDeps {
  readonly folder: string
  /** Runs a task while nothing is appended, with all rows whole. */
  readonly alone: <T>(task: () => Promise<T>) => Promise<T>
}

export function createEdits({ folder, alone }: EditsDeps): DeadLetterEdits {
  const serial = createSerial()

  const undoAll = async () => {
    const { edited, taken } = await listFolder(folder)
    for (const letters of edited) {
      await undoEdit(
        folder,
        letters,
        taken.filter(each => each.letters === letters),
      )
    }
  }

  /** Sends files of taken rows, in order; from the first failure on they become dead letters again. */
  const sendAll = async (taken: readonly TakenName[], send: SendRows, onSent: (rows: number) => void) => {
    for (const [index, { name, dataset }] of taken.entries()) {
      const path = join(folder, name)
      let rows: number
      try {
        rows = await send({ path, dataset })
        onSent(rows)
      } catch (error) {
        await giveBack(taken.slice(index))
        throw error
      }
      // No whole row: what it holds is damaged and stays, under a name that is nobody's business.
      if (rows === 0) await rename(path, `${path}.damaged`)
      else await rm(path)
      await fsyncFolder(folder)
    }
  }

  const giveBack = async (taken: readonly TakenName[]) => {
    for (const { name, day } of taken) {
      await rename(join(folder, name), join(folder, returnedName(day, (await listFolder(folder)).letters)))
    }
    await fsyncFolder(folder)
  }

  /** No more files than needed: the spool may hold the rows of one already, and finds that out only as long as it is as it was. */
  const giveBackWhatMeets = async (filter: LetterFilter, signal: AbortSignal | undefined) => {
    const met: TakenName[] = []
    for (const taken of (await listFolder(folder)).taken) {
      signal?.throwIfAborted()
      if (await holdsRow(join(folder, taken.name), filter)) met.push(taken)
    }
    if (met.length === 0) return
    // The renames behind them may not have been durable yet.
    await fsyncFolder(folder)
    await giveBack(met)
  }

  const recover = async (send: SendRows, onSent: (rows: number) => void) => {
    await undoAll()
    const { taken } = await listFolder(folder)
    if (taken.length === 0) return
    // The renames behind it may not have been durable yet.
    await fsyncFolder(folder)
    // Batches that are delivered again must not bring these rows once more.
    await alone(async () => {})
    await sendAll(taken, send, onSent)
  }

  /** Counts what was sent, also where a failure ends it. */
  const counted = async (
    work: (onSent: (rows: number) => void) => Promise<void>,
    onProgress?: (rows: number) => void,
  ) => {
    let rows = 0
    let batches = 0
    let failure: Error | undefined
    const onSent = (sent: number) => {
      rows += sent
      batches++
      onProgress?.(rows)
    }
    try {
      await work(onSent)
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error))
    }
    return { rows, batches, failure }
  }

  const redrive = async (options: RedriveOptions): Promise<Redriven> => {
    const { filter, send, declare, maxLineBytes = Number.POSITIVE_INFINITY, onProgress, signal } = options
    const skipped = new Map<string, number>()
    const skip = (why: string) => {
      skipped.set(why, (skipped.get(why) ?? 0) + 1)
      return 'stay' as const
    }
    const judge = async (row: StoredRow, file: FileHandle) => {
      const { letter } = row
      if (!meets(letter, filter)) return 'stay'
      if (!letter.hasOriginal || letter.reason === UNREADABLE) return skip(letter.reason)
      if (await isOriginalLonger(file, row, maxLineBytes)) return skip(TOO_LONG)
      return { dataset: declare(letter) }
    }
    const checked: SendRows = taken => {
      signal?.throwIfAborted()
      return send(taken)
    }
    const result = await counted(async onSent => {
      await recover(checked, onSent)
      for (const letters of (await listFolder(folder)).letters) {
        await sendAll(await splitLetters({ folder, letters, judge, alone, signal }), checked, onSent)
      }
    }, onProgress)
    return { ...result, skipped: Object.fromEntries(skipped) }
  }

  const discard = async (filter: LetterFilter, signal?: AbortSignal): Promise<Discarded> => {
    let rows = 0
    let bytes = 0
    await undoAll()
    await giveBackWhatMeets(filter, signal)
    for (const letters of (await listFolder(folder)).letters) {
      let found = 0
      let foundBytes = 0
      const judge = ({ letter, start, end }: StoredRow) => {
        if (!meets(letter, filter)) return 'stay'
        found++
        foundBytes += end - start
        return 'go'
      }
      await splitLetters({ folder, letters, judge, alone, signal })
      rows += found
      bytes += foundBytes
    }
    return { rows, bytes }
  }

  return {
    recover: send => serial(() => counted(onSent => recover(send, onSent))),
    redrive: options => serial(() => redrive(options)),
    discard: (filter, signal) => serial(() => discard(filter, signal)),
  }
}

async function holdsRow(path: string, filter: LetterFilter): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    for await (const { letter } of readRows(file, 0, size)) if (meets(letter, filter)) return true
    return false
  } finally {
    await file.close()
  }
}
