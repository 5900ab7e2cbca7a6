import { plain } from './table.ts'

/** A row of up to so many bytes is shown by its members. */
const MAX_PRETTY_BYTES = 1024 * 1024

/** Rows for a terminal, one member a line. Called with each piece of a row; gives what to print. */
export function createRowText(): (bytes: Buffer, isEnd: boolean) => string {
  let isFirst = true
  return (bytes, isEnd) => {
    const isWhole = isFirst && isEnd && bytes.length <= MAX_PRETTY_BYTES
    isFirst = isEnd
    return isWhole
      ? pretty(bytes.toString('utf8').trimEnd())
      : plain(bytes.toString('latin1').replace(/\n$/, '')) + (isEnd ? '\n' : '')
  }
}

function pretty(row: string): string {
  try {
    const members = Object.entries(JSON.parse(row) as object)
    const lines = members.map(
      ([name, value]) => `  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    return `${lines.map(plain).join('\n')}\n\n`
  } catch {
    return `${plain(row)}\n\n`
  }
}
