import { describe, expect, it } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import type { HttpClient } from '../../src/sinks/http-client.ts'
import {
  answer,
  brokenBody,
  isEndless,
  oddAnswer,
  startMisbehavingServer,
  withoutAnswer,
} from '../helpers/misbehaving-server.ts'
import { failureOf, fine, KEY, never, POST, useClientRig } from './http-kit.ts'

const rig = useClientRig()

describe('a request', () => {
  it('goes to the path behind that of the base URL, with all headers and its body', async () => {
    rig.server.behave(fine)
    const client = rig.clientOf({ urls: [`${rig.server.url}/prefix/`] })
    const got = await client.request({ ...POST, headers: { 'Content-Type': 'text/x' } }, never)
    expect(got).toMatchObject({ status: 200, contentType: 'application/json', retryAfterMs: undefined })
    expect(got.body?.toString()).toBe('{"fine":true}')
    const [seen] = rig.server.requests
    expect(seen).toMatchObject({ method: 'POST', path: '/prefix/_bulk?x=1' })
    expect(seen?.headers).toMatchObject({
      authorization: `ApiKey ${KEY}`,
      'content-type': 'text/x',
      'user-agent': 'logpush-intake',
      'accept-encoding': 'identity',
      'content-length': '5',
    })
  })

  it('without a path goes to the base URL as it is', async () => {
    const client = rig.clientOf({ urls: [`${rig.server.url}/plain/batch/`] })
    await client.request({ method: 'GET', path: '' }, never)
    expect(rig.server.requests[0]).toMatchObject({ method: 'GET', path: '/plain/batch/' })
  })

  it('sends text, bytes and several pieces of bytes, and none', async () => {
    const client = rig.clientOf()
    const bodies = ['é', Buffer.from('é'), [Buffer.from('a'), Buffer.from(''), Buffer.from('b')], '', undefined]
    for (const body of bodies) await client.request({ method: 'POST', path: '/', ...(body && { body }) }, never)
    expect(rig.server.requests.map(({ body }) => body.toString())).toEqual(['é', 'é', 'ab', '', ''])
  })

  it('asks for the headers each time', async () => {
    let key = 'old'
    const client = rig.clientOf({ headers: async () => ({ authorization: key }) })
    await client.request(POST, never)
    key = 'new'
    await client.request(POST, never)
    expect(rig.server.requests.map(({ headers }) => headers.authorization)).toEqual(['old', 'new'])
  })

  it('keeps its connection, and makes more for requests at a time', async () => {
    const client = rig.clientOf()
    for (let i = 0; i < 5; i++) await client.request(POST, never)
    // A connection that has just answered is not free yet.
    expect(rig.server.connections).toBeLessThanOrEqual(2)
    await Promise.all(Array.from({ length: 4 }, () => client.request(POST, never)))
    expect(rig.server.connections).toBeGreaterThanOrEqual(4)
  })

  it('rejects at once when it is aborted while it connects, and is not sent later', async () => {
    const silent = await startMisbehavingServer()
    const client = rig.clientOf({ urls: [silent.url.replace('http:', 'https:')], timeoutMs: 5000 })
    const controller = new AbortController()
    const request = client.request(POST, controller.signal)
    await expect.poll(() => silent.connections).toBe(1)
    controller.abort(new Error('stop'))
    await expect(request).rejects.toThrow('stop')
    await client.close()
    await silent.close()
    expect(silent.requests).toEqual([])
  })

  it('rejects with the reason of its signal, before and while it is on the way, and after the head of the answer', async () => {
    const client = rig.clientOf()
    await expect(client.request(POST, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop')
    expect(rig.server.requests).toEqual([])
    for (const behaviour of [withoutAnswer['never answers']!, brokenBody['never ends its body']!]) {
      rig.server.behave(behaviour)
      const controller = new AbortController()
      const request = client.request(POST, controller.signal)
      setTimeout(() => controller.abort(new Error('stop')), 30)
      await expect(request).rejects.toThrow('stop')
    }
    rig.server.behave(fine)
    expect((await client.request(POST, never)).status).toBe(200)
  })

  it('may be made after close, and close may come twice or while it is on the way', async () => {
    const client = rig.clientOf()
    await client.request(POST, never)
    await client.close()
    await client.close()
    await client.request(POST, never)
    rig.server.behave(withoutAnswer['never answers']!)
    const request = client.request(POST, never)
    request.catch(() => {})
    await expect.poll(() => rig.server.requests.length).toBe(3)
    await client.close()
    await failureOf(request)
  })

  it('with a header that HTTP cannot hold needs an operator, and does not say the value', async () => {
    const client = rig.clientOf({ headers: async () => ({ authorization: `${KEY}\r\nx: y` }) })
    const error = await failureOf(client.request(POST, never))
    expect(error.needsOperator).toBe(true)
    expect(error.message).toContain('authorization')
  })

  it('whose secret cannot be read fails with that error', async () => {
    const error = new RetryableError('no key', { needsOperator: true })
    await expect(rig.clientOf({ headers: () => Promise.reject(error) }).request(POST, never)).rejects.toBe(error)
    expect(rig.server.connections).toBe(0)
  })
})

describe('a server that misbehaves', () => {
  const goesOn = async (client: HttpClient) => {
    rig.server.behave(fine)
    expect((await client.request(POST, never)).body?.toString()).toBe('{"fine":true}')
  }

  for (const [what, behaviour] of Object.entries(withoutAnswer)) {
    it(`and ${what} gives a RetryableError, and the next request works`, async () => {
      const client = rig.clientOf(isEndless(what) ? { timeoutMs: 300 } : {})
      rig.server.behave(behaviour)
      const error = await failureOf(client.request(POST, never))
      expect(error.message).toMatch(/^No answer from test at http:\/\/127\.0\.0\.1:\d+: [^\n]{3,220}\.$/)
      expect(error.needsOperator).toBe(false)
      await goesOn(client)
    })
  }

  for (const [what, behaviour] of Object.entries(brokenBody)) {
    it(`and ${what} gives an answer without a body, and the next request works`, async () => {
      const client = rig.clientOf({ maxAnswerBytes: 1024 * 1024, ...(isEndless(what) && { timeoutMs: 300 }) })
      rig.server.behave(behaviour)
      const got = await client.request(POST, never)
      expect(got).toMatchObject({ status: 200, contentType: 'application/json', body: undefined })
      await goesOn(client)
    })
  }

  for (const [what, behaviour] of Object.entries(oddAnswer)) {
    it(`and ${what} is taken at its word, and the next requests work`, async () => {
      const client = rig.clientOf()
      rig.server.behave(behaviour)
      const got = await client.request(POST, never)
      expect(got.status).toBe(200)
      expect(got.body).toBeDefined()
      rig.server.behave(fine)
      // What came after the answer may break the connection under the first of them.
      const next = await client.request(POST, never).catch(error => error)
      if (next instanceof Error) expect(next).toBeInstanceOf(RetryableError)
      await goesOn(client)
    })
  }

  it('and refuses connections gives a RetryableError until it listens again', async () => {
    const client = rig.clientOf()
    await client.request(POST, never)
    await rig.server.refuse()
    expect((await failureOf(client.request(POST, never))).message).toMatch(/ECONNREFUSED|ECONNRESET|closed/)
    expect((await failureOf(client.request(POST, never))).message).toContain('ECONNREFUSED')
    await rig.server.listen()
    await goesOn(client)
  })

  it('and closes kept connections just as a request comes gives an answer or a RetryableError, never a wait', async () => {
    const client = rig.clientOf()
    let failed = 0
    for (let i = 0; i < 40; i++) {
      rig.server.behave((socket, request) => {
        fine(socket, request)
        setTimeout(() => (i % 2 === 0 ? socket.end() : socket.resetAndDestroy()), 1 + (i % 5) / 4)
      })
      await client.request(POST, never).catch(error => {
        expect(error).toBeInstanceOf(RetryableError)
        failed++
      })
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    expect(failed).toBeLessThan(40)
    rig.server.behave(fine)
    // Connections that are closing may be met still.
    const works = () =>
      client.request(POST, never).then(
        () => true,
        () => false,
      )
    await expect.poll(works).toBe(true)
    await goesOn(client)
  })

  it('and answers before the body has come, then closes, is heard, whatever the size of the body', async () => {
    const client = rig.clientOf()
    const body = Buffer.alloc(4 * 1024 * 1024)
    for (const [status, end] of [
      [401, 'end'],
      [413, 'destroy'],
      [413, 'stay'],
    ] as const) {
      rig.server.behave(
        (socket, request) => {
          socket.pause()
          answer(status, { connection: 'close', 'content-type': 'text/plain' }, 'no')(socket, request)
          if (end === 'end') socket.end()
          if (end === 'destroy') setTimeout(() => socket.destroy(), 5)
        },
        { early: true },
      )
      for (let i = 0; i < 5; i++) {
        expect(await client.request({ ...POST, body }, never)).toMatchObject({ status, body: Buffer.from('no') })
      }
    }
    await goesOn(client)
  })

  it('and sends without end costs a bounded amount of memory', async () => {
    const client = rig.clientOf({ maxAnswerBytes: 2 * 1024 * 1024 })
    rig.server.behave(brokenBody['has an endless body']!)
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 10; i++) expect((await client.request(POST, never)).body).toBeUndefined()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 * 1024)
  })

  it('and answers as long as is allowed is read, one byte more is not', async () => {
    const client = rig.clientOf({ maxAnswerBytes: 100_000 })
    rig.server.behave(answer(200, {}, 'x'.repeat(100_000)))
    expect((await client.request(POST, never)).body?.length).toBe(100_000)
    rig.server.behave(answer(200, {}, 'x'.repeat(100_001)))
    expect((await client.request(POST, never)).body).toBeUndefined()
  })

  it('and redirects is not followed', async () => {
    rig.server.behave(answer(307, { location: 'http://127.0.0.1:1/elsewhere?key=1' }))
    expect(await rig.clientOf().request(POST, never)).toMatchObject({
      status: 307,
      location: 'http://127.0.0.1:1/elsewhere?key=1',
    })
    expect(rig.server.requests.length).toBe(1)
  })

  it('and asks to come again later is understood', async () => {
    rig.server.behave(answer(503, { 'retry-after': '7' }))
    expect(await rig.clientOf().request(POST, never)).toMatchObject({ status: 503, retryAfterMs: 7000 })
  })
})
