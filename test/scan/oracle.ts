import * as kinds from '../../src/scan/scanner.ts'

/** What the scanner shall find, by slow and plain means: regular expressions over the line as Latin-1, where a byte is a character. */
export interface Member {
  readonly key: string
  /** The value's text. */
  readonly text: string
  readonly kind: number
}

const KEY = /"([^"\\]+)":/y
const STRING = /"(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?/y
const WORDS: Readonly<Record<string, number>> = {
  true: kinds.TRUE,
  false: kinds.FALSE,
  null: kinds.NULL,
  '[]': kinds.EMPTY_ARRAY,
  '{}': kinds.EMPTY_OBJECT,
}
const NESTED_TOKEN = /"(?:[^"\\]|\\.)*"|[^"]/gy
const MAX_DEPTH = 32

/** @returns the members of a plain line, undefined for an odd one */
export function membersOf(line: string): Member[] | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about
  if (line.length > kinds.LINE_BYTES || /[\x00-\x1f]/.test(line) || !line.startsWith('{')) return undefined
  const members: Member[] = []
  let at = 0
  do {
    const key = match(KEY, line, at + 1)
    if (key === undefined) return undefined
    const start = at + 1 + key[0].length
    const value = valueAt(line, start)
    if (value === undefined) return undefined
    members.push({ key: key[1] as string, ...value })
    at = start + value.text.length
  } while (line[at] === ',')
  return line.slice(at) === '}' && members.length <= kinds.MEMBERS ? members : undefined
}

function valueAt(line: string, at: number): { text: string; kind: number } | undefined {
  for (const [text, kind] of Object.entries(WORDS)) if (line.startsWith(text, at)) return { text, kind }
  const string = match(STRING, line, at)?.[0]
  if (string !== undefined) return { text: string, kind: stringKind(string) }
  const number = match(NUMBER, line, at)?.[0]
  if (number !== undefined) return numberOf(number)
  const text = nestedAt(line, at)
  if (text === undefined) return undefined
  const compact = compactAt(text, 0, 2, 0)
  return { text, kind: compact?.end === text.length && compact.isFilled ? kinds.COMPACT : kinds.NESTED }
}

function stringKind(text: string): number {
  if (text === '""') return kinds.EMPTY_STRING
  return text.includes('\\') ? kinds.ESCAPED : kinds.STRING
}

function numberOf(text: string): { text: string; kind: number } | undefined {
  if (Object.is(Number(text), -0)) return undefined
  if (!text.includes('.')) return { text, kind: Number.isSafeInteger(Number(text)) ? kinds.INTEGER : kinds.LARGE }
  return text.replace(/[-.]/g, '').length <= 17 ? { text, kind: kinds.FLOAT } : undefined
}

function nestedAt(line: string, at: number): string | undefined {
  if (!'[{'.includes(line[at] ?? ' ') || line[at + 1] === ' ') return undefined
  const open: string[] = []
  NESTED_TOKEN.lastIndex = at
  for (let token = NESTED_TOKEN.exec(line); token !== null; token = NESTED_TOKEN.exec(line)) {
    const sign = token[0]
    if ('[{'.includes(sign) && open.push(sign) >= MAX_DEPTH) return undefined
    if (!']}'.includes(sign)) continue
    if (open.pop() !== (sign === ']' ? '[' : '{')) return undefined
    if (open.length === 0) return line.slice(at, token.index + 1)
  }
  return undefined
}

interface Compact {
  readonly end: number
  readonly isFilled: boolean
}

const INNER_KEY = /"([^"\\]*)":/y
const INNER_STRING = /"[^"\\]*"/y
const MAX_KEYS = 64

/** @param above how many keys the objects around it have so far */
function compactAt(text: string, at: number, depth: number, above: number): Compact | undefined {
  const close = text[at] === '{' ? '}' : ']'
  if (depth > MAX_DEPTH) return undefined
  if (text[at + 1] === close) return { end: at + 2, isFilled: false }
  const keys = new Set<string>()
  let isFilled = false
  let end = at
  do {
    end++
    if (close === '}') {
      const key = match(INNER_KEY, text, end)
      if (key === undefined || keys.has(key[1]!) || above + keys.size === MAX_KEYS) return undefined
      keys.add(key[1]!)
      end += key[0].length
    }
    const value = compactValueAt(text, end, depth, above + keys.size)
    if (value === undefined) return undefined
    isFilled ||= value.isFilled
    end = value.end
  } while (text[end] === ',')
  return text[end] === close ? { end: end + 1, isFilled } : undefined
}

function compactValueAt(text: string, at: number, depth: number, above: number): Compact | undefined {
  if ('[{'.includes(text[at] ?? ' ')) return compactAt(text, at, depth + 1, above)
  const string = match(INNER_STRING, text, at)?.[0]
  if (string !== undefined) return { end: at + string.length, isFilled: string !== '""' }
  const number = match(NUMBER, text, at)?.[0]
  if (number !== undefined) {
    const kind = numberOf(number)?.kind
    return kind === kinds.INTEGER || kind === kinds.FLOAT ? { end: at + number.length, isFilled: true } : undefined
  }
  const word = ['true', 'false', 'null'].find(word => text.startsWith(word, at))
  return word === undefined ? undefined : { end: at + word.length, isFilled: word !== 'null' }
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}
