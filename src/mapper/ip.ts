const DOT = 46
const COLON = 58

/** The bytes of a dotted IPv4 address in `text` from `start` on, or undefined. Leading zeros are refused, as Elasticsearch does. */
function ipv4At(text: string, start: number): number[] | undefined {
  const bytes: number[] = []
  let value = -1
  let digits = 0
  for (let i = start; i <= text.length; i++) {
    const code = i === text.length ? DOT : text.charCodeAt(i)
    if (code === DOT) {
      if (digits === 0 || bytes.length === 4) return undefined
      bytes.push(value)
      value = -1
      digits = 0
    } else {
      const digit = code - 48
      if (digit < 0 || digit > 9 || value === 0) return undefined
      value = digits === 0 ? digit : value * 10 + digit
      if (value > 255) return undefined
      digits++
    }
  }
  return bytes.length === 4 ? bytes : undefined
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

function ipv6Bytes(text: string): number[] | undefined {
  if (text.length < 2 || text.length > 45) return undefined
  const bytes: number[] = []
  let gap = -1
  let at = 0
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return undefined
    gap = 0
    at = 2
  }
  while (at < text.length) {
    let value = 0
    let end = at
    for (; end < text.length; end++) {
      const digit = hexDigit(text.charCodeAt(end))
      if (digit < 0) break
      value = value * 16 + digit
    }
    if (end < text.length && text.charCodeAt(end) === DOT) {
      const tail = ipv4At(text, at)
      if (!tail) return undefined
      bytes.push(...tail)
      at = text.length
      break
    }
    if (end === at || end - at > 4) return undefined
    bytes.push(value >> 8, value & 255)
    if (bytes.length > 16) return undefined
    if (end === text.length) break
    if (text.charCodeAt(end) !== COLON) return undefined
    at = end + 1
    if (at === text.length) return undefined
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return undefined
      gap = bytes.length
      at++
    }
  }
  if (gap < 0) return bytes.length === 16 ? bytes : undefined
  if (bytes.length > 14) return undefined
  return [...bytes.slice(0, gap), ...Array(16 - bytes.length).fill(0), ...bytes.slice(gap)]
}

/** The 4 or 16 bytes of an address; undefined for anything else, a zone (`%eth0`) included. */
export function ipBytes(text: string): number[] | undefined {
  return text.includes(':') ? ipv6Bytes(text) : ipv4At(text, 0)
}

/** Whether the text is an IPv4 address; without allocation, for it runs several times an event. */
function isIpv4(text: string): boolean {
  if (text.length < 7 || text.length > 15) return false
  let value = -1
  let dots = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (value < 0 || ++dots > 3) return false
      value = -1
    } else {
      const digit = code - 48
      if (digit < 0 || digit > 9 || value === 0) return false
      value = value < 0 ? digit : value * 10 + digit
      if (value > 255) return false
    }
  }
  return dots === 3 && value >= 0
}

export function isIp(text: string): boolean {
  return isIpv4(text) || (text.includes(':') && ipv6Bytes(text) !== undefined)
}

const MAPPED = /^::ffff:(?=\d+\.)/i

/** An address as written; an IPv4 address in IPv6 dress (`::ffff:192.0.2.1`) as IPv4. */
export function normalIp(text: string): string | undefined {
  if (!isIp(text)) return undefined
  return text.charCodeAt(0) === COLON && MAPPED.test(text) ? text.slice(7) : text
}
