import { parse } from 'tldts'
import { createBoundedCache } from '../lib/bounded-cache.ts'
import { isIp } from './ip.ts'
import { splitPort, unbracket } from './url.ts'

export interface DomainParts {
  readonly registered: string | undefined
  readonly subdomain: string | undefined
  readonly suffix: string | undefined
}

const NONE: DomainParts = { registered: undefined, subdomain: undefined, suffix: undefined }
const OPTIONS = {
  allowIcannDomains: true,
  allowPrivateDomains: false,
  detectIp: false,
  extractHostname: false,
  validateHostname: false,
}

/** No DNS name is longer; nothing longer is cut into parts or kept. */
const MAX_LENGTH = 255
const cache = createBoundedCache<DomainParts>({
  maxEntries: 8192,
  maxChars: 8192 * MAX_LENGTH,
  maxKeyLength: MAX_LENGTH,
})

/**
 * Registered domain, subdomain and suffix of a name by the ICANN section of the Public Suffix List, cut from the text as written, port and last dot apart.
 * A last label that the list does not have is no suffix: then only the subdomain is given. Nothing for addresses and single labels.
 */
export function domainParts(name: string): DomainParts {
  if (name === lastName) return lastParts
  if (name.length > MAX_LENGTH) return NONE
  lastParts = cache.of(name, own => cut(bareName(own)))
  lastName = name
  return lastParts
}

// One name often is several fields of an event.
let lastName: string | undefined
let lastParts = NONE

/** Without a port and dots at the end. */
function bareName(name: string): string {
  const { host } = splitPort(name)
  let end = host.length
  while (end > 0 && host.charCodeAt(end - 1) === 46) end--
  return host.slice(0, end)
}

function cut(name: string): DomainParts {
  const lastDot = name.lastIndexOf('.')
  if (lastDot < 0 || isIp(unbracket(name))) return NONE
  const { publicSuffix, domain, isIcann } = parse(name.toLowerCase(), OPTIONS)
  if (!isIcann || publicSuffix === null) return { ...NONE, subdomain: name.slice(0, lastDot) || undefined }
  const suffix = ending(name, publicSuffix.length)
  if (domain === null) return { ...NONE, suffix }
  const subdomain = name.slice(0, Math.max(0, name.length - domain.length - 1)) || undefined
  return { registered: ending(name, domain.length), subdomain, suffix }
}

function ending(name: string, length: number): string | undefined {
  return name.slice(name.length - length) || undefined
}
