/** A regular expression as a tree: as much of the syntax as the rules of uap-core use. Anything else throws. */
export type Node =
  | { type: 'chars'; chars: readonly string[] }
  /** A character of a set too wide to list; `source` is its regular expression. */
  | { type: 'any'; source: string }
  | { type: 'start' | 'end' | 'boundary' }
  | { type: 'sequence' | 'either'; nodes: readonly Node[] }
  | { type: 'repeat'; node: Node; min: number; max: number }

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i))
const DIGITS = range(48, 57)
const MAX_LISTED = 26

export function parseRegex(source: string): Node {
  let at = 0

  const fail = (what: string): never => {
    throw new Error(`${what} at ${at} of ${source}`)
  }

  function either(): Node {
    const nodes = [sequence()]
    while (source[at] === '|') {
      at++
      nodes.push(sequence())
    }
    return nodes.length === 1 ? nodes[0]! : { type: 'either', nodes }
  }

  function sequence(): Node {
    const nodes: Node[] = []
    while (at < source.length && source[at] !== '|' && source[at] !== ')') nodes.push(repeated(atom()))
    return { type: 'sequence', nodes }
  }

  function repeated(node: Node): Node {
    const match = /^(?:([?*+])|\{(\d+)(,(\d*))?\})\??/.exec(source.slice(at))
    if (match === null) return node
    at += match[0].length
    const [, sign, low, comma, high] = match
    if (sign !== undefined) return { type: 'repeat', node, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity }
    return {
      type: 'repeat',
      node,
      min: Number(low),
      max: comma === undefined ? Number(low) : high === '' ? Infinity : Number(high),
    }
  }

  function atom(): Node {
    const char = source[at++]!
    if (char === '(') return group()
    if (char === '[') return set()
    if (char === '.') return { type: 'any', source: '.' }
    if (char === '^') return { type: 'start' }
    if (char === '$') return { type: 'end' }
    if (char === '\\') return escaped(source[at++]!)
    if ('?*+{'.includes(char) && char !== '{') fail('nothing to repeat')
    return { type: 'chars', chars: [char] }
  }

  function group(): Node {
    if (source.startsWith('?:', at)) at += 2
    else if (source[at] === '?') fail('unknown group')
    const node = either()
    if (source[at++] !== ')') fail('group not closed')
    return node
  }

  function escaped(char: string): Node {
    if (char === 'b') return { type: 'boundary' }
    if (char === 'd') return { type: 'chars', chars: DIGITS }
    if (/[swSWD]/.test(char)) return { type: 'any', source: `\\${char}` }
    if (/[a-zA-Z0-9]/.test(char)) fail(`unknown escape ${char}`)
    return { type: 'chars', chars: [char] }
  }

  function set(): Node {
    const begin = at - 1
    const negated = source[at] === '^'
    if (negated) at++
    const chars = new Set<string>()
    let wide = negated
    while (source[at] !== ']') {
      const from = member()
      if (from === undefined || from.length > 1) {
        for (const char of from ?? []) chars.add(char)
        wide ||= from === undefined
      } else if (source[at] === '-' && source[at + 1] !== ']') {
        at++
        const to = member() ?? fail('bad range')
        for (const char of range(from.charCodeAt(0), to.charCodeAt(0))) chars.add(char)
      } else chars.add(from)
    }
    at++
    const folded = new Set([...chars].map(char => char.toLowerCase()))
    return wide || folded.size > MAX_LISTED
      ? { type: 'any', source: source.slice(begin, at) }
      : { type: 'chars', chars: [...chars] }
  }

  /** One character, all digits for `\d`, or undefined for a wide class. */
  function member(): string | undefined {
    const char = source[at++] ?? fail('set not closed')
    if (char !== '\\') return char
    const next = source[at++]!
    if (next === 'd') return DIGITS.join('')
    if (/[swSWD]/.test(next)) return undefined
    if (/[a-zA-Z0-9]/.test(next)) fail(`unknown escape ${next}`)
    return next
  }

  const tree = either()
  if (at !== source.length) fail('unexpected character')
  return tree
}
