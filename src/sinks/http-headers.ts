import { RetryableError } from '../errors.ts'
import type { Secret } from './secret.ts'

export interface ParsedHeaders {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** One a fault, with the number of its line; never a value, nor a line without a name, which may be a value. */
  readonly problems: readonly string[]
}

/** Of the connection and of how the body is sent: wrong ones break every request or let one pass for two. */
const NOT_SETTABLE = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** Bytes of HTTP, written as latin1. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]+$/

/** Reads `Name: value`, one a line; blank lines are none. */
export function parseHeaders(text: string): ParsedHeaders {
  const headers = new Map<string, string>()
  const problems: string[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    const problem = colon < 0 ? 'is not `Name: value`' : problemOf(name, value, headers)
    if (problem === undefined) headers.set(name, value)
    else problems.push(`line ${index + 1} ${problem}`)
  }
  return { headers: Object.fromEntries(headers), problems }
}

function problemOf(name: string, value: string, known: ReadonlyMap<string, string>): string | undefined {
  if (!NAME.test(name)) return 'has no valid name before the colon'
  if (NOT_SETTABLE.has(name)) return `sets ${name}, which belongs to the connection and cannot be set`
  if (known.has(name)) return `sets ${name} a second time`
  if (value === '') return `gives ${name} no value`
  if (!VALUE.test(value)) return `gives ${name} a value with characters that a header cannot hold`
  return undefined
}

/** The headers that a setting or its file holds now. Rejects with RetryableError (`needsOperator`) where they are not usable. */
export function createHeaders(text: Secret, setting: string): () => Promise<Readonly<Record<string, string>>> {
  let known: { readonly text: string; readonly parsed: ParsedHeaders } | undefined
  return async () => {
    const current = await text()
    if (known?.text !== current) known = { text: current, parsed: parseHeaders(current) }
    const { headers, problems } = known.parsed
    if (problems.length === 0) return headers
    throw new RetryableError(`${setting} is not usable: ${problems.join('; ')}.`, { needsOperator: true })
  }
}
