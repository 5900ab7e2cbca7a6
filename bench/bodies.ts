import { batchOf, httpRequestLines } from './records.ts'

const DISTINCT = 10_000
let lines: readonly string[] | undefined

/**
 * Gzipped batches of http_requests of so many lines, 10,000 different lines in all. Larger batches are those 10,000 as gzip members one behind the
 * other: compressing a million lines anew would take longer than measuring them.
 */
export function bodiesOf(size: number): Buffer[] {
  lines ??= httpRequestLines(DISTINCT)
  const all = lines
  if (size > DISTINCT) return [Buffer.concat(Array(Math.ceil(size / DISTINCT)).fill(batchOf(all)))]
  return Array.from({ length: Math.floor(DISTINCT / size) }, (_, i) => batchOf(all.slice(i * size, (i + 1) * size)))
}
