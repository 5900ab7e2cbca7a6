/**
 * Finds which of many literals a text holds, in one pass (Aho-Corasick), without regard to the case of ASCII letters. U+0002 in a
 * literal stands for the beginning of the text, U+0003 for its end.
 */
export interface LiteralScanner {
  /** Calls `found` with the number of each literal that the text holds, at least once and in no special order. */
  scan(text: string, found: (literal: number) => void): void
}

const START = 2
const END = 3
/** Marks, in the table, a state in which literals end. */
const ENDS = 0x8000

/** @param literals distinct, not empty, ASCII, in lower case */
export function createLiteralScanner(literals: readonly string[]): LiteralScanner {
  const { classes, width } = classify(literals)
  const { table, ends } = buildTable(literals, classes, width)
  const shift = Math.log2(width)
  const begin = table[classes[START]!]!

  const report = (state: number, found: (literal: number) => void) => {
    for (const literal of ends[state]!) found(literal)
  }

  function scan(text: string, found: (literal: number) => void): void {
    let state = begin
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      const next = table[((state & ~ENDS) << shift) | (code < 128 ? classes[code]! : 0)]!
      if (next >= ENDS && next !== state) report(next & ~ENDS, found)
      state = next
    }
    const last = table[((state & ~ENDS) << shift) | classes[END]!]!
    if (last >= ENDS) report(last & ~ENDS, found)
  }

  return { scan }
}

/** The columns of the table: one for each character that literals use, 0 for all others; the width is a power of two. */
function classify(literals: readonly string[]): { classes: Uint8Array; width: number } {
  const used = new Set([START, END])
  for (const literal of literals) for (let i = 0; i < literal.length; i++) used.add(literal.charCodeAt(i))
  const classes = new Uint8Array(128)
  let next = 1
  for (const code of used) {
    if (code >= 128) throw new RangeError('a literal is not ASCII')
    classes[code] = next++
  }
  for (let upper = 65; upper <= 90; upper++) classes[upper] = classes[upper + 32]!
  return { classes, width: 2 ** Math.ceil(Math.log2(next)) }
}

function buildTable(literals: readonly string[], classes: Uint8Array, width: number) {
  const size = Math.min(ENDS, 1 + literals.reduce((sum, literal) => sum + literal.length, 0))
  const trie = new Uint16Array(size * width)
  const ends: number[][] = [[]]
  for (const [number, literal] of literals.entries()) {
    let state = 0
    for (let i = 0; i < literal.length; i++) {
      const cell = state * width + classes[literal.charCodeAt(i)]!
      if (trie[cell] === 0) trie[cell] = ends.push([]) - 1
      state = trie[cell]!
    }
    ends[state]!.push(number)
  }
  if (ends.length > ENDS) throw new RangeError('too many literals')
  const table = trie.slice(0, ends.length * width)
  completeTable(table, ends, width)
  return { table, ends }
}

/** Fills the empty cells from each state's longest proper suffix, breadth first, and marks the states in which literals end. */
function completeTable(table: Uint16Array, ends: number[][], width: number): void {
  const suffix = new Uint16Array(ends.length)
  const queue: number[] = []
  for (let column = 0; column < width; column++) if (table[column] !== 0) queue.push(table[column]!)
  for (const state of queue) {
    const fallback = suffix[state]!
    ends[state]!.push(...ends[fallback]!)
    for (let column = 0; column < width; column++) {
      const cell = state * width + column
      const other = table[fallback * width + column]!
      if (table[cell] === 0) table[cell] = other
      else {
        suffix[table[cell]!] = other
        queue.push(table[cell]!)
      }
    }
  }
  for (let cell = 0; cell < table.length; cell++) if (ends[table[cell]!]!.length > 0) table[cell]! |= ENDS
}
