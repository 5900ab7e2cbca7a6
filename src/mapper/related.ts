import type { AnyTable, Related } from './dataset.ts'
import { isIp, normalIp } from './ip.ts'
import type { Layout } from './layout.ts'
import type { Fields } from './sources.ts'
import { reject, type Source, type State, type Step } from './state.ts'
import type { Json } from './types.ts'
import { hostOf, splitPort, unbracket } from './url.ts'
import { childOf, distinct, isEmpty, isNothing, textOf } from './value.ts'

type Kind = keyof Related<object>

const IPS = /\.ip$|^dns\.resolved_ip$/
const HASHES = /^(file\.hash|tls\.client\.hash|tls\.server\.hash)\.|^tls\.client\.ja3$/
const HOSTS: ReadonlySet<string> = new Set([
  'url.domain',
  'source.domain',
  'destination.domain',
  'client.domain',
  'server.domain',
  'dns.question.name',
  'host.name',
  'host.hostname',
  'tls.client.server_name',
])
const USERS: ReadonlySet<string> = new Set([
  'user.email',
  'user.id',
  'user.name',
  'user.target.email',
  'user.target.name',
  'destination.user.name',
])

const KINDS: Readonly<Record<Kind, (target: string) => boolean>> = {
  ip: target => IPS.test(target) && !target.startsWith('related.'),
  hosts: target => HOSTS.has(target),
  user: target => USERS.has(target),
  hash: target => HASHES.test(target),
}

/** From a value of a field to what is related; undefined for a value that is none. */
const READERS: Readonly<Record<Kind, (item: Json) => string | undefined>> = {
  ip: item => (typeof item === 'string' ? normalIp(item) : undefined),
  hosts: item => (typeof item === 'string' ? hostOf(item) : undefined),
  user: textOf,
  hash: textOf,
}

/** Related are the targets set and the fields that the table names. `kind: user` is an addition of the published formats. */
export function compileRelated(
  kind: Kind,
  tables: readonly AnyTable['related'][],
  fields: Fields,
  layout: Layout,
): Step | undefined {
  const slots = layout.filter(KINDS[kind])
  const sources = tables.flatMap(related => related?.[kind] ?? []).map(field => fields.source(field))
  const attachments = kind === 'hash' ? layout.find('email.attachments') : undefined
  if (slots.length === 0 && sources.length === 0 && attachments === undefined) return undefined
  const target = layout.slot(`related.${kind}`)
  const accepts = kind === 'hosts' ? isNoAddress : () => true
  return state => {
    count = 0
    for (const slot of slots) addAll(state.values[slot], accepts)
    if (attachments !== undefined) addHashes(state.values[attachments])
    for (const source of sources) addField(source, state, READERS[kind], accepts)
    if (count > 0) state.values[target] = count > FEW ? distinct(found.slice(0, count)) : found.slice(0, count)
    if (found.length > FEW) found.length = FEW
  }
}

function isNoAddress(host: string): boolean {
  // No address has a letter behind f, and most names have one near their end.
  if (!host.includes(':')) {
    for (let i = host.length - 1; i >= 0; i--) {
      const lower = host.charCodeAt(i) | 32
      if (lower > 102 && lower <= 122) return true
    }
  }
  return !isIp(unbracket(splitPort(host).host))
}

/** Among so few a repeat is found faster than it is accepted once more; the others are removed at the end. */
const FEW = 16
/** Of one step at a time, the first `count`: an array that grows is garbage each time that it does. */
const found: string[] = Array(FEW).fill('')
let count = 0

function add(item: string, accepts: (item: string) => boolean): void {
  if (count < FEW && isFound(item)) return
  if (accepts(item)) found[count++] = item
}

function isFound(item: string): boolean {
  for (let i = 0; i < count; i++) if (found[i] === item) return true
  return false
}

function addAll(value: Json | undefined, accepts: (item: string) => boolean): void {
  if (value === undefined) return
  if (!Array.isArray(value)) {
    if (typeof value === 'string') add(value, accepts)
    return
  }
  for (const item of value) if (typeof item === 'string') add(item, accepts)
}

function addField(
  source: Source,
  state: State,
  read: (item: Json) => string | undefined,
  accepts: (item: string) => boolean,
): void {
  const value = source.read(state.inputs)
  if (isNothing(value)) return
  let isRead = false
  for (const item of Array.isArray(value) ? value : [value]) {
    const text = read(item)
    if (text === undefined) continue
    isRead = true
    add(text, accepts)
  }
  if (!isRead && !isEmpty(value)) reject(state, source.label)
}

function addHashes(attachments: Json | undefined): void {
  if (!Array.isArray(attachments)) return
  for (const attachment of attachments) {
    const hashes = childOf(childOf(attachment, 'file'), 'hash')
    if (typeof hashes === 'object' && hashes !== null) addAll(Object.values(hashes), () => true)
  }
}
