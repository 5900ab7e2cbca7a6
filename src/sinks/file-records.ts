import { crc32 } from 'node:zlib'
import type { Extent, Mark, Marks } from './file-marks.ts'
import { isStem } from './file-names.ts'

/** One line of the journal; the format is told at the head of file-journal.ts. */
export type JournalRecord =
  | { batch: string; dataset: string; file: string; offset: number; first: number; end?: number }
  | { batch: string; dataset: string; done: number }
  | { settled: string[] }
  | { finished: string; dataset: string }

/** With its CRC-32 as the last member. */
export function toLine(record: JournalRecord | { version: number }): string {
  const text = JSON.stringify(record)
  return `${text.slice(0, -1)},"crc":${crc32(text)}}\n`
}

const CRC = /,"crc":(\d{1,10})\}$/

/** The line without its checksum; undefined where that is missing or wrong. */
function checked(line: string): string | undefined {
  const [tail, sum] = CRC.exec(line) ?? []
  if (tail === undefined) return undefined
  const text = `${line.slice(0, -tail.length)}}`
  return crc32(text) === Number(sum) ? text : undefined
}

/** Undefined where the line is no record. `isBare`: of version 1, without checksums. */
export function parseRecord(line: string, isBare: boolean): JournalRecord | undefined {
  const text = isBare ? line : checked(line)
  if (text === undefined) return undefined
  let value: Record<string, unknown>
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (value === null || typeof value !== 'object') return undefined
  const { batch, dataset, file, offset, first, end, done, settled, finished } = value
  if (Array.isArray(settled) && settled.every(isText)) return { settled }
  if (!isText(dataset)) return undefined
  if (isText(finished)) return isStem(finished) ? { finished, dataset } : undefined
  if (!isText(batch)) return undefined
  if (isCount(done)) return { batch, dataset, done }
  if (!isText(file) || !isStem(file) || !isCount(offset) || !isCount(first)) return undefined
  return { batch, dataset, file, offset, first, ...(isCount(end) && { end }) }
}

/** What the journal has to hold so that reading it gives these marks again. */
export function recordsOf(marks: readonly Mark[], finished: ReadonlyMap<string, string>): JournalRecord[] {
  const records: JournalRecord[] = [...finished].map(([dataset, stem]) => ({ finished: stem, dataset }))
  const extents: { mark: Mark; extent: Extent }[] = []
  for (const mark of marks) {
    const { batch, dataset } = mark
    const done = mark.extents[0]?.first ?? mark.done
    if (done > 0) records.push({ batch, dataset, done })
    for (const extent of mark.extents) extents.push({ mark, extent })
  }
  extents.sort((a, b) => compare(a.extent.stem, b.extent.stem) || a.extent.offset - b.extent.offset)
  for (const { mark, extent } of extents) {
    const { stem, offset, first, end } = extent
    if (end !== undefined && end <= offset) continue
    const { batch, dataset } = mark
    records.push({ batch, dataset, file: stem, offset, first, ...(end !== undefined && { end }) })
  }
  return records
}

export function applyRecord(record: JournalRecord, marks: Marks, finished: Map<string, string>): void {
  if ('settled' in record) for (const batch of record.settled) marks.settle(batch)
  else if ('finished' in record) {
    marks.finish(record.dataset, record.finished)
    if (record.finished > (finished.get(record.dataset) ?? '')) finished.set(record.dataset, record.finished)
  } else {
    const mark = marks.get(record.batch, record.dataset)
    if ('done' in record) marks.safe(mark, record.done)
    else marks.begin(mark, record.file, record.offset, record.first, record.end)
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
