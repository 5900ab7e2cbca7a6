/** Pieces of Markdown. */

export const code = (text: string) => `\`${text}\``

export const codes = (texts: readonly string[]) => texts.map(code).join(', ')

export const link = (text: string, to: string) => `[${text}](${to})`

/** A table; without rows nothing. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

export function section(title: string, ...blocks: readonly string[]): string {
  const filled = blocks.filter(block => block !== '')
  return filled.length === 0 ? '' : [`## ${title}`, ...filled].join('\n\n')
}

export function page(title: string, ...blocks: readonly string[]): string {
  const head = '<!-- Generated from the tables by `npm run generate`; do not edit. -->'
  return `${[head, `# ${title}`, ...blocks.filter(block => block !== '')].join('\n\n')}\n`
}

export const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`
