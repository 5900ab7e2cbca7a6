import { createSplitter, type RawLine, type Splitter } from './lines.ts'
import { createRowSplitter } from './rows.ts'

/** The splitter of a stored batch, by its format. */
export function createBatchSplitter(
  format: 'lines' | 'single' | 'timed' | 'rows',
  maxBytes: number,
  onLine: (line: RawLine) => void,
): Splitter {
  return format === 'rows' ? createRowSplitter(maxBytes, onLine) : createSplitter({ format, maxBytes }, onLine)
}
