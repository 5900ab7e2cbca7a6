import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createAgents } from '../../bench/agents.ts'
import { randomOf } from '../../bench/records.ts'
import { type Node, parseRegex } from '../../scripts/regex-tree.ts'
import { parseUserAgent, type UserAgent } from '../../src/mapper/user-agent.ts'
import { createFinder } from '../../src/mapper/user-agent-finder.ts'
import { agentRules, deviceRules, osRules } from '../../src/mapper/user-agent-rules.ts'
import { SAMPLES } from './user-agent-samples.ts'

type Rule = { regex: string; regex_flag?: string; compiled: RegExp } & Record<string, string | undefined>

const file = new URL('../../node_modules/uap-core/regexes.yaml', import.meta.url)
const core = parse(readFileSync(file, 'utf8')) as Record<'user_agent_parsers' | 'os_parsers' | 'device_parsers', Rule[]>
const lists = [core.user_agent_parsers, core.os_parsers, core.device_parsers] as const
for (const rule of lists.flat())
  Object.defineProperty(rule, 'compiled', { value: new RegExp(rule.regex, rule.regex_flag) })

/** The oracle: every rule of the vendor's file, one after the other. */
function oracle(text: string): UserAgent {
  const find = (rules: readonly Rule[], names: readonly string[]) => {
    for (const rule of rules) {
      const groups = rule.compiled.exec(text)
      if (groups === null) continue
      return names.map((name, i) => rule[name]?.replace(/\$(\d)/g, (_, n) => groups[Number(n)] ?? '') ?? groups[i + 1])
    }
    return []
  }
  const named = ([name, ...version]: readonly (string | undefined)[]) => {
    const joined = version.filter(part => part !== undefined && part !== '').join('.')
    return { name: name || 'Other', ...(joined === '' ? {} : { version: joined }) }
  }
  const agent = find(core.user_agent_parsers, [
    'family_replacement',
    'v1_replacement',
    'v2_replacement',
    'v3_replacement',
  ])
  const os = find(core.os_parsers, ['os_replacement', 'os_v1_replacement', 'os_v2_replacement', 'os_v3_replacement'])
  const device = find(core.device_parsers, ['device_replacement'])
  return { ...named(agent), os: named(os), device: { name: device[0]?.trim() || 'Other' } }
}

const ALPHABET = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))

/** A text that the regular expression matches. */
function textFor(node: Node, random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  switch (node.type) {
    case 'chars':
      return pick(node.chars)
    case 'any':
      return pick(ALPHABET.filter(char => new RegExp(node.source).test(char)))
    case 'sequence':
      return node.nodes.map(part => textFor(part, random)).join('')
    case 'either':
      return textFor(pick(node.nodes), random)
    case 'repeat': {
      const times = node.min + Math.floor(random() * Math.min(node.max - node.min + 1, 4))
      return Array.from({ length: times }, () => textFor(node.node, random)).join('')
    }
    default:
      return ''
  }
}

const OURS = [...agentRules, ...osRules, ...deviceRules]

const expectEqual = (agents: Iterable<string>) => {
  for (const agent of agents) expect(parseUserAgent(agent), agent).toEqual(oracle(agent))
}

describe('the rules of user agents', () => {
  it('are those of the installed uap-core, in its order', () => {
    const ours = [agentRules, osRules, deviceRules].map(rules => rules.map(([regex, flags]) => [regex, flags]))
    expect(ours).toEqual(lists.map(rules => rules.map(rule => [rule.regex, rule.regex_flag ?? ''])))
  })

  it('all have a literal to be found by, so that none is tried on every agent', () => {
    expect(OURS.filter(rule => rule[3].length === 0)).toEqual([])
  })
})

describe('parseUserAgent gives what trying all rules in order gives', () => {
  it(`for ${SAMPLES.length} agents seen in logs, also in capitals and in small letters`, () => {
    expect(new Set(SAMPLES).size).toBeGreaterThanOrEqual(150)
    expectEqual(SAMPLES)
    expectEqual(SAMPLES.map(agent => agent.toUpperCase()))
    expectEqual(SAMPLES.map(agent => agent.toLowerCase()))
  })

  it('for texts made to match each single rule', () => {
    const random = randomOf(7)
    let matching = 0
    for (const [rule, ours] of lists.flat().map((rule, i) => [rule, OURS[i]!] as const)) {
      const alone = createFinder([[ours]])
      for (let n = 0; n < 4; n++) {
        const made = textFor(parseRegex(rule.regex), random)
        const text = rule.regex_flag === 'i' && n % 2 === 1 ? made.toUpperCase() : made
        const matches = rule.compiled.test(text)
        if (matches) matching++
        expect(alone(text)[0] !== undefined, `${rule.regex} on ${text}`).toBe(matches)
        expectEqual([text.slice(0, 1024)])
      }
    }
    // Only anchors and boundaries may spoil a text.
    expect(matching).toBeGreaterThan(OURS.length * 4 * 0.97)
  })

  it('for agents as devices send them with tokens of chance, and for garbage', () => {
    const { realistic, garbage } = createAgents(randomOf(11))
    expectEqual(Array.from({ length: 700 }, realistic))
    expectEqual(Array.from({ length: 300 }, garbage))
  })

  it('for mutations of them: cut, doubled, mixed, with other characters', () => {
    const part = fc
      .tuple(fc.constantFrom(...SAMPLES), fc.nat(200), fc.nat(200))
      .map(([agent, from, length]) => agent.slice(from, from + length))
    const token = fc.constantFrom(
      '; ',
      ' Build',
      '/',
      ')',
      ') AppleWebKit',
      'Android 9',
      'bot',
      'A1',
      'HTC ',
      'lg-',
      ' Mobile',
      '1.2',
      '',
      '\n',
      'ſ',
      'é',
      '\u0002',
    )
    const whole = fc.constantFrom(...SAMPLES)
    const mutated = fc.oneof(
      fc.array(fc.oneof(part, token), { minLength: 1, maxLength: 5 }).map(parts => parts.join('')),
      fc
        .tuple(whole, fc.nat(160), fc.nat(6), fc.oneof(token, fc.string({ maxLength: 4 })))
        .map(([agent, at, cut, put]) => agent.slice(0, at) + put + agent.slice(at + cut)),
      fc.string({ maxLength: 40 }),
    )
    fc.assert(
      fc.property(mutated, text => expectEqual([text.slice(0, 1024)])),
      { numRuns: 1500, seed: 5 },
    )
  })
})
