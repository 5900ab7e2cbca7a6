import { always, type Converter, PLACEHOLDER } from './converter.ts'
import type { EcsFields } from './ecs.ts'
import { integerOf, numberOf } from './number.ts'
import type { Json } from './types.ts'
import { textOf } from './value.ts'

/** Converters that look a name up: IANA registries and closed lists of ECS. */

// https://www.iana.org/assignments/dns-parameters, resource record types; 255 (`*` there) by its usual name.
const RR_RANGES: readonly (readonly [first: number, names: string])[] = [
  [
    1,
    'A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP NSAP-PTR SIG KEY PX GPOS AAAA LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK OPT APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY DHCID NSEC3 NSEC3PARAM TLSA SMIMEA',
  ],
  [55, 'HIP NINFO RKEY TALINK CDS CDNSKEY OPENPGPKEY CSYNC ZONEMD SVCB HTTPS DSYNC HHIT BRID'],
  [99, 'SPF UINFO UID GID UNSPEC NID L32 L64 LP EUI48 EUI64'],
  [128, 'NXNAME'],
  [249, 'TKEY TSIG IXFR AXFR MAILB MAILA ANY URI CAA AVC DOA AMTRELAY RESINFO WALLET CLA IPN'],
  [32768, 'TA DLV'],
]
const RR_NAMES: ReadonlyMap<number, string> = new Map(
  RR_RANGES.flatMap(([first, names]) => names.split(' ').map((name, i) => [first + i, name] as const)),
)

// https://www.iana.org/assignments/dns-parameters, RCODEs, in the spelling of the registry.
const RCODES: ReadonlyMap<number, string> = new Map([
  ...'NoError FormErr ServFail NXDomain NotImp Refused YXDomain YXRRSet NXRRSet NotAuth NotZone DSOTYPENI'
    .split(' ')
    .map((name, code) => [code, name] as const),
  ...'BADVERS BADKEY BADTIME BADMODE BADNAME BADALG BADTRUNC BADCOOKIE'
    .split(' ')
    .map((name, i) => [16 + i, name] as const),
])

const IP_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [2, 'igmp'],
  [4, 'ipv4'],
  [6, 'tcp'],
  [17, 'udp'],
  [41, 'ipv6'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'ipv6-icmp'],
  [89, 'ospf'],
  [132, 'sctp'],
])

/** DNS record type by its number; a text that is no number in upper case. */
export const rr: Converter<string> = {
  name: 'DNS record type',
  convert: value => {
    const number = integerOf(value)
    if (number !== undefined) return RR_NAMES.get(number)
    return typeof value === 'string' && value !== '' && numberOf(value) === undefined ? value.toUpperCase() : undefined
  },
  quiet: true,
}

function byNumber(name: string, names: ReadonlyMap<number, string>): Converter<string> {
  return {
    name,
    convert: value => {
      const number = integerOf(value)
      return number === undefined ? undefined : names.get(number)
    },
    quiet: true,
  }
}

/** DNS response code by its number. */
export const rcode = byNumber('DNS response code', RCODES)

/** Name of an IP protocol by its number. */
export const ipproto = byNumber('IP protocol', IP_PROTOCOLS)

export const transport: Converter<string> = {
  name: 'transport protocol',
  convert: value => {
    const found = textOf(value)?.toLowerCase()
    if (found === 'unix' || found === 'unknown') return PLACEHOLDER
    return found === 'icmpv6' ? 'ipv6-icmp' : found
  },
}

type OsType = EcsFields['host.os.type']
const OS_TYPES: ReadonlyMap<string, OsType> = new Map([
  ['windows', 'windows'],
  ['linux', 'linux'],
  ['ios', 'ios'],
  ['android', 'android'],
  ['mac', 'macos'],
  ['macos', 'macos'],
  ['darwin', 'macos'],
])

function byWord<Out extends Json>(name: string, words: ReadonlyMap<string, Out>): Converter<Out> {
  return { name, convert: value => words.get(textOf(value)?.toLowerCase() ?? ''), quiet: true, keeps: always }
}

export const ostype = byWord('operating system', OS_TYPES)

export const severity = byWord(
  'severity as a number',
  new Map([
    ['low', 21],
    ['medium', 47],
    ['high', 73],
    ['critical', 99],
  ]),
)
