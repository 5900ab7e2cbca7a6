import { readdir } from 'node:fs/promises'
import { hasCode } from '../lib/error-code.ts'

/**
 * The files of a sink's dead letters, in `<DATA_DIR>/dead-letters/<sink>/`:
 *
 *     2026-01-02.ndjson                        the rows of a day (dead-letter.ts), only ever appended to
 *     2026-01-02.1.ndjson                      rows that were on their way to the spool and came back, as it took no batch
 *     2026-01-02.ndjson.keep                   an edit of that file: what is to stay in it
 *     2026-01-02.ndjson.0001.dns_logs.taken    an edit: rows that leave the file for the spool, one batch of this dataset (`-`: none)
 *
 * Other names are nobody's business: they are neither read nor removed.
 *
 * Invariants
 * - Only the process that holds the lock of the data folder writes here, one edit at a time a sink. Readers need no lock.
 * - An edit makes its `.keep` first and last renames it over the file. Both moments are durable before anything that builds on them, so
 *   as long as the `.keep` is there the file is whole and its `.taken` mean nothing.
 * - Without a `.keep`, the rows of a `.taken` are in no other file here. It goes when its batch is durable in the spool, or
 *   becomes a file of rows again.
 *
 * Recovery: a `.keep` goes, its `.taken` before it. Then each `.taken` that is left goes to the spool, unless that holds it.
 */
const LETTERS = /^\d{4}-\d{2}-\d{2}(?:\.\d{1,9})?\.ndjson$/
const KEEP = /^(\d{4}-\d{2}-\d{2}(?:\.\d{1,9})?\.ndjson)\.keep$/
const TAKEN = /^((\d{4}-\d{2}-\d{2})(?:\.\d{1,9})?\.ndjson)\.(\d{4,9})\.(-|[A-Za-z0-9_][A-Za-z0-9_-]{0,63})\.taken$/

export const keepName = (letters: string): string => `${letters}.keep`
export const takenName = (letters: string, number: number, dataset: string | undefined): string =>
  `${letters}.${String(number).padStart(4, '0')}.${dataset ?? '-'}.taken`

export interface TakenName {
  readonly name: string
  /** The file that the rows left. */
  readonly letters: string
  /** YYYY-MM-DD */
  readonly day: string
  readonly dataset: string | undefined
}

export interface FolderListing {
  /** In the order of days. */
  readonly letters: readonly string[]
  /** The files of rows that an edit was begun for. */
  readonly edited: readonly string[]
  readonly taken: readonly TakenName[]
}

/** What lies in a sink's folder; nothing where there is no folder. */
export async function listFolder(folder: string): Promise<FolderListing> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  })
  // A pipe would be waited for, and a link leads to what is not ours.
  const names = entries.filter(entry => entry.isFile()).map(entry => entry.name)
  names.sort()
  return {
    letters: names.filter(name => LETTERS.test(name)),
    edited: names.flatMap(name => KEEP.exec(name)?.[1] ?? []),
    taken: names.flatMap(name => takenOf(name) ?? []),
  }
}

export function takenOf(name: string): TakenName | undefined {
  const match = TAKEN.exec(name)
  if (match === null) return undefined
  const [, letters, day, , dataset] = match as unknown as string[]
  return { name, letters: letters!, day: day!, dataset: dataset === '-' ? undefined : dataset }
}

/** A name for rows of that day that came back, which no file of the folder has. */
export function returnedName(day: string, present: readonly string[]): string {
  for (let number = 1; ; number++) {
    const name = `${day}.${number}.ndjson`
    if (!present.includes(name)) return name
  }
}
