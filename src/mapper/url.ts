/** The parts of a URL as they are written: nothing is decoded, lower-cased or normalised. */
export interface UrlParts {
  full?: string
  scheme?: string
  username?: string
  password?: string
  domain?: string
  port?: number
  path?: string
  query?: string
  fragment?: string
}

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//
const PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
])

/** Index of the first `/`, `?` or `#` from `start` on, else the length. */
function authorityEnd(text: string, start: number): number {
  for (let i = start; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 47 || code === 63 || code === 35) return i
  }
  return text.length
}

/** Port of the text behind a colon: 0..65535. */
function portOf(text: string): number | undefined {
  if (text === '' || text.length > 5) return undefined
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 48 || code > 57) return undefined
  }
  const port = Number(text)
  return port <= 65_535 ? port : undefined
}

/** Cuts `host:port`, `[v6]:port` or `host`; a bare IPv6 address has no port. The brackets stay with the host. `isBad`: what stands for the port is none. */
export function splitPort(text: string): { host: string; port: number | undefined; isBad?: true } {
  const colon = text.lastIndexOf(':')
  if (colon < 0 || (text.charCodeAt(0) === 91 && colon < text.indexOf(']'))) return { host: text, port: undefined }
  if (text.charCodeAt(0) !== 91 && text.indexOf(':') !== colon) return { host: text, port: undefined }
  const port = portOf(text.slice(colon + 1))
  const host = text.slice(0, colon)
  return port === undefined && colon + 1 < text.length ? { host, port, isBad: true } : { host, port }
}

/** `[::1]` without its brackets. */
export function unbracket(host: string): string {
  return host.charCodeAt(0) === 91 && host.charCodeAt(host.length - 1) === 93 ? host.slice(1, -1) : host
}

/** Path and query of a text that begins with `/`; cut at `?` and `#`. */
export function splitPath(text: string): UrlParts {
  const parts: UrlParts = {}
  const hash = text.indexOf('#')
  const end = hash < 0 ? text.length : hash
  const mark = text.indexOf('?')
  if (mark < 0 || mark > end) {
    parts.path = end === text.length ? text : text.slice(0, end)
    return parts
  }
  parts.path = text.slice(0, mark)
  if (end > mark + 1) parts.query = text.slice(mark + 1, end)
  return parts
}

/** Host, user and port of an authority, into `parts`. Without a port it is the scheme's. */
function splitAuthority(authority: string, scheme: string, parts: UrlParts): void {
  const at = authority.lastIndexOf('@')
  if (at >= 0) {
    const user = authority.slice(0, at)
    const colon = user.indexOf(':')
    const name = colon < 0 ? user : user.slice(0, colon)
    const password = colon < 0 ? '' : user.slice(colon + 1)
    if (name !== '') parts.username = name
    if (password !== '') parts.password = password
  }
  const { host, port, isBad } = splitPort(authority.slice(at + 1))
  const known = port ?? (isBad || host === '' ? undefined : PORTS.get(scheme.toLowerCase()))
  if (host !== '') parts.domain = host
  if (known !== undefined) parts.port = known
}

/** The parts of `scheme://…` or of a text that begins with `/`; empty for anything else. */
export function splitUrl(text: string): UrlParts {
  if (text.charCodeAt(0) === 47) return splitPath(text)
  const scheme = SCHEME.exec(text)?.[1]
  if (scheme === undefined) return {}
  const parts: UrlParts = { full: text, scheme }
  const start = scheme.length + 3
  const end = authorityEnd(text, start)
  splitAuthority(text.slice(start, end), scheme, parts)
  const hash = text.indexOf('#', end)
  const rest = splitPath(hash < 0 ? text.slice(end) : text.slice(end, hash))
  if (rest.path !== '') parts.path = rest.path!
  if (rest.query !== undefined) parts.query = rest.query
  if (hash >= 0 && hash + 1 < text.length) parts.fragment = text.slice(hash + 1)
  return parts
}

/** Whether there is none of `#/:?@[]` in it, nor a dot at its end. */
function isBareHost(text: string): boolean {
  let code = 46
  for (let i = 0; i < text.length; i++) {
    code = text.charCodeAt(i)
    if (code === 35 || code === 47 || code === 58 || (code >= 63 && code <= 64) || code === 91 || code === 93)
      return false
  }
  return code !== 46
}

/** The host of a host name, `host:port` or URL, without brackets and trailing dot; undefined when there is none. */
export function hostOf(text: string): string | undefined {
  if (isBareHost(text)) return text
  const scheme = text.includes('://') ? SCHEME.exec(text) : null
  const start = scheme ? scheme[0].length : 0
  const authority = text.slice(start, authorityEnd(text, start))
  const host = unbracket(splitPort(authority.slice(authority.lastIndexOf('@') + 1)).host)
  const end = host.charCodeAt(host.length - 1) === 46 ? host.length - 1 : host.length
  return end === 0 ? undefined : host.slice(0, end)
}

/** 1 to 10 letters or digits behind the last dot of the last segment. */
export function extensionOf(path: string): string | undefined {
  const dot = path.lastIndexOf('.')
  const length = path.length - dot - 1
  if (dot < 0 || length < 1 || length > 10) return undefined
  for (let i = dot + 1; i < path.length; i++) {
    const code = path.charCodeAt(i)
    const lower = code | 32
    if ((code < 48 || code > 57) && (lower < 97 || lower > 122)) return undefined
  }
  return path.slice(dot + 1)
}
