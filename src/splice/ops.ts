import type { Scanner } from '../scan/scanner.ts'

const SIGN_TEXT = '{},[]""'
export const SIGNS = { open: 0, close: 1, comma: 2, list: 3, listEnd: 4 } as const
const QUOTES_AT = 5

/** The parts of an event's text in their order: bytes of the line that was scanned, constants, and texts that were made for it. */
export type Sign = (typeof SIGNS)[keyof typeof SIGNS]

export interface Ops {
  begin(): void
  /** A constant of the scanner. */
  constant(address: number, length: number): void
  /** A punctuation mark. */
  sign(sign: Sign): void
  /** Bytes of the line as they are. */
  line(start: number, end: number): void
  /** Bytes of the line as a JSON string. */
  lineString(start: number, end: number): void
  /** JSON. */
  json(text: string): void
  /** As a JSON string. It has no control characters. */
  string(text: string): void
  /** What was given as text so far. */
  texts(): string
  /** Joins them. @returns how many bytes of the scanner's `out` that is; -1 when they do not fit, or a text is not ASCII */
  end(): number
}

export function createOps(scanner: Scanner): Ops {
  const { ops, lineAt, poolAt } = scanner
  const poolBytes = Buffer.from(scanner.pool.buffer, scanner.pool.byteOffset, scanner.pool.byteLength)
  const signs = scanner.constant(SIGN_TEXT)
  const quotes = signs + QUOTES_AT
  let size = 0
  /** Texts for the pool: an array that stays, since a string that grows is copied again and again. */
  const texts: string[] = []
  let count = 0
  let poolSize = 0

  // Behind the end of `ops` nothing is written, and `end` tells.
  const push = (address: number, length: number) => {
    ops[size] = address
    ops[size + 1] = length
    size += 2
  }
  const pushString = (address: number, length: number) => {
    if (length > 0) push(address, -length)
    else push(quotes, 2)
  }
  const add = (text: string): number => {
    const at = poolAt + poolSize
    texts[count++] = text
    poolSize += text.length
    return at
  }

  const joined = () => texts.slice(0, count).join('')

  return {
    begin() {
      size = 0
      count = 0
      poolSize = 0
    },
    constant: push,
    sign: sign => push(signs + sign, 1),
    line: (start, end) => push(lineAt + start, end - start),
    lineString: (start, end) => pushString(lineAt + start, end - start),
    json: text => push(add(text), text.length),
    string: text => pushString(add(text), text.length),
    texts: joined,
    end() {
      if (size > ops.length) return -1
      if (poolSize > 0 && poolBytes.write(joined(), 0, 'utf8') !== poolSize) return -1
      return scanner.gather(size >> 1)
    },
  }
}
