import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fsyncFolder } from '../lib/durable-folder.ts'
import { createNewFile, type NewFile } from '../lib/new-file.ts'
import { keepName, type TakenName, takenName, takenOf } from './dead-letter-files.ts'
import { readRows, type StoredRow } from './dead-letter-rows.ts'

/** What becomes of a row: it stays, it goes, or it is taken as a line of this dataset (undefined: none declared). */
export type Verdict = 'stay' | 'go' | { readonly dataset: string | undefined }

export interface SplitOptions {
  readonly folder: string
  /** The name of the file of rows. */
  readonly letters: string
  /** Called for each row once, in order; awaited. */
  readonly judge: (row: StoredRow, file: FileHandle) => Verdict | Promise<Verdict>
  /** Runs a task while nothing is appended to the folder's files. */
  readonly alone: <T>(task: () => Promise<T>) => Promise<T>
  readonly signal?: AbortSignal | undefined
}

/** So that redriven rows pass through the spool like batches that a sender would send. */
const MAX_TAKEN_BYTES = 16 * 1024 * 1024
const MAX_TAKEN_ROWS = 10_000

/**
 * Takes rows out of a file of dead letters, in the steps that dead-letter-files.ts tells. Rows that are appended meanwhile stay. When it
 * rejects, the edit is undone, or recovery finds out how far it came.
 *
 * @returns the files of taken rows
 */
export async function splitLetters(options: SplitOptions): Promise<TakenName[]> {
  const { folder, letters, judge, alone, signal } = options
  const file = await open(join(folder, letters), 'r')
  const edit = createEdit(folder, letters)
  try {
    // An append that fails takes back what it wrote: only what lies there between two of them counts.
    const { size } = await alone(() => file.stat())
    let kept = 0
    for await (const row of readRows(file, 0, size)) {
      signal?.throwIfAborted()
      const verdict = await judge(row, file)
      if (verdict === 'stay') continue
      const keep = await edit.begin()
      await keep.copy(file, kept, row.start)
      kept = row.end
      if (verdict !== 'go') await edit.take(file, row, verdict.dataset)
    }
    if (edit.isBegun) await alone(() => edit.commit(file, kept))
    return edit.taken
  } catch (error) {
    await edit.undo()
    throw error
  } finally {
    await file.close()
  }
}

interface Group {
  readonly file: NewFile
  rows: number
}

function createEdit(folder: string, letters: string) {
  const path = join(folder, letters)
  const taken: TakenName[] = []
  /** By dataset: the file that its next row goes to. */
  const groups = new Map<string | undefined, Group>()
  let keep: NewFile | undefined
  /** From here on only the folder tells whether the edit counts. */
  let isCommitting = false

  const begin = async () => {
    if (keep === undefined) {
      keep = await createNewFile(join(folder, keepName(letters)))
      await fsyncFolder(folder)
    }
    return keep
  }

  const groupFor = async (dataset: string | undefined, bytes: number) => {
    const present = groups.get(dataset)
    if (present !== undefined) {
      if (present.rows < MAX_TAKEN_ROWS && present.file.bytes + bytes <= MAX_TAKEN_BYTES) return present
      groups.delete(dataset)
      await present.file.finish()
    }
    const name = takenName(letters, taken.length + 1, dataset)
    const group = { file: await createNewFile(join(folder, name)), rows: 0 }
    taken.push(takenOf(name)!)
    groups.set(dataset, group)
    return group
  }

  return {
    taken,
    get isBegun() {
      return keep !== undefined
    },
    begin,
    async take(source: FileHandle, { start, end, bytes }: StoredRow, dataset: string | undefined) {
      const group = await groupFor(dataset, end - start)
      if (bytes !== undefined) await group.file.write(bytes)
      else await group.file.copy(source, start, end)
      group.rows++
    },
    /** `kept`: how much of the file was dealt with. */
    async commit(source: FileHandle, kept: number) {
      await keep!.copy(source, kept, (await source.stat()).size)
      for (const group of groups.values()) await group.file.finish()
      await keep!.finish()
      await fsyncFolder(folder)
      isCommitting = true
      await rename(join(folder, keepName(letters)), path)
      if (keep!.bytes === 0) await rm(path)
      await fsyncFolder(folder)
    },
    /** Never rejects: what cannot be undone now is left to recovery. */
    async undo() {
      for (const { file } of groups.values()) await file.abandon()
      await keep?.abandon()
      if (isCommitting || keep === undefined) return
      await undoEdit(folder, letters, taken).catch(() => {})
    },
  }
}

/** Takes away what an edit made that was not committed. The `.keep` is the last to go: without it the others would count. */
export async function undoEdit(folder: string, letters: string, taken: readonly TakenName[]): Promise<void> {
  for (const { name } of taken) await rm(join(folder, name), { force: true })
  await fsyncFolder(folder)
  await rm(join(folder, keepName(letters)), { force: true })
  await fsyncFolder(folder)
}
