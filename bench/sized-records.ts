import { httpRequestLines, randomOf } from './records.ts'

/** What a small job asks for first. */
const FIRST = [
  'RayID',
  'EdgeStartTimestamp',
  'ClientIP',
  'ClientRequestHost',
  'ClientRequestMethod',
  'ClientRequestURI',
  'EdgeResponseStatus',
  'ClientRequestUserAgent',
  'EdgeEndTimestamp',
  'EdgeResponseBytes',
  'ClientCountry',
  'CacheCacheStatus',
  'OriginIP',
  'ClientASN',
  'JA3Hash',
]
const HEADERS = '"RequestHeaders":{}'
const VALUE_BYTES = 64

/** http_requests of about so many bytes: fewer fields, or request headers that a job logs besides. */
export function sizedLines(count: number, bytes: number): string[] {
  const random = randomOf(bytes)
  return httpRequestLines(count).map(line => (line.length > bytes ? shorter(line, bytes) : longer(line, bytes, random)))
}

function shorter(line: string, bytes: number): string {
  const members = new Map(membersOf(line))
  const names = [...new Set([...FIRST, ...members.keys()])].filter(name => members.has(name))
  const kept: string[] = []
  let size = 2
  for (const name of names) {
    const member = `"${name}":${members.get(name)}`
    if (size + member.length > bytes && kept.length >= 2) break
    kept.push(member)
    size += member.length + 1
  }
  return `{${kept.join(',')}}`
}

function longer(line: string, bytes: number, random: () => number): string {
  const headers: string[] = []
  for (let size = line.length; size < bytes; size += headers.at(-1)!.length + 1) {
    const value = Array.from({ length: VALUE_BYTES }, () => Math.floor(random() * 36).toString(36)).join('')
    headers.push(`"x-header-${headers.length}":"${value}"`)
  }
  return line.replace(HEADERS, `"RequestHeaders":{${headers.join(',')}}`)
}

/** The generator's lines are flat, and none of their texts has a quote behind a comma. */
const membersOf = (line: string) =>
  line
    .slice(2, -1)
    .split(',"')
    .map(member => {
      const end = member.indexOf('":')
      return [member.slice(0, end), member.slice(end + 2)] as const
    })
