/** What the lines of a body are, told anew from the documents and not by the service's own splitter. */
export const MAX_LINE_BYTES = 1024 ** 2

const BLANK = /^[ \t\r]*$/
const CUT_CHARACTER = /\uFFFD+$/

/** The texts of a batch's lines, in order; blank lines have none. */
export function textsOf(content: Buffer): string[] {
  const texts: string[] = []
  for (let start = 0; start < content.length; ) {
    const lf = content.indexOf(0x0a, start)
    const end = lf < 0 ? content.length : lf
    const line = content.subarray(start, lf > start && content[lf - 1] === 0x0d ? lf - 1 : end)
    if (!BLANK.test(line.toString('latin1'))) texts.push(textOf(line))
    start = end + 1
  }
  return texts
}

/** `/plain` is one line, whatever it holds. */
export function textOfWhole(content: Buffer): string[] {
  return /^[ \t\r\n]*$/.test(content.toString('latin1')) ? [] : [textOf(content)]
}

function textOf(line: Buffer): string {
  return line.toString('utf8', 0, Math.min(line.length, MAX_LINE_BYTES))
}

/** Whether an event's text is the line's. What stands at a cut may be left out or be replaced. */
export function isText(found: string, expected: string): boolean {
  return found === expected || found === expected.replace(CUT_CHARACTER, '')
}
