import { httpRequestLines } from '../../bench/records.ts'
import { goldenFiles } from '../golden/golden.ts'

/** Lines as they come: of all datasets, and of one busy job. */
export function realLines(): string[] {
  return [...goldenFiles().map(({ golden }) => golden.line), ...httpRequestLines(20)]
}
