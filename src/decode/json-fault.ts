const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const SPACE = /[ \t\n\r]*/y
const CLOSES: Record<string, string> = { '{': '}', '[': ']' }

/**
 * Where text stops being JSON (RFC 8259): the index of the token that cannot stand there, or the text's length where it ends
 * too early. undefined for JSON. Needed because messages of JSON.parse quote the text and do not always tell the place.
 */
export function findJsonFault(text: string): number | undefined {
  const open: string[] = []
  let i = skip(SPACE, text, 0)
  for (;;) {
    const token = text[i]
    if (token === '{' || token === '[') {
      open.push(token)
      i = skip(SPACE, text, i + 1)
      if (text[i] !== CLOSES[token]) {
        if (token === '[') continue
        const value = keyEnd(text, i)
        if (value < 0) return ~value
        i = value
        continue
      }
    } else {
      const end = scalarEnd(text, i)
      if (end < 0) return ~end
      i = skip(SPACE, text, end)
    }
    // Behind a value, or at the end of an empty object or array.
    while (open.length > 0 && text[i] === CLOSES[open.at(-1)!]) {
      open.pop()
      i = skip(SPACE, text, i + 1)
    }
    if (open.length === 0) return i === text.length ? undefined : i
    if (text[i] !== ',') return i
    i = skip(SPACE, text, i + 1)
    if (open.at(-1) === '[') continue
    const value = keyEnd(text, i)
    if (value < 0) return ~value
    i = value
  }
}

function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}

/** @returns the index of the value behind the key at `from`, or the fault's index, inverted */
function keyEnd(text: string, from: number): number {
  if (text[from] !== '"') return ~from
  const end = scalarEnd(text, from)
  if (end < 0) return end
  const colon = skip(SPACE, text, end)
  return text[colon] === ':' ? skip(SPACE, text, colon + 1) : ~colon
}

/** @returns the index behind the string, number or word at `from`, or the fault's index, inverted */
function scalarEnd(text: string, from: number): number {
  if (text[from] !== '"') {
    const end = skip(LITERAL, text, from)
    return end > from ? end : ~from
  }
  for (let i = from + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22) return i + 1
    if (code < 0x20) return ~i
    if (code === 0x5c) {
      const length = escapeLength(text, i)
      if (length === 0) return ~i
      i += length - 1
    }
  }
  return ~text.length
}

function escapeLength(text: string, at: number): number {
  const code = text[at + 1]
  if (code === undefined) return 0
  if ('"\\/bfnrt'.includes(code)) return 2
  return code === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6)) ? 6 : 0
}
