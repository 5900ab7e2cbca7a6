import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { KEY, type Listening, listen } from './listening.ts'

let intake: Listening
beforeAll(async () => {
  intake = await listen({ limits: { maxJsonBytes: 100_000 } })
})
afterEach(() => {
  expect(intake.spool.unsettled.size).toBe(0)
  intake.spool.stored.length = 0
})
afterAll(() => intake.close())

const send = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(intake.url + path, {
    method: 'POST',
    body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
const withKey = { 'x-sekoiaio-intake-key': KEY }
const ids = async (response: Response) => {
  expect(response.status).toBe(200)
  return ((await response.json()) as { event_ids: string[] }).event_ids
}
const lines = () => intake.spool.stored.map(({ body }) => body.toString())

test('/jsons takes each element as an event: a string as its text, another as it is written', async () => {
  const body =
    '[ "plain text", {"t":1506702504433000200, "f":1.0,\n "n":{"a":[1, 2]}} , 18446744073709551615, null, ["x"] ]'
  expect(await ids(await send('/jsons', body, withKey))).toHaveLength(5)
  expect(lines()).toEqual([
    '- plain text\n- {"t":1506702504433000200, "f":1.0,  "n":{"a":[1, 2]}}\n- 18446744073709551615\n- null\n- ["x"]\n',
  ])
  expect(intake.spool.stored[0]?.batch).toMatchObject({ format: 'timed', gzip: false, lines: 5 })
})

test('CR and LF within a text become blanks, other characters stay', async () => {
  await ids(await send('/jsons', ['a\r\nb\nc\td é 😀 \u2028 \\n'], withKey))
  expect(lines()).toEqual(['- a  b c\td é 😀 \u2028 \\n\n'])
})

test('every element has an id: a blank text is kept in its quotes', async () => {
  expect(new Set(await ids(await send('/jsons', '["", " \\n ", "x"]', withKey))).size).toBe(3)
  expect(lines()).toEqual(['- ""\n- " \\n "\n- x\n'])
})

test('an empty body or array holds nothing to store', async () => {
  expect(await ids(await send('/jsons', '', withKey))).toEqual([])
  expect(await ids(await send('/jsons', ' [ ] ', withKey))).toEqual([])
  expect(await ids(await send('/batch', { intake_key: KEY, jsons: [] }))).toEqual([])
  expect(intake.spool.stored).toEqual([])
})

test('equal bodies are different batches', async () => {
  const first = await ids(await send('/jsons', ['x'], withKey))
  expect(await ids(await send('/jsons', ['x'], withKey))).not.toEqual(first)
})

test('gzip is taken', async () => {
  const body = gzipSync(JSON.stringify(['a', 'b']))
  expect(await ids(await send('/jsons', body, { ...withKey, 'content-encoding': 'gzip' }))).toHaveLength(2)
})

test.each([
  ['$.a.b', { a: { b: ['x', 'y'] } }],
  ["$['a']['b']", { a: { b: ['x', 'y'] } }],
  ['$["a b"].c', { 'a b': { c: ['x', 'y'] } }],
  ['$', ['x', 'y']],
  ['$.r', { r: [], other: 1, r2: 2 }],
])('/many finds the events at %s', async (path, body) => {
  const response = await send(`/many?path=${encodeURIComponent(path)}`, body, withKey)
  expect(await ids(response)).toHaveLength(path === '$.r' ? 0 : 2)
})

test.each([
  ['', { a: [] }],
  ['?path=a.b', { a: { b: [] } }],
  ['?path=$..b', { a: { b: [] } }],
  ['?path=$.a[0]', { a: [[]] }],
  ['?path=$.a.*', { a: { b: [] } }],
  ['?path=$.missing', { a: [] }],
  ['?path=$.a.b', { a: 1 }],
  ['?path=$.a', { a: 'text' }],
  [`?path=$${'.a'.repeat(9)}`, {}],
  ['?path=$.__proto__', {}],
])('/many%s with %j is 400', async (query, body) => {
  const response = await send(`/many${query}`, body, withKey)
  expect([response.status, await response.json()]).toMatchObject([400, { code: 'ERR_INTAKE_BAD_PATH' }])
})

test('/ takes one event with its key and time', async () => {
  const response = await send('/', { intake_key: KEY, json: '{"a":1}', '@timestamp': '2024-01-02T03:04:05+01:00' })
  expect(((await response.json()) as { event_id: string }).event_id).toMatch(/^[0-9a-f-]{36}$/)
  expect(lines()).toEqual(['2024-01-02T02:04:05Z {"a":1}\n'])
  expect(response.headers.get('intake-batch')).toMatch(/^[0-9a-f]{64}$/)
})

test('/batch takes several events with one key, wherever the key stands', async () => {
  expect(await ids(await send('/batch', `{"jsons":["{\\"a\\":1}","b"],"x":{},"intake_key":"${KEY}"}`))).toHaveLength(2)
  expect(lines()).toEqual(['- {"a":1}\n- b\n'])
})

test.each([
  ['/', { json: 'x' }],
  ['/', { intake_key: 'wrong', json: 'x' }],
  ['/', { intake_key: 5, json: 'x' }],
  ['/batch', { jsons: ['x'] }],
  ['/batch', { intake_key: 'wrong', jsons: [] }],
  ['/array', []],
  [
    '/array',
    [
      { intake_key: KEY, json: 'x' },
      { intake_key: 'wrong', json: 'x' },
    ],
  ],
])('%s with %j is 401 and nothing is stored', async (path, body) => {
  const response = await send(path, body, withKey)
  const { code, message } = (await response.json()) as { code: string; message: string }
  expect([response.status, code]).toEqual([401, 'ERR_INTAKE_UNAUTHORIZED'])
  expect(message).toMatch(/on this route it is intake_key in the JSON body/)
  expect(message).not.toContain('X-SEKOIAIO-INTAKE-KEY')
  expect(intake.spool.stored).toEqual([])
})

test('a wrapper has up to 64 members, and names and keys may be escaped', async () => {
  const members = (count: number) => Array.from({ length: count }, (_, i) => `"m${i}":1,`).join('')
  const escaped = `{${members(62)}"\\u006Ason":"x","intake_key":"${KEY.replaceAll('/', '\\/')}"}`
  expect((await send('/', escaped)).status).toBe(200)
  const response = await send('/', escaped.replace('{', '{"m":1,'))
  expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('more than 64 members')])
})

test('/jsons and /many are 401 without a key in the request', async () => {
  for (const path of ['/jsons', '/many?path=$.a']) {
    const response = await send(path, ['x'])
    expect([response.status, await response.text()]).toEqual([401, expect.stringContaining('X-SEKOIAIO-INTAKE-KEY')])
  }
})

test.each([
  ['/jsons', '{"a":1}'],
  ['/jsons', '["a"'],
  ['/jsons', '["a"] x'],
  ['/jsons', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])],
  ['/', '[]'],
  ['/', ''],
  ['/', JSON.stringify({ intake_key: KEY })],
  ['/', JSON.stringify({ intake_key: KEY, json: 'x', '@timestamp': 'yesterday' })],
  ['/', JSON.stringify({ intake_key: KEY, json: 'x', timestamp: {} })],
  ['/', JSON.stringify({ intake_key: KEY, json: 'x', timestamp: true })],
  ['/batch', JSON.stringify({ intake_key: KEY })],
  ['/batch', JSON.stringify({ intake_key: KEY, jsons: 'x' })],
  ['/array', JSON.stringify([{ intake_key: KEY, json: 'x' }, 'x'])],
  ['/array', JSON.stringify([{ intake_key: KEY, json: 'x' }, { intake_key: KEY }])],
  ['/array', JSON.stringify([{ intake_key: KEY, json: 'x', timestamp: '2024-13-01T00:00:00Z' }])],
])('%s with %s is 400 and nothing is stored', async (path, body) => {
  const response = await send(path, body, withKey)
  const answer = await response.text()
  expect([response.status, JSON.parse(answer)]).toMatchObject([400, { code: 'ERR_INTAKE_BAD_JSON' }])
  expect(answer).not.toContain(KEY)
  expect(intake.spool.stored).toEqual([])
})

test('a body over MAX_JSON_BYTES is 413, gzip or not', async () => {
  const body = JSON.stringify(['x'.repeat(100_000)])
  for (const bytes of [Buffer.from(body), gzipSync(body)]) {
    const response = await send('/jsons', bytes, withKey)
    expect(response.status).toBe(413)
    expect(await response.text()).toContain('MAX_JSON_BYTES')
  }
})

test('broken gzip and other encodings are refused as on the other routes', async () => {
  expect((await send('/jsons', gzipSync('["x"]').subarray(0, 15), withKey)).status).toBe(400)
  expect((await send('/jsons', '["x"]', { ...withKey, 'content-encoding': 'br' })).status).toBe(415)
})

test('a hostile body of brackets costs neither the stack nor the memory', async () => {
  const deep = await listen()
  try {
    const post = async (path: string, body: string) => {
      const response = await fetch(deep.url + path, { method: 'POST', body, headers: withKey })
      await response.arrayBuffer()
      return response
    }
    expect((await post('/jsons', '['.repeat(16 * 1024 ** 2 - 1))).status).toBe(400)
    expect((await post('/jsons', `[${'['.repeat(50_000)}${']'.repeat(50_000)}]`)).status).toBe(200)
    expect((await post('/', '{"a":'.repeat(1_000_000))).status).toBe(400)
    expect((await post('/jsons', `[${'{},'.repeat(300_000)}{}]`)).status).toBe(200)
  } finally {
    await deep.close()
  }
})

test('strangers wait in line for four places, and those with a key in the request do not wait behind them', async () => {
  const slow = await listen({ limits: { bodyIdleMs: 400 } })
  try {
    const head = 'POST /batch HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{'
    const strangers = Array.from({ length: 4 }, () => slow.socket())
    for (const { socket } of strangers) socket.write(head)
    const body = JSON.stringify({ intake_key: KEY, jsons: ['x'] })
    const begun = performance.now()
    await new Promise(resolve => setTimeout(resolve, 50))
    const waiting = fetch(`${slow.url}/batch`, { method: 'POST', body })
    expect((await fetch(`${slow.url}/jsons`, { method: 'POST', body: '["x"]', headers: withKey })).status).toBe(200)
    expect(performance.now() - begun).toBeLessThan(350)
    expect((await waiting).status).toBe(200)
    expect(performance.now() - begun).toBeGreaterThan(350)
    for (const raw of strangers) expect(await raw.closed()).toMatch(/^HTTP\/1.1 408 /)
  } finally {
    await slow.close()
  }
})
