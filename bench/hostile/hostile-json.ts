import { httpRequestLines } from '../records.ts'
import type { Draw } from './draw.ts'

/** Numbers as people and programs spell them; the second list is no JSON. */
const NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '0.1',
  '1e1',
  '1E+2',
  '1e-2',
  '1e999',
  '-1e999',
  '1e-999',
  '5e-324',
  '1.7976931348623157e308',
  '9007199254740991',
  '9007199254740993',
  '-9223372036854775808',
  '18446744073709551616',
  '1790000000000000001',
  '0.30000000000000004',
  '1.0',
  '100000000000000000000000',
  `1${'0'.repeat(400)}`,
  `0.${'3'.repeat(400)}`,
  `${'9'.repeat(5000)}`,
  `1e${'9'.repeat(50)}`,
  '-0.0e-0',
]
const NO_NUMBERS = [
  '01',
  '+1',
  '.5',
  '1.',
  '-',
  '0x10',
  '1e',
  '1e+',
  'NaN',
  'Infinity',
  '-Infinity',
  '1_000',
  '1,5',
  '٣',
  '1f',
  '--1',
]
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  '',
  '.',
  'a.b',
  '@timestamp',
  'event',
  'message',
  'tags',
  'labels',
  'ecs',
  'cloudflare',
  'length',
  '0',
  '-1',
  '\\u0000',
  '\\ud800',
  '$ref',
  '$where',
  '\\u005f_proto__',
  'data_stream',
  'error',
  'RayID',
  'ClientIP',
  'intake_key',
  'then',
  'toJSON',
  '\u2028',
  'é',
  '😀',
  'a\\"b',
  '__defineGetter__',
  'event.id',
]
const STRINGS = [
  '',
  ' ',
  '\\u0000',
  '\\ud800',
  '\\udc00\\ud800',
  '\\u2028',
  '\u2028\u2029\u0085',
  '<script>',
  '\\u0024{jndi:ldap://x}',
  '%s%n%x',
  '../../etc',
  "' or 1=1",
  '\\\\',
  '\\"',
  '\\/',
  '\\b\\f\\n\\r\\t',
  '1.2.3.4',
  '::1',
  '999.999.999.999',
  '::ffff:1.2.3.4%eth0',
  '1e999',
  'true',
  'null',
  '2026-02-30T00:00:00Z',
  '0000-00-00T00:00:00Z',
  '9999-12-31T23:59:60Z',
  '\uFEFF',
  '\uFFFD',
  '\uD83D\uDE00',
  'a'.repeat(3000),
  '\\u00e9'.repeat(300),
  'http://[::1',
  'https://a@b:c@d/%zz?%%#',
  'xn--a',
  '.'.repeat(300),
  '-',
  '{}',
  '[object Object]',
]
const RECORDS = httpRequestLines(50, { seed: 7 })

/** A JSON value, most often a valid one, made of what has broken parsers and mappers before. */
export function hostileValue(draw: Draw, depth = 0): string {
  switch (draw.below(depth > 4 ? 4 : 7)) {
    case 0:
      return draw.pick(NUMBERS)
    case 1:
      return `"${draw.pick(STRINGS)}"`
    case 2:
      return draw.pick(['true', 'false', 'null', '{}', '[]', '""', '[[]]', '[null]'])
    case 3:
      return draw.chance(0.05) ? draw.pick(NO_NUMBERS) : draw.pick(NUMBERS)
    case 4:
      return `[${list(draw, () => hostileValue(draw, depth + 1))}]`
    default:
      return hostileObject(draw, depth + 1)
  }
}

/** Its keys may come twice and name what every object has. */
export function hostileObject(draw: Draw, depth = 0): string {
  return `{${list(draw, () => `"${draw.pick(KEYS)}"${space(draw)}:${space(draw)}${hostileValue(draw, depth + 1)}`)}}`
}

/** A record of a known dataset, some of whose values are not what the dataset says. */
export function hostileRecord(draw: Draw): string {
  const members = draw
    .pick(RECORDS)
    .slice(1, -1)
    .split(/,(?=")/)
  for (let i = draw.between(1, 6); i > 0; i--) {
    const at = draw.below(members.length)
    const name = members[at]!.slice(0, members[at]!.indexOf(':'))
    members[at] = `${name}:${hostileValue(draw)}`
  }
  return `{"Case":${draw.number},${members.join(',')}}`
}

/** So many arrays or objects in each other. */
export function nestedJson(draw: Draw, depth: number): string {
  return draw.chance(0.5)
    ? `{"a":${'['.repeat(depth)}${draw.number}${']'.repeat(depth)}}`
    : `${'{"a":'.repeat(depth)}${draw.number}${'}'.repeat(depth)}`
}

/** Bytes taken out, put in or replaced. */
export function mutated(draw: Draw, bytes: Buffer): Buffer {
  const parts = [bytes]
  for (let i = draw.between(1, 4); i > 0; i--) {
    const whole = Buffer.concat(parts.splice(0))
    const at = draw.below(whole.length + 1)
    const put = draw.pick([
      Buffer.alloc(0),
      draw.bytes(draw.between(1, 3)),
      Buffer.from(draw.pick(['"', '\\', '{', ']', ',', ':', '\0', '\n'])),
    ])
    parts.push(whole.subarray(0, at), put, whole.subarray(Math.min(whole.length, at + draw.below(4))))
  }
  return Buffer.concat(parts)
}

export const space = (draw: Draw) => (draw.chance(0.1) ? draw.pick([' ', '\t', '   ']) : '')

const list = (draw: Draw, item: () => string) => Array.from({ length: draw.below(5) }, item).join(',')
