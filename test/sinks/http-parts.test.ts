import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PermanentError, RetryableError } from '../../src/errors.ts'
import { retryAfterOf } from '../../src/sinks/http-answer.ts'
import type { HttpAnswer } from '../../src/sinks/http-client.ts'
import { createHeaders, parseHeaders } from '../../src/sinks/http-headers.ts'
import { createNodes } from '../../src/sinks/http-nodes.ts'
import { refusalOf } from '../../src/sinks/http-status.ts'
import { createSecret } from '../../src/sinks/secret.ts'

const NOW = Date.UTC(2026, 0, 1)
const MAKE_PIPE = 'mkfifo'

describe('Retry-After', () => {
  it('is seconds or a date in any form of HTTP, at most a day, never in the past', () => {
    expect(retryAfterOf('120', NOW)).toBe(120_000)
    expect(retryAfterOf(' 0 ', NOW)).toBe(0)
    expect(retryAfterOf('Thu, 01 Jan 2026 00:00:30 GMT', NOW)).toBe(30_000)
    expect(retryAfterOf('Thursday, 01-Jan-26 00:00:30 GMT', NOW)).toBe(30_000)
    expect(retryAfterOf('Thu Jan  1 00:00:30 2026', NOW)).toBe(30_000)
    expect(retryAfterOf('Thu, 01 Jan 2009 00:00:30 GMT', NOW)).toBe(0)
    expect(retryAfterOf('Thu, 01 Jan 2099 00:00:30 GMT', NOW)).toBe(86_400_000)
    expect(retryAfterOf('999999999999999', NOW)).toBe(86_400_000)
  })

  it('that is neither is none', () => {
    for (const text of [undefined, '', 'soon', '-5', '1.5', '1e3', 'Thu', '0x10', 'Sun', '9'.repeat(400)]) {
      expect(retryAfterOf(text, NOW), text).toBeUndefined()
    }
  })
})

describe('the status of an answer', () => {
  const answerOf = (status: number, more: Partial<HttpAnswer> = {}): HttpAnswer => ({
    status,
    retryAfterMs: undefined,
    contentType: '',
    body: Buffer.alloc(0),
    ...more,
  })
  const said = (text: string, contentType = 'text/plain', secrets: readonly string[] = []) =>
    refusalOf(answerOf(500, { contentType, body: Buffer.from(text) }), secrets)?.message

  it('of 2xx is no refusal', () => {
    for (const status of [200, 201, 202, 204, 299]) expect(refusalOf(answerOf(status), [])).toBeUndefined()
  })

  it('that passes by itself is retried, with Retry-After', () => {
    for (const status of [408, 425, 429, 500, 501, 502, 503, 504, 507, 520, 599, 600, 999]) {
      const refusal = refusalOf(answerOf(status, { retryAfterMs: 3000 }), [])
      expect(refusal, String(status)).toBeInstanceOf(RetryableError)
      expect(refusal, String(status)).toMatchObject({ retryAfterMs: 3000, needsOperator: false })
      expect(refusal?.message).toBe(`The service answered ${status}.`)
    }
  })

  it('of access, address or method waits for an operator', () => {
    for (const status of [401, 402, 403, 404, 405, 406, 407, 410, 411, 415, 417, 421, 423, 426, 428, 431]) {
      const refusal = refusalOf(answerOf(status), [])
      expect(refusal, String(status)).toBeInstanceOf(RetryableError)
      expect(refusal, String(status)).toMatchObject({ needsOperator: true })
    }
  })

  it('of another intake that its key or the dataset is at fault waits for an operator', () => {
    for (const code of ['ERR_INTAKE_DATASET_NOT_OF_KEY', 'ERR_INTAKE_UNKNOWN_DATASET']) {
      const body = Buffer.from(JSON.stringify({ statusCode: 400, code, error: 'Bad Request', message: 'no' }))
      const refusal = refusalOf({ ...answerOf(400), body, contentType: 'application/json' }, [])
      expect(refusal).toMatchObject({ name: 'RetryableError', needsOperator: true, ofPieceAlone: true })
    }
  })

  it('of 400, 413, 422 and what else is the fault of what was sent refuses the piece', () => {
    for (const status of [400, 409, 412, 413, 414, 416, 418, 422, 424, 451, 499]) {
      expect(refusalOf(answerOf(status), []), String(status)).toBeInstanceOf(PermanentError)
    }
  })

  it('of a redirect says where it leads, without path and query', () => {
    const redirect = (location?: string) => refusalOf(answerOf(308, { location }), [])
    for (const status of [300, 301, 302, 303, 304, 307, 308]) {
      expect(refusalOf(answerOf(status), [])).toMatchObject({ name: 'RetryableError', needsOperator: true })
    }
    const message = redirect('https://user:pass@new.example:8443/hook/T0KEN?key=T0KEN#x')?.message
    expect(message).toContain('308, a redirect to https://new.example:8443; ')
    expect(message).not.toMatch(/T0KEN|user|pass@/)
    expect(redirect('/login?key=T0KEN')?.message).toContain('to another path of the same host')
    expect(redirect('javascript:T0KEN')?.message).not.toContain('T0KEN')
    expect(redirect()?.message).toContain('to nowhere')
  })

  it('comes with the first words of a text or JSON, in one line', () => {
    expect(said('too\r\n\tmany\u0000 requests.\n')).toBe('The service answered 500: too many requests.')
    expect(said('{"error":"x"}', 'application/problem+json')).toBe('The service answered 500: {"error":"x"}.')
    expect(said('é'.repeat(1000))?.length).toBe('The service answered 500: .'.length + 300)
    expect(said(`${'\ud83d\ude00'.repeat(149)}1\ud83d\ude00`)).toMatch(/1\ufffd\.$/u)
    expect(said(' ')).toBe('The service answered 500.')
  })

  it('comes without a page of HTML, bytes of another kind, and a body that broke off', () => {
    for (const type of ['text/html', 'application/octet-stream', 'application/javascript', '']) {
      expect(said('<html>', type)).toBe('The service answered 500.')
    }
    expect(refusalOf(answerOf(500, { body: undefined, contentType: 'text/plain' }), [])?.message).toBe(
      'The service answered 500.',
    )
  })

  it('comes without the secrets that the service repeats', () => {
    const secrets = ['Bearer abcdef.123', 'pass"word', 'gzip']
    expect(said('bad key Bearer abcdef.123, or abcdef.123', 'text/plain', secrets)).toBe(
      'The service answered 500: bad key ***, or ***.',
    )
    expect(said('{"sent":"pass\\"word","as":"gzip"}', 'application/json', secrets)).toContain('"***","as":"gzip"')
    expect(said(`${'x'.repeat(295)}abcdef.123`, 'text/plain', secrets)).not.toContain('abcde')
  })
})

describe('the text of headers', () => {
  it('is a name and a value on each line', () => {
    const text = 'Authorization: Bearer a:b=\r\n\n  X-One :  two words \nX-É: x'
    const { headers, problems } = parseHeaders(text)
    expect(headers).toEqual({ authorization: 'Bearer a:b=', 'x-one': 'two words' })
    expect(problems).toEqual(['line 4 has no valid name before the colon'])
    expect(parseHeaders('')).toEqual({ headers: {}, problems: [] })
    expect(Object.entries(parseHeaders('__proto__: x').headers)).toEqual([['__proto__', 'x']])
  })

  it('is told what is wrong by line, and never by value', () => {
    const text = [
      'S3cret',
      'a b: S3cret',
      ': S3cret',
      'Key:',
      'Key: S3cret\u0007',
      'Key: S3cret',
      'key: S3cret',
      'Key: 🔑',
    ].join('\n')
    const { headers, problems } = parseHeaders(text)
    expect(Object.keys(headers)).toEqual(['key'])
    expect(problems).toEqual([
      'line 1 is not `Name: value`',
      'line 2 has no valid name before the colon',
      'line 3 has no valid name before the colon',
      'line 4 gives key no value',
      'line 5 gives key a value with characters that a header cannot hold',
      'line 7 sets key a second time',
      'line 8 sets key a second time',
    ])
  })

  it('may not set what belongs to the connection or the framing of the body', () => {
    const names = ['Host', 'Content-Length', 'Transfer-Encoding', 'Content-Encoding', 'Connection', 'Keep-Alive', 'TE']
    const more = ['Upgrade', 'Expect', 'Trailer', 'Proxy-Connection']
    for (const name of [...names, ...more]) {
      const { headers, problems } = parseHeaders(`${name}: x`)
      expect(headers).toEqual({})
      expect(problems).toEqual([expect.stringContaining(`line 1 sets ${name.toLowerCase()}`)])
    }
  })

  it('from a setting that is not usable needs an operator', async () => {
    const headers = createHeaders(createSecret({ value: 'S3cret' }, { setting: 'HTTP_HEADERS' }), 'HTTP_HEADERS')
    const error = await headers().catch(thrown => thrown)
    expect(error).toMatchObject({ name: 'RetryableError', needsOperator: true })
    expect(error.message).toBe('HTTP_HEADERS is not usable: line 1 is not `Name: value`.')
  })
})

describe('a secret', () => {
  let folder: string
  let file: string
  let clock: number
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'secret-'))
    file = join(folder, 'key')
    clock = NOW
  })
  afterEach(() => rm(folder, { recursive: true }))
  const make = () => createSecret({ file }, { setting: 'SOME_KEY', now: () => clock })

  it('that was set is as it was set, without blanks around it; without any it is empty', async () => {
    expect(await createSecret({ value: ' a b\n' }, { setting: 'X' })()).toBe('a b')
    expect(await createSecret({}, { setting: 'X' })()).toBe('')
  })

  it('is read from its file, and again when that changes, at most once a second', async () => {
    await writeFile(file, '\ufeff first \r\n')
    const secret = make()
    expect(await Promise.all([secret(), secret()])).toEqual(['first', 'first'])
    await writeFile(file, 'second')
    clock += 999
    expect(await secret()).toBe('first')
    clock += 1
    expect(await secret()).toBe('second')
    await writeFile(`${file}.new`, 'third!')
    await utimes(`${file}.new`, 1, 1)
    await rename(`${file}.new`, file)
    clock += 1000
    expect(await secret()).toBe('third!')
    clock -= 3_600_000
    await writeFile(file, 'fourth')
    expect(await secret()).toBe('fourth')
  })

  it('that cannot be read, is empty, too long or no file needs an operator, who is told the file; then it is read again', async () => {
    const secret = make()
    const failure = async () => {
      const error = await secret().catch(thrown => thrown)
      expect(error).toMatchObject({ name: 'RetryableError', needsOperator: true })
      return error.message as string
    }
    expect(await failure()).toBe(`SOME_KEY_FILE ${file} is not usable: it cannot be read (ENOENT).`)
    await writeFile(file, ' \n')
    expect(await failure()).toContain('it is empty')
    await writeFile(file, 'S3cret'.repeat(20_000))
    expect(await failure()).toMatch(/it is longer than 65536 bytes\.$/)
    await writeFile(file, 'good')
    expect(await secret()).toBe('good')
    await rm(file)
    clock += 1000
    expect(await failure()).toContain('ENOENT')
    execFileSync(MAKE_PIPE, [file])
    expect(await failure()).toContain('it is not a file')
    file = '/dev/zero'
    expect(await make()().catch(error => error.message)).toContain('it is not a file')
    file = folder
    expect(await make()().catch(error => error.message)).toContain('it is not a file')
  })

  it.skipIf(process.getuid?.() === 0)('that may not be read needs an operator', async () => {
    await writeFile(file, 'S3cret')
    await chmod(file, 0)
    await expect(make()()).rejects.toThrow('EACCES')
  })
})

describe('servers that rest', () => {
  it('rest 1 s at first, then twice as long with each failure, at most 30 s, and not at all once one worked', () => {
    let clock = 0
    const nodes = createNodes(1, () => clock)
    const rests = Array.from({ length: 7 }, () => {
      nodes.next().failed()
      const begin = clock
      while (nodes.allRest()) clock += 500
      return clock - begin
    })
    expect(rests).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
    nodes.next().failed()
    nodes.next().worked()
    expect(nodes.allRest()).toBe(false)
    nodes.next().failed()
    clock += 1000
    expect(nodes.allRest()).toBe(false)
  })

  it('count failures of requests that were on the way together as one, and do not rest for ever when the clock is set back', () => {
    let clock = 1_000_000
    const nodes = createNodes(1, () => clock)
    const turns = Array.from({ length: 5 }, () => nodes.next())
    for (const turn of turns) turn.failed()
    clock += 1000
    expect(nodes.allRest()).toBe(false)
    for (let i = 0; i < 3; i++) nodes.next().failed()
    clock -= 500_000
    expect(nodes.allRest()).toBe(false)
  })

  it('are asked in turn, and the one nearest to its end when all rest', () => {
    let clock = 0
    const nodes = createNodes(3, () => clock)
    expect(Array.from({ length: 4 }, () => nodes.next().index)).toEqual([0, 1, 2, 0])
    nodes.next().failed()
    clock += 100
    nodes.next().failed()
    clock += 100
    nodes.next().failed()
    expect(nodes.allRest()).toBe(true)
    expect(nodes.next().index).toBe(1)
  })
})
