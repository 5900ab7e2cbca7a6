import { createLiteralScanner } from './user-agent-literals.ts'
import type { UserAgentRule } from './user-agent-rules.ts'

/** What the first matching rule of a list gives: its replacements, or its groups where it has none; undefined when no rule matches. */
export type Found = readonly (string | undefined)[] | undefined

/** Finds, for each list of rules, the first that matches the text. */
export type Finder = (text: string) => Found[]

interface Rule {
  readonly source: UserAgentRule
  /** Numbers of literals; of each list the text must hold one. The list that made the rule a candidate is not among them. */
  readonly clauses: readonly Uint16Array[]
  regex: RegExp | undefined
}

const WORD = 32

/**
 * Trying all rules one after the other takes most of a millisecond. Here one pass finds the rules' literals in the text, and only
 * the rules that have all theirs are tried, in their order: the result is the same, whatever the text.
 */
export function createFinder(lists: readonly (readonly UserAgentRule[])[]): Finder {
  const { literals, numberOf } = numberLiterals(lists)
  const { rules, starts, words } = layOut(lists, numberOf)
  const candidates = postings(rules, numberOf, literals.length)
  const always = rules.flatMap((rule, position) => (rule?.source[3].length === 0 ? [position] : []))
  const scanner = createLiteralScanner(literals)
  const seen = new Uint32Array(literals.length)
  const pending = new Int32Array(words)
  let turn = 0

  const add = (position: number) => {
    pending[position >>> 5]! |= 1 << (position & 31)
  }
  const mark = (literal: number) => {
    if (seen[literal] === turn) return
    seen[literal] = turn
    const list = candidates[literal]!
    for (let i = 0; i < list.length; i++) add(list[i]!)
  }

  function holds(clause: Uint16Array): boolean {
    for (let i = 0; i < clause.length; i++) if (seen[clause[i]!] === turn) return true
    return false
  }

  function match(rule: Rule, text: string): RegExpExecArray | null {
    for (const clause of rule.clauses) if (!holds(clause)) return null
    rule.regex ??= new RegExp(rule.source[0], rule.source[1])
    return rule.regex.exec(text)
  }

  /** The first match among the candidates of one list, whose words are emptied. */
  function first(from: number, to: number, text: string): Found {
    let found: Found
    for (let word = from; word < to; word++) {
      let bits = pending[word]!
      pending[word] = 0
      while (bits !== 0 && found === undefined) {
        const low = 31 - Math.clz32(bits & -bits)
        bits &= bits - 1
        const rule = rules[word * WORD + low]!
        const groups = match(rule, text)
        if (groups !== null) found = expand(rule.source[2], groups)
      }
    }
    return found
  }

  return text => {
    turn = (turn + 1) >>> 0
    if (turn === 0) {
      seen.fill(0)
      turn = 1
    }
    for (const position of always) add(position)
    scanner.scan(text, mark)
    return starts.map((start, list) => first(start, starts[list + 1] ?? words, text))
  }
}

/** A replacement stands for its group, `$1` … `$9` in it for any. */
function expand(replacements: readonly string[], groups: RegExpExecArray): (string | undefined)[] {
  const fields: (string | undefined)[] = groups.slice(1, 5)
  for (let i = 0; i < replacements.length; i++) {
    const replacement = replacements[i]!
    if (replacement === '') continue
    fields[i] = replacement.includes('$')
      ? replacement.replace(/\$(\d)/g, (_, group) => groups[Number(group)] ?? '')
      : replacement
  }
  return fields
}

function numberLiterals(lists: readonly (readonly UserAgentRule[])[]) {
  const numberOf = new Map<string, number>()
  for (const list of lists)
    for (const rule of list)
      for (const clause of rule[3])
        for (const literal of clause.split('\t')) if (!numberOf.has(literal)) numberOf.set(literal, numberOf.size)
  return { literals: [...numberOf.keys()], numberOf }
}

/** Gives each rule a bit; each list begins with a new word. */
function layOut(lists: readonly (readonly UserAgentRule[])[], numberOf: ReadonlyMap<string, number>) {
  const rules: (Rule | undefined)[] = []
  const starts: number[] = []
  for (const list of lists) {
    starts.push(rules.length / WORD)
    for (const source of list) {
      const clauses = source[3]
        .slice(1)
        .map(clause => Uint16Array.from(clause.split('\t'), literal => numberOf.get(literal)!))
      rules.push({ source, clauses, regex: undefined })
    }
    while (rules.length % WORD !== 0) rules.push(undefined)
  }
  return { rules, starts, words: rules.length / WORD }
}

/** For each literal the rules that it makes a candidate: those whose first clause names it. */
function postings(
  rules: readonly (Rule | undefined)[],
  numberOf: ReadonlyMap<string, number>,
  count: number,
): Uint16Array[] {
  const lists: number[][] = Array.from({ length: count }, () => [])
  for (const [position, rule] of rules.entries()) {
    const clause = rule?.source[3][0]
    for (const literal of clause?.split('\t') ?? []) lists[numberOf.get(literal)!]!.push(position)
  }
  return lists.map(list => Uint16Array.from(list))
}
