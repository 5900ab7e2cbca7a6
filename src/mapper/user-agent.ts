import { createBoundedCache } from '../lib/bounded-cache.ts'
import { createFinder, type Finder } from './user-agent-finder.ts'
import { agentRules, deviceRules, osRules } from './user-agent-rules.ts'

/** `user_agent.*` of ECS without `original`. `version` is major.minor.patch, as far as the agent tells them. */
export interface UserAgent {
  readonly name: string
  readonly version?: string
  readonly os: { readonly name: string; readonly version?: string }
  readonly device: { readonly name: string }
}

/** What lies behind is not looked at: some rules take time with the square of the length. */
export const MAX_PARSED_CHARS = 1024

const cache = createBoundedCache<UserAgent>({ maxEntries: 10_000, maxChars: 2 ** 21, maxKeyLength: MAX_PARSED_CHARS })
let finder: Finder | undefined

/**
 * Reads a User-Agent header by the rules of uap-core (user-agent-rules.ts); the first rule that matches decides, `Other` where none does.
 * Only the first 1,024 characters count. Never throws. The answer is shared: do not change it.
 */
export function parseUserAgent(original: string): UserAgent {
  const text = original.length > MAX_PARSED_CHARS ? original.slice(0, MAX_PARSED_CHARS) : original
  return cache.of(text, parse)
}

function parse(text: string): UserAgent {
  finder ??= createFinder([agentRules, osRules, deviceRules])
  const [agent, os, device] = finder(text)
  return {
    ...named(agent),
    os: named(os),
    device: { name: device?.[0]?.trim() || 'Other' },
  }
}

/** `fields` are name, major, minor, patch as a rule gives them. */
function named(fields: readonly (string | undefined)[] | undefined): { name: string; version?: string } {
  const name = fields?.[0] || 'Other'
  const version = fields?.slice(1, 4).filter(Boolean).join('.')
  return version ? { name, version } : { name }
}
