import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createKeyring } from '../../src/http/keys.ts'
import { DATASETS, DNS_KEY, KEY, type Listening, listen } from './listening.ts'

let intake: Listening
beforeAll(async () => {
  intake = await listen()
})
afterEach(() => {
  expect(intake.spool.unsettled.size).toBe(0)
  intake.spool.stored.length = 0
})
afterAll(() => intake.close())

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const ids = async (response: Response) => ((await response.json()) as { event_ids: string[] }).event_ids
const only = () => {
  expect(intake.spool.stored.length).toBe(1)
  return intake.spool.stored[0]!
}

test('what Logpush sends is stored as it came, with an id for each line', async () => {
  const body = gzipSync('{"a":1}\n{"a":2}\n')
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-encoding': 'gzip' }
  const response = await intake.post('/plain/batch', body, headers)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  const found = await ids(response)
  expect(found).toHaveLength(2)
  expect(new Set(found).size).toBe(2)
  for (const id of found) expect(id).toMatch(UUID)

  const { batch, body: stored } = only()
  expect(stored.equals(body)).toBe(true)
  expect(batch).toMatchObject({ lines: 2, format: 'lines', gzip: true, dataset: undefined })
  expect(response.headers.get('intake-batch')).toBe(Buffer.from(batch.batchId).toString('hex'))
  expect(response.headers.get('intake-duplicate')).toBeNull()
})

test('blank lines have no id, a CR is no text, and the last line needs no LF', async () => {
  const response = await intake.post('/plain/batch', '\r\n{}\r\n \t \n\n{"b":2}\n   \r\n{"c":3}')
  expect(await ids(response)).toHaveLength(3)
  expect(only().batch.lines).toBe(3)
})

test('the same batch again has the same ids, says so and is stored once', async () => {
  const body = gzipSync('{"again":1}\n')
  const first = await intake.post('/plain/batch', body)
  const again = await intake.post('/plain/batch', body)
  expect(again.status).toBe(200)
  expect(again.headers.get('intake-duplicate')).toBe('true')
  expect(again.headers.get('intake-batch')).toBe(first.headers.get('intake-batch'))
  expect(await ids(again)).toEqual(await ids(first))
  only()
})

test('another key or dataset makes another batch of the same body', async () => {
  const send = (path: string, key: string) => intake.post(path, '{"same":1}\n', { 'x-sekoiaio-intake-key': key })
  const batches = new Set<string | null>()
  for (const response of [
    await send('/plain/batch', KEY),
    await send('/plain/batch', DNS_KEY),
    await send('/plain/batch/dns_logs', KEY),
    await send('/plain/batch/audit_logs', KEY),
  ]) {
    batches.add(response.headers.get('intake-batch'))
  }
  expect(batches.size).toBe(4)
})

test.each([
  ['the upload test, gzip', gzipSync('{"content":"tests"}')],
  ['the upload test, with blanks', Buffer.from(' { "content" : "tests" }\r\n')],
  ['the word test', Buffer.from('test\n')],
  ['the word test, gzip', gzipSync('test')],
  ['nothing', Buffer.alloc(0)],
  ['gzip of nothing', gzipSync('')],
  ['many blank lines', Buffer.from('\n \r\n'.repeat(40_000))],
])('%s is answered with no ids and nothing is stored', async (_name, body) => {
  const batch = await intake.post('/plain/batch', body)
  expect([batch.status, await batch.text()]).toEqual([200, '{"event_ids":[]}'])
  const single = await intake.post('/plain', body)
  expect([single.status, await single.text()]).toEqual([200, '{"event_id":null}'])
  expect(intake.spool.stored).toEqual([])
})

test('the upload test within a batch is a line like any other', async () => {
  expect(await ids(await intake.post('/plain/batch', '{"content":"tests"}\ntest\n'))).toHaveLength(2)
})

test('a POST without a body and without any header but the key is an empty body', async () => {
  const raw = intake.socket()
  raw.socket.write(
    `POST /plain/batch HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${KEY}\r\nConnection: close\r\n\r\n`,
  )
  expect(await raw.closed()).toContain('{"event_ids":[]}')
})

test('/plain is one event whatever it holds', async () => {
  const response = await intake.post('/plain', 'one\ntwo\n')
  const { event_id } = (await response.json()) as { event_id: string }
  expect(event_id).toMatch(UUID)
  expect(only()).toMatchObject({ batch: { lines: 1, format: 'single' }, body: Buffer.from('one\ntwo\n') })
  const again = (await (await intake.post('/plain', 'one\ntwo\n')).json()) as { event_id: string }
  expect(again.event_id).not.toBe(event_id)
})

test.each([
  'text/plain; charset=utf-8',
  'application/json',
  'foo',
  '',
  'application/x-ndjson',
  'multipart/form-data; boundary=x',
  ';;',
])('the content type %j is taken', async type => {
  const raw = intake.socket()
  raw.socket.write(
    `POST /plain/batch HTTP/1.1\r\nHost: x\r\nX-SEKOIAIO-INTAKE-KEY: ${KEY}\r\nContent-Type: ${type}\r\n` +
      'Content-Length: 3\r\nConnection: close\r\n\r\n{}\n',
  )
  expect(await raw.closed()).toMatch(/^HTTP\/1.1 200 /)
})

test('several gzip members are one body', async () => {
  const body = Buffer.concat([gzipSync('{"a":1}\n{"a"'), gzipSync(':2}\n')])
  expect(await ids(await intake.post('/plain/batch', body))).toHaveLength(2)
  expect(gunzipSync(only().body).toString()).toBe('{"a":1}\n{"a":2}\n')
})

test('gzip is known by its bytes: without the header it is inflated, and text under the header is taken as it is', async () => {
  expect(await ids(await intake.post('/plain/batch', gzipSync('{}\n{}\n')))).toHaveLength(2)
  expect(await ids(await intake.post('/plain/batch', '{"x":1}', { 'content-encoding': 'gzip' }))).toHaveLength(1)
  expect(intake.spool.stored.map(({ batch }) => batch.gzip)).toEqual([true, false])
})

test.each([
  ['cut', gzipSync('{"a":1}\n'.repeat(1000)).subarray(0, 40)],
  ['followed by zeros', Buffer.concat([gzipSync('{}'), Buffer.alloc(8)])],
  ['followed by text', Buffer.concat([gzipSync('{}'), Buffer.from('{}')])],
  ['damaged', Buffer.from(gzipSync('{"a":1}\n'.repeat(1000)).fill(0xff, 20, 24))],
  ['no gzip at all, under its header', Buffer.from([0x00, 0x01, 0x02])],
])('gzip that is %s is 400 and nothing is stored', async (_name, body) => {
  const response = await intake.post('/plain/batch', body, { 'content-encoding': 'gzip' })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ statusCode: 400, code: 'ERR_INTAKE_BROKEN_GZIP', error: 'Bad Request' })
  expect(intake.spool.stored).toEqual([])
})

test('one stray byte behind gzip is told from gzip that is cut', async () => {
  const response = await intake.post('/plain/batch', Buffer.concat([gzipSync('{}'), Buffer.from('\n')]))
  expect([response.status, await response.text()]).toEqual([
    400,
    expect.stringContaining('bytes follow the last member'),
  ])
})

test.each(['br', 'deflate', 'zstd', 'gzip, gzip'])('the encoding %s is 415', async encoding => {
  const response = await intake.post('/plain/batch', 'x', { 'content-encoding': encoding })
  expect([response.status, await response.json()]).toMatchObject([415, { code: 'ERR_INTAKE_UNSUPPORTED_ENCODING' }])
})

test.each([
  ['?dataset=dns_logs', {}],
  ['?tags=host:example.com,dataset:dns_logs', {}],
  ['/dns_logs', {}],
  ['/dns_logs/', {}],
  ['', { 'x-logpush-dataset': 'dns_logs' }],
  ['', { 'x-sekoiaio-intake-key': DNS_KEY }],
])('%j with %j declares the dataset', async (suffix, headers) => {
  const response = await intake.post(`/plain/batch${suffix}`, `{"n":"${suffix}"}`, headers as Record<string, string>)
  expect(response.status).toBe(200)
  expect(only().batch.dataset).toBe('dns_logs')
})

test("an unknown dataset is 400 with the list, another than the key's is 400 too", async () => {
  const unknown = await intake.post('/plain/batch?dataset=dns', '{}')
  expect(unknown.status).toBe(400)
  const body = (await unknown.json()) as { code: string; message: string }
  expect(body.code).toBe('ERR_INTAKE_UNKNOWN_DATASET')
  for (const name of DATASETS) expect(body.message).toContain(name)

  const other = await intake.post('/plain/batch/audit_logs', '{}', { 'x-sekoiaio-intake-key': DNS_KEY })
  expect([other.status, await other.json()]).toMatchObject([400, { code: 'ERR_INTAKE_DATASET_NOT_OF_KEY' }])
  expect(intake.spool.stored).toEqual([])
})

test("the answer to an unknown dataset is the same whether it is a key, another's key or nothing", async () => {
  const answers = await Promise.all(
    ['nope', DNS_KEY, encodeURIComponent(KEY)].map(async name => {
      const plain = await intake.post(`/plain/batch?dataset=${name}`, '{}')
      const keyless = await fetch(`${intake.url}/batch?dataset=${name}`, { method: 'POST', body: '{}' })
      return [plain.status, await plain.text(), keyless.status, await keyless.text()].join(' ')
    }),
  )
  expect(new Set(answers).size).toBe(1)
})

test('a key for several datasets takes what names one of them, and nothing else', async () => {
  const key = 'a-key-for-two'
  const own = await listen({
    keyring: createKeyring({
      keys: `dns_logs:${key},audit_logs:${key}`,
      datasets: DATASETS,
      log: pino({ level: 'silent' }),
    }),
  })
  const headers = { 'x-sekoiaio-intake-key': key }
  try {
    const unnamed = await own.post('/plain/batch', '{"a":1}', headers)
    expect([unnamed.status, await unnamed.json()]).toMatchObject([400, { code: 'ERR_INTAKE_DATASET_NOT_NAMED' }])
    const other = await own.post('/plain/batch?dataset=http_requests', '{"a":1}', headers)
    expect([other.status, await other.json()]).toMatchObject([400, { code: 'ERR_INTAKE_DATASET_NOT_OF_KEY' }])
    expect((await own.post('/plain/batch?dataset=audit_logs', '{"a":1}', headers)).status).toBe(200)
    expect(own.spool.stored.map(({ batch }) => batch.dataset)).toEqual(['audit_logs'])
  } finally {
    await own.close()
  }
})

test("the time of records without one is the header's, else that of receipt", async () => {
  const before = new Date().toISOString()
  await intake.post('/plain', 'a')
  await intake.post('/plain', 'b', { 'x-sekoiaio-event-timestamp': '1700000000123456789' })
  await intake.post('/plain', 'c', { 'x-sekoiaio-event-timestamp': '2024-05-06T07:08:09.5+02:00' })
  const times = intake.spool.stored.map(({ batch }) => batch.time)
  expect(times[0]! >= before && times[0]! <= new Date().toISOString()).toBe(true)
  expect(times.slice(1)).toEqual(['2023-11-14T22:13:20.123456789Z', '2024-05-06T05:08:09.5Z'])
  const bad = await intake.post('/plain', 'd', { 'x-sekoiaio-event-timestamp': 'yesterday' })
  expect([bad.status, await bad.json()]).toMatchObject([400, { code: 'ERR_INTAKE_BAD_TIME' }])
})

test('the prefix of other regions serves the same routes', async () => {
  const response = await intake.post('/api/v1/intake-http/plain/batch', '{"prefix":1}')
  expect(await ids(response)).toHaveLength(1)
})

test('a body in many chunks is stored byte by byte, and the batch id is that of the body', async () => {
  const body = gzipSync(Array.from({ length: 20_000 }, () => `{"r":"${Math.random()}"}\n`).join(''))
  const send = (data: Buffer<ArrayBuffer>) => intake.post('/plain/batch', data)
  const response = await send(body)
  expect(await ids(response)).toHaveLength(20_000)
  const sha = (data: Buffer) => createHash('sha256').update(data).digest('hex')
  expect(sha(only().body)).toBe(sha(body))
  expect((await send(body)).headers.get('intake-duplicate')).toBe('true')
})

test('a long answer is whole JSON of the length that it announces', async () => {
  const response = await intake.post('/plain/batch', gzipSync('{}\n'.repeat(5000)))
  const text = await response.text()
  expect(text.length).toBe(Number(response.headers.get('content-length')))
  expect(new Set((JSON.parse(text) as { event_ids: string[] }).event_ids).size).toBe(5000)
})

test('the bytes of stored batches are counted, as sent and inflated, and the answers by route', async () => {
  const before = await intake.metric('intake_received_bytes_total')
  const body = gzipSync('{"counted":1}\n'.repeat(10))
  await intake.post('/plain/batch', body)
  await intake.post('/plain/batch', body)
  const value = (lines: string[], label: string) =>
    Number(
      lines
        .find(line => line.includes(label))
        ?.split(' ')
        .at(-1),
    )
  const after = await intake.metric('intake_received_bytes_total')
  expect(value(after, '"body"') - value(before, '"body"')).toBe(body.length)
  expect(value(after, '"inflated"') - value(before, '"inflated"')).toBe(140)
  const routes = await intake.metric('intake_requests_total')
  expect(routes.some(line => line.includes('route="/plain/batch",status="200"'))).toBe(true)
  expect(routes.some(line => line.includes('route="/plain/batch/:dataset",status="400"'))).toBe(true)
  expect((await intake.metric('intake_batches_total')).map(line => /outcome="(\w+)"/.exec(line)?.[1]).sort()).toEqual([
    'duplicate',
    'ping',
    'refused',
    'stored',
  ])
})
