import type { Json } from '../../src/mapper/types.ts'

/** Values that a table may look for, or must not fall for; the same for every field. */
const WORDS = [
  'HTTP/1.1 HTTP/2 h3 TLSv1.2 TLSv1 SSLv3 none unknown UNK XX T1 US de CA US-CA tcp ICMPv6 unix 1.1',
  'true false yes low critical windows Mac ingress to_cloudflare fetch alarm block login 0 1 16 17 -5 0.25 1e3',
  '1970-01-01T00:00:00Z 2024-13-01T00:00:00Z 2024-05-06T07:08:59Z 9007199254740993 1714979280 ? . ,',
]
  .join(' ')
  .split(' ')

const hex = (number: number, digits: number) => number.toString(16).padStart(4, '7').padStart(digits, 'aB09')

/** Texts that no other field of the record has: every form that a converter reads. */
function texts(n: number): string[] {
  const port = 2000 + n
  return [
    `text ${n}`,
    `Name${n}.example.`,
    `a${n}.example.com:${port}`,
    `b${n}.example/path/${n}`,
    `https://u${n}:p${n}@c${n}.example:${port}/d${n}?q=${n}#f${n}`,
    `//d${n}.example/${n}`,
    `/p${n}.html?q=${n}`,
    `/p${n}?a=${n}#f${n}`,
    `?q${n}=1`,
    `192.0.${n >> 8}.${n & 255}`,
    `198.18.${n >> 8}.${n & 255}:${port}`,
    `::ffff:203.0.${n >> 8}.${n & 255}`,
    `2001:DB8::${n.toString(16)}`,
    `[2001:db8:1::${n.toString(16)}]:${port}`,
    `AS${64_000 + n}`,
    `user${n}@example.org`,
    hex(n, 32),
    hex(n, 40),
    hex(n, 64),
    `${hex(n, 64)}.`,
    `x${n},y${n}`,
    `2024-05-06T07:08:09.${100_000_000 + n}Z`,
    `2024-05-06 07:08:09.${100_000 + n}+02:00`,
    `${1_714_970_000 + n}`,
    `${1_714_970_000_000_000_001n + BigInt(n)}`,
    `Z${n}`.slice(0, 3),
  ]
}

function numbers(n: number): number[] {
  const small = [0, 1, 16, 443, 1000 + n, -1000 - n, 0.25, n + 0.5, 65_535, 70_000 + n]
  const times = [1_714_970_000 + n, 1_714_970_000_000 + n, 1_714_970_000_000_000 + n]
  return [...small, ...times, Number.MAX_SAFE_INTEGER - n, 1e300]
}

function nested(n: number): Json[] {
  return [
    [`one ${n}`, `two ${n}`],
    [`one ${n}`, '', `three ${n}`],
    [`192.0.${n >> 8}.${n & 255}`, `2001:db8::${n.toString(16)}`],
    [`192.0.${n >> 8}.${n & 255}`, 'no address'],
    [n, 7, 7],
    [{ Name: `file ${n}`, Size: n, Sha256: hex(n, 64) }, { other: n }],
    [[`deep ${n}`]],
    { a: { b: [n, null, ''] } },
    { files: [`file ${n}`] },
    { Zone_Name: `zone${n}.example`, request: { name: `r${n}` } },
  ]
}

/** Values to put into a field. `n` makes most of them unlike those of other fields. None is empty. */
export function samplesOf(n: number): Json[] {
  return [...texts(n), ...WORDS, ...numbers(n), true, false, ...nested(n)]
}

const OF_TYPE: Readonly<Record<string, (value: Json) => boolean>> = {
  string: value => typeof value === 'string',
  int: value => Number.isInteger(value),
  float: value => typeof value === 'number',
  bool: value => typeof value === 'boolean',
  'int or string': value => typeof value === 'string' || Number.isInteger(value),
  object: value => typeof value === 'object' && !Array.isArray(value),
  'array[string]': value => Array.isArray(value) && value.every(item => typeof item === 'string'),
  'array[int]': value => Array.isArray(value) && value.every(Number.isInteger),
  'array[object]': value => Array.isArray(value) && value.every(item => !Array.isArray(item)),
  unknown: () => true,
}

/** Those of a documented type. */
export function samplesOfType(n: number, type: string): Json[] {
  return samplesOf(n).filter(OF_TYPE[type]!)
}
