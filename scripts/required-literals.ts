import { type Node, parseRegex } from './regex-tree.ts'

/**
 * What is known of the texts that a part of a regular expression matches, in lower case. Each list reads "one of these":
 * `exact` the whole text, `prefix` how it begins, `suffix` how it ends ('' says nothing); each clause: somewhere in it.
 */
interface Known {
  readonly exact: readonly string[] | undefined
  readonly prefix: readonly string[]
  readonly suffix: readonly string[]
  readonly clauses: readonly (readonly string[])[]
}

const MAX_SET = 96
const MAX_LENGTH = 8
/** Lists after the first are worth their place in the table only when short. */
const MAX_MORE = 12
const MAX_CLAUSES = 4
const NOTHING = ['']

/** Everyday agents: a literal that they hold says little. */
const EVERYDAY = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 13; SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Linux; Android 9; Redmi Note 8 Build/PKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/70.0.3538.1 Mobile Safari/537.36',
  'Mozilla/5.0 (Linux; U; Android 4.4.2; en-us; A1-810 Build/KOT49H) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30',
  'Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/440.0.0;]',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
].map(agent => agent.toLowerCase())

/** A rough chance that a text holds the literal. */
function chance(literal: string): number {
  const everyday = EVERYDAY.filter(agent => `\u0002${agent}\u0003`.includes(literal)).length / EVERYDAY.length
  return everyday + 4 * 0.16 ** literal.length
}

const weight = (clause: readonly string[]) => clause.reduce((sum, literal) => sum + chance(literal), 0)
const lightest = (clauses: readonly (readonly string[])[]) => clauses.toSorted((a, b) => weight(a) - weight(b))

/** Literals that hold another one of the set are not needed. */
function minimal(literals: Iterable<string>): string[] {
  const all = [...new Set(literals)].sort((a, b) => a.length - b.length)
  const kept: string[] = []
  for (const literal of all) if (!kept.some(short => literal.includes(short))) kept.push(literal)
  return kept
}

/**
 * Any part of a literal will do: without its blanks before a long word, and not longer than MAX_LENGTH: the end where that is a
 * version, else the first part that is least common.
 */
function shorten(literal: string): string {
  const bare = literal.replace(/^[; ]+(?=.{6})/, '').replace(/^[; ]+(?=[; ])/, '')
  if (bare.length <= MAX_LENGTH) return bare
  if (/[\d.]{2}$/.test(bare)) return bare.slice(-MAX_LENGTH)
  const parts = Array.from({ length: bare.length - MAX_LENGTH + 1 }, (_, at) => bare.slice(at, at + MAX_LENGTH))
  return parts.reduce((best, part) => (chance(part) < chance(best) ? part : best))
}

/** `word/0` … `word/9` say hardly more than `word/`. */
function withoutDigits(literals: readonly string[]): string[] {
  const all = new Set(literals)
  return literals.map(literal => {
    const head = literal.slice(0, -1)
    return head.length >= 5 && Array.from('0123456789', digit => head + digit).every(each => all.has(each))
      ? head
      : literal
  })
}

function asClause(literals: readonly string[]): (readonly string[])[] {
  const clause = minimal(withoutDigits(withoutDigits(literals.map(shorten))))
  return clause.length === 0 || clause[0] === '' ? [] : [clause]
}

/** All joined pairs. */
const cross = (a: readonly string[], b: readonly string[]) => [
  ...new Set(a.flatMap(left => b.map(right => left + right))),
]

/** Cuts what is too many down to shorter beginnings or ends, which say less but stay true. */
function shrink(literals: readonly string[], cut: (literal: string) => string): readonly string[] {
  let fitting = [...new Set(literals)]
  while (fitting.length > MAX_SET) {
    const longest = Math.max(...fitting.map(literal => literal.length))
    fitting = [...new Set(fitting.map(literal => (literal.length === longest ? cut(literal) : literal)))]
  }
  return fitting
}
const fitPrefix = (literals: readonly string[]) => shrink(literals, literal => literal.slice(0, -1))
const fitSuffix = (literals: readonly string[]) => shrink(literals, literal => literal.slice(1))

/** Both clauses' worth in one: used where one of two parts matches. */
function eitherClause(a: Known, b: Known): (readonly string[])[] {
  const [left, right] = [lightest(allClauses(a))[0], lightest(allClauses(b))[0]]
  return left === undefined || right === undefined ? [] : asClause([...left, ...right])
}

const allClauses = (known: Known) => [
  ...(known.exact ? asClause(known.exact) : [...asClause(known.prefix), ...asClause(known.suffix)]),
  ...known.clauses,
]

const exactly = (literals: readonly string[]): Known => ({
  exact: literals,
  prefix: literals,
  suffix: literals,
  clauses: [],
})
const ANY: Known = { exact: undefined, prefix: NOTHING, suffix: NOTHING, clauses: [] }

function join(a: Known, b: Known): Known {
  const exact = a.exact && b.exact && cross(a.exact, b.exact)
  if (exact && exact.length <= MAX_SET) return exactly(exact)
  const middle = cross(a.suffix, b.prefix)
  const clauses = [...a.clauses, ...b.clauses]
  if (middle.length > MAX_SET)
    clauses.push(...asClause(middle).filter(clause => clause.length <= 2 * MAX_SET), ...asClause(fitSuffix(middle)))
  else if (!a.exact && !b.exact) clauses.push(...asClause(middle))
  return {
    exact: undefined,
    prefix: a.exact ? fitPrefix(middle) : a.prefix,
    suffix: b.exact ? fitSuffix(middle) : b.suffix,
    clauses,
  }
}

function oneOf(a: Known, b: Known): Known {
  const exact = a.exact && b.exact && [...new Set([...a.exact, ...b.exact])]
  if (exact && exact.length <= MAX_SET) return exactly(exact)
  return {
    exact: undefined,
    prefix: fitPrefix([...a.prefix, ...b.prefix]),
    suffix: fitSuffix([...a.suffix, ...b.suffix]),
    clauses: eitherClause(a, b),
  }
}

function repeat(node: Node, min: number, max: number): Known {
  const once = known(node)
  const optional = max - min
  let result = exactly(NOTHING)
  for (let i = 0; i < Math.min(min, 3); i++) result = join(result, once)
  if (optional === 0 && min <= 3) return result
  const few = optional <= 2 && once.exact !== undefined && once.exact.length <= 12
  if (!few || min > 3) return join(result, ANY)
  for (let i = 0; i < optional; i++) result = join(result, oneOf(exactly(NOTHING), once))
  return result
}

function known(node: Node): Known {
  switch (node.type) {
    case 'chars':
      return exactly([...new Set(node.chars.map(char => char.toLowerCase()))])
    case 'any':
      return ANY
    case 'start':
      return exactly(['\u0002'])
    case 'end':
      return exactly(['\u0003'])
    case 'boundary':
      return exactly(NOTHING)
    case 'sequence':
      return node.nodes.map(known).reduce(join, exactly(NOTHING))
    case 'either':
      return node.nodes.map(known).reduce(oneOf)
    case 'repeat':
      return repeat(node.node, node.min, node.max)
  }
}

/**
 * Lists of literals in lower case: every text that the regular expression matches holds, without regard to case, at least one literal
 * of each list. U+0002 stands for the beginning of the text and U+0003 for its end. The rarest list is first; none when nothing is required.
 */
export function requiredLiterals(source: string): (readonly string[])[] {
  const clauses = lightest(allClauses(known(parseRegex(source))))
  const telling = clauses.filter((clause, i) => i === 0 || (weight(clause) < 0.95 && clause.length <= MAX_MORE))
  const distinct = telling.filter((clause, i) => !telling.slice(0, i).some(other => implies(other, clause)))
  return distinct.slice(0, MAX_CLAUSES)
}

const implies = (clause: readonly string[], other: readonly string[]) =>
  clause.every(literal => other.some(part => literal.includes(part)))
