import { FIELDS } from './joiner.ts'
import type { ScanModule } from './module.ts'
import { LINE_BYTES } from './scanner.ts'

/** Reads values of the line that was scanned last, many at once. */
export interface Reader {
  /**
   * Two numbers a read: the member, which is the caller's to set; and where its text ends in what `read` gives, beginning where that of the
   * read before ends.
   */
  readonly reads: Int32Array
  /** By read: the value of an INTEGER. */
  readonly numbers: Float64Array
  /**
   * Does the first `count` reads, each of another member; good until the next, and not to be asked for once texts of its event are written.
   * @returns the texts of those that are STRING, FLOAT or LARGE, one behind the other, a character for each byte
   */
  read(count: number): string
}

export function createReader({ at, bytes, numbers, doubles, readMembers }: ScanModule): Reader {
  const texts = bytes(at.TEXTS_AT, LINE_BYTES)
  return {
    reads: numbers(at.READS_AT, FIELDS * 2),
    numbers: doubles(at.NUMBERS_AT, FIELDS),
    read: count => texts.toString('latin1', 0, readMembers(count)),
  }
}
