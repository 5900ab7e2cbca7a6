import type { AnyTable, Pattern } from '../../src/mapper/dataset.ts'
import { code, codes, table } from './markdown.ts'

/** The rows `when` of a table, in words. */

type When = NonNullable<AnyTable['when']>
type Rule = readonly [test: object | 'else', then: string | readonly string[]]

const RANGE = /^(\d+)\.\.(\d+)$/

/** `is a, b or begins with c`. */
export function patternsInWords(patterns: Pattern | readonly Pattern[]): string {
  const exact: string[] = []
  const parts: string[] = []
  for (const pattern of [patterns].flat() as string[]) {
    const range = RANGE.exec(pattern)
    if (pattern === 'present') parts.push('has a value')
    else if (range) parts.push(`is from ${range[1]} to ${range[2]}`)
    else if (/^\*.*\*$/.test(pattern)) parts.push(`contains ${code(pattern.slice(1, -1))}`)
    else if (pattern.startsWith('*')) parts.push(`ends with ${code(pattern.slice(1))}`)
    else if (pattern.endsWith('*')) parts.push(`begins with ${code(pattern.slice(0, -1))}`)
    else exact.push(code(pattern))
  }
  if (exact.length > 0) parts.unshift(`is ${exact.join(' or ')}`)
  return parts.join(' or ')
}

export function testInWords(test: object | 'else'): string {
  if (test === 'else') return 'in all other cases'
  if ('first' in test && 'is' in test && Array.isArray(test.first)) {
    if (test.is === 'present') return `one of ${codes(test.first)} has a value`
    return `the first of ${codes(test.first)} that has a value ${patternsInWords(test.is as Pattern)}`
  }
  return Object.entries(test)
    .map(([field, patterns]) => `${code(field)} ${patternsInWords(patterns as Pattern)}`)
    .join(' and ')
}

function thenInWords(then: string | readonly string[]): string {
  if (typeof then !== 'string') return codes(then)
  return then.startsWith('+') ? `${code(then.slice(1))} as well` : code(then)
}

const groupsOf = (when: When) => ('length' in when ? when : [when])

function rowsOf(when: When | undefined, mark: string): string[][] {
  if (when === undefined) return []
  return groupsOf(when).flatMap(group =>
    Object.entries(group).flatMap(([target, rules]) =>
      (rules as readonly Rule[]).map(([test, then], i) => [
        i === 0 ? `${mark}${code(`event.${target}`)}` : '',
        thenInWords(then),
        testInWords(test),
      ]),
    ),
  )
}

export function conditionsTable({ when, additions }: AnyTable): string {
  return table(['sets', 'to', 'when'], [...rowsOf(when, ''), ...rowsOf(additions?.when, '+ ')])
}

/** The fields that conditions look at, each with the targets that it decides. */
export function decidedBy(when: When | undefined): [field: string, target: string][] {
  if (when === undefined) return []
  return groupsOf(when).flatMap(group =>
    Object.entries(group).flatMap(([target, rules]) =>
      (rules as readonly Rule[])
        .flatMap(([test]) => (test === 'else' ? [] : 'first' in test ? (test.first as string[]) : Object.keys(test)))
        .map((field): [string, string] => [field, `event.${target}`]),
    ),
  )
}
