import type { AnyTable, Test, When } from './dataset.ts'
import type { Layout } from './layout.ts'
import type { Fields } from './sources.ts'
import type { Source, State, Step } from './state.ts'
import type { Json } from './types.ts'
import { isEmpty, textOf } from './value.ts'

type AnyTest = Test<Readonly<Record<string, Json>>>
type AnyWhen = When<Readonly<Record<string, Json>>>
type Matcher = (value: Json | undefined) => boolean
type Inputs = readonly (Json | undefined)[]
type Predicate = (inputs: Inputs) => boolean

const RANGE = /^(\d+)\.\.(\d+)$/
const NUMBER = /^\d{1,15}$/

function patternOf(pattern: string): Matcher {
  if (pattern === 'present') return value => !isEmpty(value)
  const range = RANGE.exec(pattern)
  if (range) {
    const first = Number(range[1])
    const last = Number(range[2])
    return value => {
      const number =
        typeof value === 'number' && Number.isInteger(value)
          ? value
          : typeof value === 'string' && NUMBER.test(value)
            ? Number(value)
            : -1
      return number >= first && number <= last
    }
  }
  const matches = wordMatcher(pattern.toLowerCase())
  return value => {
    const text = textOf(value)
    return text !== undefined && matches(text.toLowerCase())
  }
}

function wordMatcher(pattern: string): (text: string) => boolean {
  const isSuffix = pattern.startsWith('*')
  const isPrefix = pattern.endsWith('*')
  const word = pattern.slice(isSuffix ? 1 : 0, isPrefix ? -1 : undefined)
  if (isSuffix && isPrefix) return text => text.includes(word)
  if (isSuffix) return text => text.endsWith(word)
  return isPrefix ? text => text.startsWith(word) : text => text === word
}

function anyOf(patterns: string | readonly string[]): Matcher {
  const matchers = (typeof patterns === 'string' ? [patterns] : patterns).map(patternOf)
  if (matchers.length === 1) return matchers[0]!
  return value => {
    for (const matcher of matchers) if (matcher(value)) return true
    return false
  }
}

function firstPresent(sources: readonly Source[], inputs: Inputs): Json | undefined {
  for (const source of sources) {
    const value = source.read(inputs)
    if (!isEmpty(value)) return value
  }
  return undefined
}

function compileTest(test: AnyTest, fields: Fields): Predicate {
  if (test === 'else') return () => true
  if (isFirst(test)) {
    const sources = test.first.map(field => fields.source(field))
    const matcher = anyOf(test.is)
    return inputs => matcher(firstPresent(sources, inputs))
  }
  const parts = Object.entries(test).map(([field, patterns]) => ({
    source: fields.source(field),
    matcher: anyOf(patterns!),
  }))
  return inputs => {
    for (const { source, matcher } of parts) if (!matcher(source.read(inputs))) return false
    return true
  }
}

function isFirst(test: object): test is { readonly first: readonly string[]; readonly is: string | readonly string[] } {
  return 'first' in test && 'is' in test && Array.isArray(test.first)
}

/** Adds a word to the constant list, or takes its place. The lists are shared by all events: a longer one is a new one. */
function setList(state: State, slot: number, then: readonly string[] | string): void {
  const present = state.values[slot]
  if (typeof then !== 'string') {
    state.values[slot] = then as string[]
    return
  }
  const word = then.slice(1)
  if (!Array.isArray(present)) state.values[slot] = [word]
  else if (!present.includes(word)) state.values[slot] = [...present, word]
}

const TARGETS = [
  ['category', 'event.category'],
  ['type', 'event.type'],
  ['kind', 'event.kind'],
  ['outcome', 'event.outcome'],
] as const

/** Steps for the rows `when`. They run after the constants and take no field. */
export function compileWhen(when: NonNullable<AnyTable['when']>, fields: Fields, layout: Layout): Step[] {
  const groups: readonly AnyWhen[] = 'length' in when ? when : [when]
  return groups.flatMap(group =>
    TARGETS.flatMap(([key, target]) => {
      const rules = (group[key] ?? []).map(([test, then]) => ({ test: compileTest(test, fields), then }))
      if (rules.length === 0) return []
      const slot = layout.slot(target)
      return [whenStep(rules, slot, key === 'kind')]
    }),
  )
}

type Rules = readonly { readonly test: Predicate; readonly then: readonly string[] | string }[]

/** `replaces`: the answer takes the place of a constant; for an outcome the first one set stays. */
function whenStep(rules: Rules, slot: number, replaces: boolean): Step {
  return state => {
    for (const { test, then } of rules) {
      if (!test(state.inputs)) continue
      if (typeof then !== 'string' || then.startsWith('+')) setList(state, slot, then)
      else if (replaces || state.values[slot] === undefined) state.values[slot] = then
      return
    }
  }
}
