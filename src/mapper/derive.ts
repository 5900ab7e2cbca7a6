import { communityId, isIcmp } from './community-id.ts'
import type { AnyTable } from './dataset.ts'
import { domainParts } from './domain.ts'
import type { Layout } from './layout.ts'
import { integerOf } from './number.ts'
import type { Fields } from './sources.ts'
import type { State, Step } from './state.ts'
import { nanosecondsBetween } from './time.ts'
import type { Json } from './types.ts'
import { extensionOf } from './url.ts'
import { parseUserAgent } from './user-agent.ts'

/** Fields made of fields that are set. One that is set already is never replaced. */

function set(state: State, slot: number, value: Json | undefined): void {
  if (value !== undefined && state.values[slot] === undefined) state.values[slot] = value
}

function text(state: State, slot: number | undefined): string | undefined {
  const value = slot === undefined ? undefined : state.values[slot]
  return typeof value === 'string' ? value : undefined
}

function number(state: State, slot: number | undefined): number | undefined {
  const value = slot === undefined ? undefined : state.values[slot]
  return typeof value === 'number' ? value : undefined
}

/** url.extension from url.path. */
export function urlExtension(layout: Layout): Step[] {
  const path = layout.find('url.path')
  if (path === undefined) return []
  const extension = layout.slot('url.extension')
  return [
    state => {
      const value = text(state, path)
      if (value !== undefined) set(state, extension, extensionOf(value))
    },
  ]
}

/** host.name from host.hostname. */
export function hostName(layout: Layout): Step[] {
  const hostname = layout.find('host.hostname')
  if (hostname === undefined) return []
  const name = layout.slot('host.name')
  return [state => set(state, name, state.values[hostname])]
}

const SIDES = ['source', 'destination', 'client', 'server'] as const

/** `.address` of each side: its domain, else its ip. */
export function addresses(layout: Layout): Step[] {
  return SIDES.flatMap(side => {
    const domain = layout.find(`${side}.domain`)
    const ip = layout.find(`${side}.ip`)
    if (domain === undefined && ip === undefined) return []
    const address = layout.slot(`${side}.address`)
    return [(state: State) => set(state, address, text(state, domain) ?? text(state, ip))]
  })
}

const NAMES = ['url.domain', ...SIDES.map(side => `${side}.domain`), 'dns.question.name']

/** Registered domain, subdomain and suffix of every name, but of the sets left out. */
export function domains(layout: Layout, leftOut: readonly string[]): Step[] {
  return NAMES.flatMap(target => {
    const name = layout.find(target)
    const prefix = target.slice(0, target.lastIndexOf('.'))
    if (name === undefined || leftOut.includes(prefix)) return []
    const registered = layout.slot(`${prefix}.registered_domain`)
    const subdomain = layout.slot(`${prefix}.subdomain`)
    const suffix = layout.slot(`${prefix}.top_level_domain`)
    return [
      (state: State) => {
        const value = text(state, name)
        if (value === undefined) return
        const parts = domainParts(value)
        set(state, registered, parts.registered)
        set(state, subdomain, parts.subdomain)
        set(state, suffix, parts.suffix)
      },
    ]
  })
}

/** user_agent.* from user_agent.original. */
export function userAgent(layout: Layout): Step[] {
  const original = layout.find('user_agent.original')
  if (original === undefined) return []
  const [name, version, osName, osVersion, deviceName] = [
    'name',
    'version',
    'os.name',
    'os.version',
    'device.name',
  ].map(part => layout.slot(`user_agent.${part}`)) as [number, number, number, number, number]
  return [
    state => {
      const value = text(state, original)
      if (value === undefined) return
      const agent = parseUserAgent(value)
      set(state, name, agent.name)
      set(state, version, agent.version)
      set(state, osName, agent.os.name)
      set(state, osVersion, agent.os.version)
      set(state, deviceName, agent.device.name)
    },
  ]
}

/** network.type: the family of the first address. */
export function networkType(layout: Layout): Step[] {
  const ips = ['source.ip', 'client.ip', 'destination.ip'].map(layout.find).filter(slot => slot !== undefined)
  if (ips.length === 0) return []
  const type = layout.slot('network.type')
  return [
    state => {
      for (const ip of ips) {
        const address = text(state, ip)
        if (address === undefined) continue
        set(state, type, address.includes(':') ? 'ipv6' : 'ipv4')
        return
      }
    },
  ]
}

/** event.duration: the nanoseconds from event.start to event.end. */
export function duration(layout: Layout): Step[] {
  if (layout.find('event.start') === undefined || layout.find('event.end') === undefined) return []
  const slot = layout.slot('event.duration')
  return [
    state => {
      if (state.start && state.end) set(state, slot, nanosecondsBetween(state.start, state.end))
    },
  ]
}

/** network.community_id of the flow between source and destination. */
export function community(options: NonNullable<AnyTable['community']>, fields: Fields, layout: Layout): Step {
  const [sourceIp, destinationIp, sourcePort, destinationPort, transport] = [
    'source.ip',
    'destination.ip',
    'source.port',
    'destination.port',
    'network.transport',
  ].map(layout.find)
  const icmp = options === true ? undefined : options.icmp.map(field => fields.source(field))
  const target = layout.slot('network.community_id')
  return state => {
    const from = text(state, sourceIp)
    const to = text(state, destinationIp)
    const name = text(state, transport)?.toLowerCase()
    if (from === undefined || to === undefined || name === undefined) return
    const ends = isIcmp(name)
      ? (icmp ?? []).map(field => integerOf(field.read(state.inputs)))
      : [number(state, sourcePort), number(state, destinationPort)]
    const [first, second] = ends
    if (first === undefined || second === undefined || first < 0 || second < 0 || first > 65_535 || second > 65_535)
      return
    set(
      state,
      target,
      communityId({ sourceIp: from, destinationIp: to, transport: name, sourcePort: first, destinationPort: second }),
    )
  }
}
