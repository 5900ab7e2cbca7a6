import { ipBytes } from './ip.ts'
import { sha1 } from './sha1.ts'

export interface Flow {
  readonly sourceIp: string
  readonly destinationIp: string
  /** Lower case, as in network.transport. */
  readonly transport: string
  /** The port, or the type of an ICMP message. */
  readonly sourcePort: number
  /** The port, or the code of an ICMP message. */
  readonly destinationPort: number
}

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['tcp', 6],
  ['udp', 17],
  ['ipv6-icmp', 58],
  ['sctp', 132],
])

// A request and its answer are one flow: the type that answers each type takes the place of the second port.
const ICMP_ANSWERS: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [0, 8],
  [13, 14],
  [14, 13],
  [15, 16],
  [16, 15],
  [17, 18],
  [18, 17],
  [10, 9],
  [9, 10],
])
const ICMP6_ANSWERS: ReadonlyMap<number, number> = new Map([
  [128, 129],
  [129, 128],
  [133, 134],
  [134, 133],
  [135, 136],
  [136, 135],
  [130, 131],
  [131, 130],
  [139, 140],
  [140, 139],
  [144, 145],
  [145, 144],
])

export function isIcmp(transport: string): boolean {
  return transport === 'icmp' || transport === 'ipv6-icmp'
}

/** Whether the second end comes first in the hash. */
function isReversed(a: readonly number[], b: readonly number[], portA: number, portB: number): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! > b[i]!
  return portA > portB
}

/** Community ID v1 with seed 0 (https://github.com/corelight/community-id-spec); undefined where a flow has none. */
export function communityId(flow: Flow): string | undefined {
  const protocol = PROTOCOLS.get(flow.transport)
  const source = ipBytes(flow.sourceIp)
  const destination = ipBytes(flow.destinationIp)
  if (protocol === undefined || !source || !destination || source.length !== destination.length) return undefined
  let answer: number | undefined
  if (protocol === 1) answer = ICMP_ANSWERS.get(flow.sourcePort)
  if (protocol === 58) answer = ICMP6_ANSWERS.get(flow.sourcePort)
  const oneWay = isIcmp(flow.transport) && answer === undefined
  const first = { ip: source, port: flow.sourcePort }
  const second = { ip: destination, port: answer ?? flow.destinationPort }
  const [a, b] = !oneWay && isReversed(first.ip, second.ip, first.port, second.port) ? [second, first] : [first, second]
  const message = [0, 0, ...a.ip, ...b.ip, protocol, 0, a.port >> 8, a.port & 255, b.port >> 8, b.port & 255]
  return `1:${btoa(String.fromCharCode(...sha1(Uint8Array.from(message))))}`
}
