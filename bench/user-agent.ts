/** Microseconds per user agent on one thread: `npm exec -c 'node bench/user-agent.ts'`. */

import { parseUserAgent } from '../src/mapper/user-agent.ts'
import { createFinder } from '../src/mapper/user-agent-finder.ts'
import { agentRules, deviceRules, osRules } from '../src/mapper/user-agent-rules.ts'
import { createAgents } from './agents.ts'
import { randomOf } from './records.ts'

const { realistic, garbage } = createAgents(randomOf(1))
const make = (count: number, agent: () => string) => Array.from({ length: count }, agent)

function measure(name: string, agents: readonly string[], run: (agent: string) => unknown): void {
  const from = performance.now()
  for (const agent of agents) run(agent)
  const micros = ((performance.now() - from) * 1000) / agents.length
  console.log(`${name.padEnd(42)} ${micros.toFixed(2).padStart(9)} µs`)
}

const lists = [agentRules, osRules, deviceRules]
const withoutLiterals = lists.map(list =>
  list.map(([regex, flags, replacements]) => [regex, flags, replacements, []] as const),
)
const naive = createFinder(withoutLiterals)
const few = make(500, realistic)

measure('first of all (builds the tables)', few.slice(0, 1), parseUserAgent)
measure('never seen, realistic, first 20,000', make(20_000, realistic), parseUserAgent)
measure('never seen, realistic, warm', make(50_000, realistic), parseUserAgent)
measure('never seen, garbage', make(20_000, garbage), parseUserAgent)
measure(
  'cached',
  make(100_000, () => few[0]!),
  parseUserAgent,
)
measure('naive: all rules in order', few, naive)
measure('naive: all rules in order, warm', few, naive)
