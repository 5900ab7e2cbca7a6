import { BlockList, isIP } from 'node:net'

export interface Networks {
  /** @param address as `plainAddress` gives it */
  has(address: string): boolean
}

const NETWORK = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
/** In the one form that the platform writes. */
const SHORT_MAPPED = /^\[::ffff:([\da-f]+):([\da-f]+)\]$/
/** Bits of an IPv6 address before the IPv4 address in it. */
const MAPPED_BITS = 96

/**
 * A set of networks, each `address` or `address/bits`, IPv4 or IPv6. One of IPv4 within IPv6, `::ffff:192.0.2.0/120`, is the IPv4 network.
 *
 * @throws Error whose message names the first that is none by number: the text may be anything
 */
export function createNetworks(texts: readonly string[]): Networks {
  // Each family has its own list: to one list the IPv4 addresses lie within IPv6 networks such as ::/0.
  const lists = { 4: new BlockList(), 6: new BlockList() }
  for (const [index, text] of texts.entries()) {
    const [, address = '', bits] = NETWORK.exec(text) ?? []
    const family = isIP(address)
    const widest = family === 4 ? 32 : 128
    const prefix = bits === undefined ? widest : Number(bits)
    if (family === 0 || prefix > widest) throw new Error(`entry ${index + 1} is no network`)
    const mapped = family === 6 && prefix >= MAPPED_BITS ? mappedAddress(address) : undefined
    if (mapped !== undefined) lists[4].addSubnet(mapped, prefix - MAPPED_BITS, 'ipv4')
    else if (family === 4) lists[4].addSubnet(address, prefix, 'ipv4')
    else lists[6].addSubnet(address, prefix, 'ipv6')
  }
  return { has: address => (isIP(address) === 4 ? lists[4].check(address, 'ipv4') : lists[6].check(address, 'ipv6')) }
}

/** The address alone: without brackets, port and zone, IPv4 within IPv6 as IPv4. Undefined when the text is none. */
export function plainAddress(text: string): string | undefined {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  const [address = ''] = bare.split('%', 1)
  return isIP(address) === 0 ? undefined : (mappedAddress(address) ?? address)
}

/** The IPv4 address within an IPv6 address of `::ffff:0:0/96`, however that is written; undefined for any other. */
function mappedAddress(address: string): string | undefined {
  const usual = MAPPED.exec(address)?.[1]
  if (usual !== undefined || !address.includes(':')) return usual
  const [, high, low] = SHORT_MAPPED.exec(new URL(`http://[${address}]`).hostname) ?? []
  if (high === undefined || low === undefined) return undefined
  const [front, back] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [front >> 8, front & 255, back >> 8, back & 255].join('.')
}

/** What one holder has: an IPv4 address, or the /64 of an IPv6 address, within which he may choose. */
export function holderOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const front = groups(head)
  const back = groups(tail ?? '')
  const width = (back.at(-1) ?? '').includes('.') ? back.length + 1 : back.length
  const zeros = tail === undefined ? 0 : 8 - front.length - width
  const all = [...front, ...Array<string>(Math.max(0, zeros)).fill('0'), ...back]
  return `${all
    .slice(0, 4)
    .map(group => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
