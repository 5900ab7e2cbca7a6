import { createBoundedCache } from '../lib/bounded-cache.ts'
import { isNoWord, leavesOut } from './convert.ts'
import { always, type Converter, defineSet, type NamesConverter, PLACEHOLDER } from './converter.ts'
import { normalIp } from './ip.ts'
import { integerOf } from './number.ts'
import type { Json, JsonObject } from './types.ts'
import { hostOf, splitPath, splitPort, splitUrl, type UrlParts, unbracket } from './url.ts'
import { childOf, isObject, textOf } from './value.ts'

/** Converters of addresses, names, URLs, protocols and fingerprints. */

export const port: Converter<number> = {
  name: 'port',
  convert: value => {
    const number = integerOf(value)
    if (number === 0) return PLACEHOLDER
    return number !== undefined && number > 0 && number <= 65_535 ? number : undefined
  },
}

const AS_PREFIX = /^AS(?=\d)/i

export const asn: Converter<number> = {
  name: 'AS number',
  convert: value => {
    const number = integerOf(typeof value === 'string' ? value.replace(AS_PREFIX, '') : value)
    if (number === 0) return PLACEHOLDER
    return number !== undefined && number > 0 ? number : undefined
  },
}

export const ip: Converter<string> = {
  name: 'IP address',
  convert: value => (typeof value === 'string' ? normalIp(value) : undefined),
}

export const ips: Converter<string[]> = {
  name: 'list of IP addresses',
  convert: value => {
    const found: string[] = []
    for (const item of Array.isArray(value) ? value : [value]) {
      const address = typeof item === 'string' ? normalIp(item) : undefined
      if (address !== undefined) found.push(address)
    }
    return found.length === 0 ? undefined : found
  },
  keeps: leavesOut,
}

const ONLY_DOTS = /^\.+$/

/** A DNS name without the trailing dot. */
export const name: Converter<string> = {
  name: 'DNS name',
  convert: value => {
    if (typeof value !== 'string' || value === '' || ONLY_DOTS.test(value)) return undefined
    return value.endsWith('.') ? value.slice(0, -1) : value
  },
}

function isShorter(value: Json, out: Json): boolean {
  return typeof value === 'string' && typeof out === 'string' && out.length < value.length
}

/** The host of a host name, `host:port` or URL. */
export const host: Converter<string> = {
  name: 'host',
  convert: value => (typeof value === 'string' ? hostOf(value) : undefined),
  keeps: isShorter,
}

export const hostpath = defineSet('url')('host and path', ['domain', 'path'], value => {
  if (typeof value !== 'string') return undefined
  const slash = value.indexOf('/')
  const domain = slash < 0 ? value : value.slice(0, slash)
  if (domain === '') return undefined
  return { domain, path: slash < 0 ? undefined : value.slice(slash) }
})

/** `ip`, `ip:port`, `[v6]:port`, `host:port` or `host`. */
export const endpoint = defineSet('source', 'destination')(
  'address and port',
  ['ip', 'domain', 'port'],
  value => {
    if (typeof value !== 'string') return undefined
    const { host, port } = splitPort(value)
    const bare = unbracket(host)
    if (bare === '') return undefined
    const address = normalIp(bare)
    return { ip: address, domain: address === undefined ? bare : undefined, port: port === 0 ? undefined : port }
  },
  (value, { port }) => port === undefined && typeof value === 'string' && splitPort(value).host !== value,
)

export const url = defineSet('url')(
  'URL',
  ['original', 'full', 'scheme', 'username', 'password', 'domain', 'port', 'path', 'query', 'fragment'],
  value => {
    const original = textOf(value)
    if (original === undefined) return undefined
    const parts: UrlParts & { original?: string } = splitUrl(original)
    parts.original = original
    return parts
  },
)

/** A path with its query. What follows `#` is cut. */
export const path = defineSet('url')(
  'path and query',
  ['path', 'query'],
  value => (typeof value === 'string' && value.charCodeAt(0) === 47 ? splitPath(value) : undefined),
  value => typeof value === 'string' && value.includes('#'),
)

export const query: Converter<string> = {
  name: 'query',
  convert: value => {
    const found = textOf(value)
    if (found === undefined || found === '?') return undefined
    return found.charCodeAt(0) === 63 ? found.slice(1) : found
  },
}

const REMEMBERED = { maxEntries: 200, maxChars: 4096, maxKeyLength: 32 }

/** For texts of which there are few: the answers of the last are kept. */
function remembered<Parts extends object>(split: (text: string) => Parts | undefined | typeof PLACEHOLDER) {
  const answers = createBoundedCache<{ readonly parts: Parts | undefined | typeof PLACEHOLDER }>(REMEMBERED)
  return (value: Json): Parts | undefined | typeof PLACEHOLDER => {
    const text = textOf(value)
    return text === undefined ? undefined : answers.of(text, own => ({ parts: split(own) })).parts
  }
}

const HTTP = /^HTTP\/(\d+(?:\.\d+)?)$/i

export const http: NamesConverter<'network.protocol' | 'http.version'> = {
  name: 'HTTP version',
  names: ['network.protocol', 'http.version'],
  split: remembered(found => {
    const version = HTTP.exec(found)?.[1]
    if (version !== undefined) return { 'network.protocol': 'http', 'http.version': version }
    const protocol = found.toLowerCase()
    return protocol === 'none' || protocol === 'unknown' ? PLACEHOLDER : { 'network.protocol': protocol }
  }),
}

const TLS = /^(TLS|SSL) ?v?(\d+(?:\.\d+)?)$/i

export const tls: NamesConverter<'tls.version_protocol' | 'tls.version'> = {
  name: 'TLS version',
  names: ['tls.version_protocol', 'tls.version'],
  split: remembered(found => {
    if (isNoWord(found)) return PLACEHOLDER
    const parts = TLS.exec(found)
    if (!parts) return undefined
    const version = parts[2]!.includes('.') ? parts[2]! : `${parts[2]}.0`
    return { 'tls.version_protocol': parts[1]!.toLowerCase(), 'tls.version': version }
  }),
}

const HEX = /^[0-9A-Fa-f]+$/

/** A certificate's fingerprint, by its length. */
export const fingerprint = defineSet('tls.client.hash', 'tls.server.hash')(
  'fingerprint',
  ['md5', 'sha1', 'sha256'],
  value => {
    if (typeof value !== 'string' || value.length > 64 || !HEX.test(value)) return undefined
    const upper = value.toUpperCase()
    if (upper.length === 32) return { md5: upper }
    if (upper.length === 40) return { sha1: upper }
    return upper.length === 64 ? { sha256: upper } : undefined
  },
)

/** A referring URL from its host and the fields that hold scheme, path and query. */
export function referrer<Arg extends string>(scheme: Arg, path: Arg, query: Arg): Converter<string, Arg> {
  return {
    name: `URL of the host, with \`${scheme}\`, \`${path}\` and \`${query}\``,
    args: [scheme, path, query],
    convert: (value, scheme, path, query) => {
      const host = textOf(value)
      if (host === undefined) return undefined
      const search = textOf(query) ?? ''
      const mark = search === '' || search.startsWith('?') ? '' : '?'
      return `${textOf(scheme) ?? 'https'}://${host}${textOf(path) ?? ''}${mark}${search}`
    },
    keeps: always,
  }
}

const HASHES = ['md5', 'sha1', 'sha256', 'ssdeep'] as const

function attachmentOf(item: JsonObject): JsonObject | undefined {
  const file: JsonObject = {}
  const name = textOf(childOf(item, 'Name'))
  if (name !== undefined) file.name = name
  const type = textOf(childOf(item, 'ContentTypeComputed')) ?? textOf(childOf(item, 'ContentTypeProvided'))
  if (type !== undefined) file.mime_type = type
  const size = integerOf(childOf(item, 'Size'))
  if (size !== undefined) file.size = size
  const hash: JsonObject = {}
  for (const kind of HASHES) {
    const digest = textOf(childOf(item, kind))
    if (digest !== undefined) hash[kind] = digest
  }
  if (Object.keys(hash).length > 0) file.hash = hash
  return Object.keys(file).length > 0 ? { file } : undefined
}

/** The attachments of a mail as ECS has them; their hashes also become related (related.ts). */
export const attachments: Converter<JsonObject[]> = {
  name: 'attachments',
  convert: value => {
    const found: JsonObject[] = []
    for (const item of Array.isArray(value) ? value : [value]) {
      const attachment = isObject(item) ? attachmentOf(item) : undefined
      if (attachment) found.push(attachment)
    }
    return found.length === 0 ? undefined : found
  },
  keeps: always,
}
