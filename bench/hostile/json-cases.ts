import { gzipSync } from 'node:zlib'
import type { Draw } from './draw.ts'
import { hostileValue, mutated, nestedJson, space } from './hostile-json.ts'
import {
  type Case,
  CHUNKED,
  chunked,
  DATASET_KEY,
  inPieces,
  keyHeader,
  type Request,
  rawRequest,
  WRONG_KEY,
} from './wire.ts'

export const MAX_JSON_BYTES = 1024 ** 2

type Route = 'jsons' | 'many' | 'batch' | 'array' | 'one'
const ROUTES: readonly Route[] = ['jsons', 'many', 'batch', 'array', 'one']
const PATHS: Readonly<Record<Route, string>> = {
  jsons: '/jsons',
  many: '/many',
  batch: '/batch',
  array: '/array',
  one: '/',
}

/** Bodies of the routes that take JSON. */
export function jsonCase(draw: Draw, key: string): Case {
  return draw.pick([good, good, good, mutation, mutation, shape, wrongKey, size, jsonPath, depth, time])(draw, key)
}

/** Events in the shape of a route. @returns the request without headers that every request has */
function body(draw: Draw, route: Route, key: string, events: readonly string[]): string {
  const s = () => space(draw)
  const text = JSON.stringify(key)
  const name = draw.chance(0.1) ? 'intake\\u005fkey' : 'intake_key'
  const wrapped = (event: string) => `{${s()}"${name}":${text}${s()},"json":${s()}${event}${s()}}`
  switch (route) {
    case 'jsons':
      return `${s()}[${events.join(`${s()},${s()}`)}]${s()}`
    case 'many':
      return `{"x":[1],"a":{"b":[0],"b":[${events.join(',')}]}}`
    case 'batch':
      return `{"jsons":[],"${name}":"x","jsons":[${events.join(',')}],"${name}":${text}}`
    case 'array':
      return `[${events.map(wrapped).join(',')}]`
    case 'one':
      return wrapped(events[0]!)
  }
}

function send(
  draw: Draw,
  kind: string,
  route: Route,
  key: string,
  content: string | Buffer,
  expect: Case['expect'],
): Case {
  const bytes = Buffer.from(content)
  const keyed = route === 'jsons' || route === 'many'
  const path = route === 'many' ? `/many?path=${draw.pick(['$.a.b', "$['a']['b']", '$.a[%22b%22]'])}` : PATHS[route]
  return { ...sendTo(draw, path, keyed ? [keyHeader(key)] : [], bytes, expect), kind: `json/${kind}` }
}

function sendTo(draw: Draw, path: string, headers: readonly string[], bytes: Buffer, expect: Case['expect']): Case {
  const gzip = draw.chance(0.3)
  const sent = gzip ? gzipSync(bytes, { level: 1 }) : bytes
  const request: Request = {
    path: draw.chance(0.1) ? `/api/v1/intake-http${path}` : path,
    headers: [...headers, ...(gzip ? ['Content-Encoding: gzip'] : [])],
  }
  const chunks = draw.chance(0.2)
  const raw = rawRequest(
    chunks ? { ...request, body: chunked(draw, sent), framing: CHUNKED } : { ...request, body: sent },
  )
  return { kind: 'json', pieces: inPieces(draw, raw), expect }
}

function events(draw: Draw, count = draw.between(1, 4)): string[] {
  return Array.from({ length: count }, () => {
    for (;;) {
      const event = draw.chance(0.3)
        ? JSON.stringify(`${draw.number} ${draw.pick(['a\r\nb', '', '\u2028', '"', '\0', '{"a":1}'])}`)
        : hostileValue(draw)
      if (isJson(event)) return event
    }
  })
}

/** What a line holds is an element's text as it was written, or what a string says; line ends become blanks. */
function textOf(event: string): string {
  const value: unknown = JSON.parse(event)
  const isText = typeof value === 'string' && value.trim() !== ''
  return (isText ? value : event).replace(/[\r\n]/g, ' ').toWellFormed()
}

function good(draw: Draw, key: string): Case {
  const route = draw.pick(ROUTES)
  const list = events(draw, route === 'one' ? 1 : draw.between(1, 5))
  const single = route === 'one'
  return send(draw, 'good', route, key, body(draw, route, key, list), {
    statuses: [200],
    texts: list.map(textOf),
    single,
  })
}

/** What is no JSON any more is never taken; what is left of the shape is not told here. */
function mutation(draw: Draw, key: string): Case {
  const route = draw.pick(ROUTES)
  const bytes = mutated(draw, Buffer.from(body(draw, route, key, events(draw))))
  const statuses = isJson(bytes) ? [200, 400, 401] : [400, 401]
  const empty = bytes.toString('latin1').trim() === ''
  const texts = Array<undefined>(eventsIn(route, bytes)).fill(undefined)
  return send(draw, 'mutated', route, key, bytes, {
    statuses: empty ? [200, 400] : statuses,
    texts,
    single: route === 'one',
  })
}

/** How many events a body holds that may have been taken. */
function eventsIn(route: Route, bytes: Buffer): number {
  if (!isJson(bytes)) return 0
  const value = JSON.parse(bytes.toString())
  const list = route === 'many' ? value?.a?.b : route === 'batch' ? value?.jsons : value
  return route === 'one' ? 1 : Array.isArray(list) ? list.length : 0
}

function shape(draw: Draw, key: string): Case {
  const route = draw.pick(ROUTES)
  const [content, statuses] = draw.pick<[string, number[]]>([
    ['null', [400]],
    ['0', [400]],
    ['"text"', [400]],
    ['{}', [400, 401]],
    ['{"intake_key":{},"json":1,"jsons":[1]}', [400, 401]],
    ['{"intake_key":null,"json":1,"jsons":{}}', [400, 401]],
    ['{"__proto__":{"intake_key":"x","json":1}}', [400, 401]],
    ['[[[]]]x', [400]],
    ['\uFEFF[]', [400]],
    ['[1,]', [400]],
    ["['a']", [400]],
    ['[//x\n]', [400]],
    ['"\u0001"', [400]],
    ['nul', [400]],
    [`{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":0`).join(',')}}`, [400]],
  ])
  return send(draw, 'shape', route, key, content, { statuses, texts: [] })
}

function wrongKey(draw: Draw, key: string): Case {
  const route = draw.pick(ROUTES)
  const wrong = draw.pick([WRONG_KEY, `${key} `, '', 'x'.repeat(20_000), '__proto__', '\uD800', `${key}\0`])
  const list = events(draw, 1)
  if (route === 'jsons' || route === 'many') {
    const bytes = Buffer.from(body(draw, route, key, list))
    const headers = [keyHeader(WRONG_KEY)]
    return {
      ...sendTo(draw, `${PATHS[route]}?path=$.a.b`, headers, bytes, { statuses: [401], texts: [] }),
      kind: 'json/wrong key',
    }
  }
  return send(draw, 'wrong key', route, key, body(draw, route, wrong, list), { statuses: [401], texts: [] })
}

/** Around the limit of a body that is held whole. */
function size(draw: Draw, key: string): Case {
  if (draw.chance(0.8)) return good(draw, key)
  const over = draw.chance(0.5)
  const target = MAX_JSON_BYTES + (over ? draw.between(1, 2000) : -draw.between(0, 2000))
  const head = `${draw.number} `
  const text = head + 'a'.repeat(target - head.length - '[""]'.length)
  const content = JSON.stringify([text])
  return send(draw, 'size', 'jsons', key, content, { statuses: [over ? 413 : 200], texts: [text] })
}

function jsonPath(draw: Draw, key: string): Case {
  const [path, statuses] = draw.pick<[string, number[]]>([
    ['$.a.b', [200]],
    ["$['a'].b", [200]],
    ['$.a', [400]],
    ['$', [400]],
    ['', [400]],
    ['a.b', [400]],
    ['$..b', [400]],
    ['$.*', [400]],
    ['$.a[0]', [400]],
    ['$.a[?(@.b)]', [400]],
    ['$.a[(process.exit())]', [400]],
    ['$.__proto__', [400]],
    ['$.constructor.prototype', [400]],
    ["$['']", [400]],
    [`$${'.a'.repeat(9)}`, [400]],
    [`$${'.a'.repeat(4000)}`, [400]],
    [`$['${'a'.repeat(8000)}`, [400]],
    ['$.%00', [400]],
    ['$.\xff', [400]],
  ])
  const list = events(draw)
  const content = Buffer.from(body(draw, 'many', key, list))
  const target = `/many?path=${encodeURI(path).replaceAll('%25', '%')}`
  return {
    ...sendTo(draw, target, [keyHeader(key)], content, { statuses, texts: list.map(textOf) }),
    kind: 'json/path',
  }
}

function depth(draw: Draw, key: string): Case {
  const route = draw.pick(ROUTES)
  const levels = draw.chance(0.9) ? draw.between(1, 60) : draw.pick([1000, 20_000, 99_990, 150_000])
  const event = nestedJson(draw, levels)
  const content = body(draw, route, key, [event])
  const statuses = levels > 100_000 ? [400, 413] : levels > 90_000 ? [200, 400] : [200]
  return send(draw, 'depth', route, key, content, { statuses, texts: [textOf(event)], single: route === 'one' })
}

function time(draw: Draw, key: string): Case {
  const member = draw.pick(['timestamp', '@timestamp'])
  const [value, status] = draw.pick<[string, number]>([
    ['"2026-11-25T10:00:00Z"', 200],
    ['1790000000', 200],
    ['null', 200],
    ['1e9', 400],
    ['-1', 400],
    ['{}', 400],
    ['true', 400],
    [`"${'9'.repeat(3000)}"`, 400],
    ['"2026-13-01T00:00:00Z"', 400],
  ])
  const bound = draw.chance(0.3) ? DATASET_KEY : key
  const content = `[{"${member}":${value},"json":${draw.number},"intake_key":${JSON.stringify(bound)}}]`
  return send(draw, 'time', 'array', key, content, { statuses: [status], texts: [`${draw.number}`] })
}

function isJson(text: string | Buffer): boolean {
  try {
    JSON.parse(typeof text === 'string' ? text : decode(text))
    return true
  } catch {
    return false
  }
}

const decode = (bytes: Buffer) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
