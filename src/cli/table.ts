/** Columns as wide as their widest cell; cells that are numbers to the right. One line a row, each with LF. */
export function tableText(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map(row =>
    row.map(cell => (typeof cell === 'number' ? cell.toLocaleString('en-US') : plain(cell))),
  )
  const widths = head.map((name, column) => Math.max(name.length, ...texts.map(row => row[column]!.length)))
  const line = (cells: readonly string[], isNumber: (column: number) => boolean) =>
    `${cells
      .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd()}\n`
  const isNumber = (column: number) => typeof rows[0]?.[column] === 'number'
  return line(head, isNumber) + texts.map(row => line(row, isNumber)).join('')
}

/** What others wrote must not steer a terminal. */
export const plain = (text: string): string =>
  text.replace(/\p{Cc}/gu, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
