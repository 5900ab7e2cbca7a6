import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fsyncFolder } from '../lib/durable-folder.ts'
import { createSerial } from '../lib/serial.ts'
import { listFolder, returnedName, type TakenName } from './dead-letter-files.ts'
import { type LetterFilter, meets } from './dead-letter-filter.ts'
import { type Letter, UNREADABLE } from './dead-letter-rows.ts'
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
  /** After each batch. Must not throw. */
  readonly onProgress?: (rows: number) => void
  /** When it is aborted, what is not in the spool yet becomes dead letters again. */
  readonly signal?: AbortSignal | undefined
}

export interface Redriven {
  /** Rows and batches that are in the spool now. */
  readonly rows: number
  readonly batches: number
  /** Rows that meet the filter and hold no line to send, by reason. */
  readonly skipped: Readonly<Record<string, number>>
  /** Why not all went: what is left are dead letters as before. */
  readonly failure: Error | undefined
}

export interface Discarded {
  readonly rows: number
  readonly bytes: number
}

/** Rows leave the dead letters: to the spool or for good. One edit at a time; appends go on. */
export interface DeadLetterEdits {
  /** Brings to an end what an edit left that was broken off: to be called before anything else is done in the folder. */
  recover(send: SendRows): Promise<Omit<Redriven, 'skipped'>>
  redrive(options: RedriveOptions): Promise<Redriven>
  /** Rejects when it is aborted; what was discarded until then is gone. */
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
      try {
        onSent(await send({ path, dataset }))
      } catch (error) {
        await giveBack(taken.slice(index))
        throw error
      }
      await rm(path)
      await fsyncFolder(folder)
    }
  }

  const giveBack = async (taken: readonly TakenName[]) => {
    for (const { name, day } of taken) {
      await rename(join(folder, name), join(folder, returnedName(day, (await listFolder(folder)).letters)))
    }
    await fsyncFolder(folder)
  }

  const recover = async (send: SendRows, onSent: (rows: number) => void) => {
    await undoAll()
    const { taken } = await listFolder(folder)
    if (taken.length === 0) return
    // The renames behind it may not have been durable yet.
    await fsyncFolder(folder)
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

  const redrive = async ({ filter, send, declare, onProgress, signal }: RedriveOptions): Promise<Redriven> => {
    const skipped = new Map<string, number>()
    const judge = ({ letter }: { readonly letter: Letter }) => {
      if (!meets(letter, filter)) return 'stay'
      if (letter.hasOriginal && letter.reason !== UNREADABLE) return { dataset: declare(letter) }
      skipped.set(letter.reason, (skipped.get(letter.reason) ?? 0) + 1)
      return 'stay'
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
    for (const letters of (await listFolder(folder)).letters) {
      let found = 0
      let foundBytes = 0
      const judge = ({
        letter,
        start,
        end,
      }: {
        readonly letter: Letter
        readonly start: number
        readonly end: number
      }) => {
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
