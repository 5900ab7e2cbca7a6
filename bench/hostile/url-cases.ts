import type { Draw } from './draw.ts'
import { textsOf } from './expected.ts'
import { freshContent } from './gzip-cases.ts'
import { type Case, caseOf, keyHeader, WRONG_KEY } from './wire.ts'

const ROUTES = [
  '/plain/batch',
  '/plain',
  '/jsons',
  '/many',
  '/batch',
  '/array',
  '/',
  '/livez',
  '/readyz',
  '/metrics',
  '/api/v1/intake-http/plain/batch',
]
const ODD = [
  '%',
  '%0',
  '%zz',
  '%00',
  '%2e%2e',
  '%2E%2E%2F',
  '%c0%ae',
  '%ff',
  '%F0%9F%98%80',
  '%ed%a0%80',
  '..',
  '.',
  '//',
  '\\',
  ';',
  ';a=b',
  '*',
  '#',
  '#x',
  '?',
  '??',
  '&',
  '=',
  '+',
  '\x80',
  '\xff',
  '\x01',
  '\t',
  '"',
  '<',
  '{',
  '|',
  '~',
  ':',
  '@',
  '%2F',
  '%3F',
  '%25',
  '%0d%0aX:%20y',
  '__proto__',
  '%5b',
  'constructor',
  'a'.repeat(200),
  'a'.repeat(9000),
  'a'.repeat(20_000),
]
/** Node refuses the URL, or Fastify, or the routes do, or it means one of them after all. */
const ANY = [200, 400, 401, 404, 405, 431]

/** Requests whose path or query is hostile. What is stored by them is what the body holds. */
export function urlCase(draw: Draw, key: string): Case {
  return draw.pick([paths, datasetPaths, queries, queries, tags, keysInQuery])(draw, key)
}

/** Only the text routes can store these bodies; which, the answer shows. */
function paths(draw: Draw, key: string): Case {
  const route = draw.pick(ROUTES)
  const at = draw.pick([0, route.length, draw.below(route.length + 1)])
  const path = route.slice(0, at) + draw.pick(ODD) + (draw.chance(0.2) ? draw.pick(ODD) : '') + route.slice(at)
  const target = draw.chance(0.05) ? `http://intake${path}` : path
  return send(draw, 'path', target, key, ANY)
}

function datasetPaths(draw: Draw, key: string): Case {
  const [name, statuses] = draw.pick<[string, number[]]>([
    ['http_requests', [200]],
    ['http%5frequests', [200]],
    ['http_requests/', [200]],
    ['http_requests%00', [400]],
    ['HTTP_REQUESTS', [400]],
    ['%2e%2e%2fetc', [400]],
    ['__proto__', [400]],
    [key, [400]],
    ['http_requests/dns_logs', [404]],
    ['%E0%A4%A', [400]],
    ['x'.repeat(12_000), [400]],
  ])
  return send(draw, 'dataset path', `/plain/batch/${name}`, key, statuses)
}

function queries(draw: Draw, key: string): Case {
  const names = [
    'dataset',
    'tags',
    'intake_key',
    'path',
    '__proto__',
    'constructor',
    'dataset[]',
    'dataset[a]',
    'a.b',
    '',
    'toString',
    'header_X',
  ]
  const values = [
    '',
    'http_requests',
    'x',
    '__proto__',
    '%00',
    '%zz',
    '%ff',
    '[]',
    '\xff',
    'a'.repeat(300),
    'dataset:dns_logs',
    '%F0%9F%98%80',
  ]
  const count = draw.pick([1, 2, 3, 10, 3000])
  const pairs = Array.from(
    { length: count },
    () => `${draw.pick(names)}${draw.pick(['=', '=', ''])}${draw.pick(count > 99 ? ['', 'x'] : values)}`,
  )
  return send(draw, 'query', `/plain/batch?${pairs.join(draw.pick(['&', '&', '&&', ';']))}`, key, [200, 400, 431])
}

function tags(draw: Draw, key: string): Case {
  const [value, status] = draw.pick<[string, number]>([
    ['a,b,c', 200],
    ['dataset:http_requests', 200],
    ['%20dataset:http_requests%20,x', 200],
    ['dataset:', 200],
    ['dataset:nothing', 400],
    ['dataset:http_requests,dataset:nothing', 400],
    [`dataset:${key}`, 400],
    [','.repeat(9000), 200],
    ['dataset:dataset:http_requests', 400],
    ['DATASET:nothing', 200],
  ])
  return send(draw, 'tags', `/plain/batch?tags=${value}`, key, [status])
}

function keysInQuery(draw: Draw, key: string): Case {
  const [query, status] = draw.pick<[string, number]>([
    [`intake_key=${key}`, 200],
    [`intake_key=${key}&intake_key=${WRONG_KEY}`, 200],
    [`intake_key=${WRONG_KEY}&intake_key=${key}`, 401],
    [`intake_key[]=${key}`, 401],
    [`INTAKE_KEY=${key}`, 401],
    ['intake_key', 401],
    [`intake_key=${key}%00`, 401],
    [`intake%5fkey=${key}`, 200],
    [`intake_key=${key}#x`, 200],
    [`x=?intake_key=${key}`, 401],
  ])
  const body = freshContent(draw)
  const statuses = query.endsWith('#x') ? [200, 400, 401] : [status]
  return caseOf('url/key', { path: `/plain/batch?${query}`, body }, { statuses, texts: textsOf(body) })
}

function send(draw: Draw, kind: string, path: string, key: string, statuses: readonly number[]): Case {
  const body = freshContent(draw)
  return caseOf(`url/${kind}`, { path, headers: [keyHeader(key)], body }, { statuses, texts: textsOf(body) })
}
