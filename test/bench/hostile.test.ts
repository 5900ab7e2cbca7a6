import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { numberedCase } from '../../bench/hostile/cases.ts'
import { createClient, type Exchange } from '../../bench/hostile/client.ts'
import { drawOf } from '../../bench/hostile/draw.ts'
import { isText, MAX_LINE_BYTES, textsOf } from '../../bench/hostile/expected.ts'
import { members } from '../../bench/hostile/gzip-stream.ts'
import { judge } from '../../bench/hostile/judge.ts'
import { createLedger, type Ledger } from '../../bench/hostile/ledger.ts'
import { type Case, caseOf, keyHeader } from '../../bench/hostile/wire.ts'

const KEY = 'a-key-that-is-secret'
const ID = '0bc91b9f-d4dc-8b47-9646-5a6800000000'
const OTHER_ID = '0bc91b9f-d4dc-8b47-9646-5a6800000001'

let folder = ''
let ledger: Ledger
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-'))
  await mkdir(join(folder, 'unknown'))
  ledger = createLedger(folder)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const lines = caseOf('lines', { headers: [keyHeader(KEY)] }, { texts: ['{"a":1}'] })
const exchange = (status: number, body: string, more: Partial<Exchange> = {}): Exchange => ({
  answers: [{ status, headers: new Map([['content-length', `${body.length}`]]), body: Buffer.from(body) }],
  rest: Buffer.alloc(0),
  late: false,
  error: undefined,
  again: false,
  ...more,
})
const errorOf = (statusCode: number, code: string) =>
  JSON.stringify({ statusCode, code, error: 'Error', message: 'What there is to be done about it.' })

describe('the judge of hostile input', () => {
  const judged = (found: Exchange, sent: Case = lines) => judge(sent, found, ledger, [KEY])

  it('has nothing to say where a batch was taken with an id for each line', () => {
    expect(judged(exchange(200, JSON.stringify({ event_ids: [ID] })))).toBeUndefined()
    expect(ledger.counts.told).toBe(1)
  })

  it('finds an answer that is late, missing, double, of another status or a failure', () => {
    const refused = caseOf('lines', {}, { statuses: [400] })
    expect(judged({ ...exchange(200, '{}'), answers: [], late: true })).toMatch('in time')
    expect(judged({ ...exchange(200, '{}'), answers: [] })).toMatch('without an answer')
    const twice = exchange(200, JSON.stringify({ event_ids: [ID] }))
    expect(judged({ ...twice, answers: [...twice.answers, ...twice.answers] })).toMatch('2 answers')
    expect(judged(exchange(200, '{"event_ids":[]}'), refused)).toMatch('answered 200, not 400')
    expect(judged(exchange(500, errorOf(500, 'ERR_INTAKE_INTERNAL')))).toMatch('answered 500')
    expect(judged(exchange(200, '{"event_ids":[]}', { rest: Buffer.from('x') }))).toMatch('1 bytes behind')
  })

  it('finds an error of another shape, a code that is not of its status and a key in the answer', () => {
    const refused = caseOf('lines', {}, { statuses: [400] })
    expect(judged(exchange(400, errorOf(400, 'ERR_INTAKE_BAD_JSON')), refused)).toBeUndefined()
    expect(judged(exchange(400, '{"error":"x"}'), refused)).toMatch('another shape')
    expect(judged(exchange(400, 'Bad Request'), refused)).toMatch('another shape')
    expect(judged(exchange(400, errorOf(400, 'ERR_INTAKE_NOT_FOUND')), refused)).toMatch('no code of 400')
    expect(judged(exchange(400, errorOf(400, KEY)), refused)).toMatch('holds a key')
  })

  it('finds ids that are none, or not as many as lines', () => {
    expect(judged(exchange(200, '{"event_ids":["x"]}'))).toMatch('an id that is none')
    expect(judged(exchange(200, '{"event_ids":[]}'))).toMatch('0 ids for 1 lines')
    expect(judged(exchange(200, '{}'))).toMatch('without ids')
  })
})

describe('the ledger of hostile input', () => {
  const write = (...events: object[]) =>
    writeFile(join(folder, 'unknown', 'a.ndjson'), events.map(event => `${JSON.stringify(event)}\n`).join(''))
  const event = (id: string, text: string) => ({ labels: { intake_id: id }, message: text })

  it('finds a line that is missing, changed, there twice or hidden in another request', async () => {
    ledger.told(ID, 'lines', 'a')
    ledger.told(OTHER_ID, 'lines', 'b')
    expect(ledger.missing()).toHaveLength(2)
    await write(event(ID, 'a'), event(ID, 'a'), event(OTHER_ID, 'B'), event('third', '{"smuggled":true}'))
    const problems = await ledger.read()
    expect(problems).toHaveLength(3)
    expect(problems[0]).toMatch('twice')
    expect(problems[1]).toMatch('came out as "B", not "b"')
    expect(problems[2]).toMatch('hidden')
    expect(ledger.missing()).toEqual([])
    expect(ledger.counts).toEqual({ told: 2, found: 3, untold: 1 })
  })

  it('reads on where it stopped, and waits for the end of a line', async () => {
    ledger.told(ID, 'lines', 'a')
    const line = `${JSON.stringify(event(ID, 'a'))}\n`
    await writeFile(join(folder, 'unknown', 'a.ndjson'), line.slice(0, 20))
    expect(await ledger.read()).toEqual([])
    expect(ledger.missing()).toHaveLength(1)
    await writeFile(join(folder, 'unknown', 'a.ndjson'), line)
    expect(await ledger.read()).toEqual([])
    expect(await ledger.read()).toEqual([])
    expect(ledger.missing()).toEqual([])
  })
})

describe('the cases of hostile input', () => {
  it('are the same for the same seed and number, and others for another', () => {
    const bytes = (seed: number) =>
      Array.from({ length: 300 }, (_, number) =>
        Buffer.concat(numberedCase(seed, number, KEY).pieces).toString('latin1'),
      )
    expect(bytes(1)).toEqual(bytes(1))
    expect(bytes(1)).not.toEqual(bytes(2))
  })

  it('make gzip members that hold the content, whatever their headers', () => {
    for (let number = 0; number < 100; number++) {
      const draw = drawOf(3, number)
      const content = draw.bytes(200)
      expect(gunzipSync(members(draw, content, 5))).toEqual(content)
    }
  })

  it('tell the lines of a body by its line ends, without blank ones, cut at the limit', () => {
    expect(textsOf(Buffer.from('a\r\n \t\r\n\nb\r\r\nc'))).toEqual(['a', 'b\r', 'c'])
    const [cut = ''] = textsOf(Buffer.from(`${'a'.repeat(MAX_LINE_BYTES - 1)}é`))
    expect(isText('a'.repeat(MAX_LINE_BYTES - 1), cut)).toBe(true)
    expect(isText('a'.repeat(MAX_LINE_BYTES - 2), cut)).toBe(false)
  })
})

describe('the client of hostile input', () => {
  it('sees an answer behind the answer', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(answer + answer))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const client = createClient(port)
    const found = await client.send({ ...lines, isAlone: true })
    expect(found.answers.map(({ status }) => status)).toEqual([200, 200])
    client.close()
    server.close()
  })
})
