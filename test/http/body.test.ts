import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { type BodyReader, readBody } from '../../src/http/body.ts'

const closers: (() => unknown)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A real server that hands each body to `take`, and a connection to it. */
async function serve(take: (body: BodyReader, request: IncomingMessage) => Promise<string>) {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = readBody(request, response, 2000)
    const text = await take(body, request).finally(body.release)
    response.end(text)
  }
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
  let received = ''
  socket.setEncoding('latin1').on('data', chunk => {
    received += chunk
  })
  closers.push(
    () => socket.destroy(),
    () => server.close(),
  )
  return { socket, received: () => received }
}

const head = (length: number) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`

async function takeAll(body: BodyReader): Promise<string> {
  let length = 0
  for (let chunk = await body.next(); chunk !== undefined; chunk = await body.next()) length += chunk.length
  return `all ${length}.`
}

test.each([0, 1, 500, 300_000])('a body of %i bytes is whole behind its beginning, however it comes', async length => {
  const { socket, received } = await serve(async body => {
    await body.beginning(1000)
    return takeAll(body)
  })
  socket.write(head(length))
  for (let sent = 0; sent < length; sent += 100_000) {
    await new Promise(resolve => setTimeout(resolve, 20))
    socket.write('x'.repeat(Math.min(100_000, length - sent)))
  }
  await expect.poll(received).toContain(`all ${length}.`)
})

test('an empty body whose end comes late is whole', async () => {
  const { socket, received } = await serve(async body => {
    await body.beginning(1000)
    return takeAll(body)
  })
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  await new Promise(resolve => setTimeout(resolve, 50))
  socket.write('0\r\n\r\n')
  await expect.poll(received).toContain('all 0.')
})

test('a beginning takes nothing of the body, and the rest stays outside', async () => {
  const { socket, received } = await serve(async (body, request) => {
    await body.beginning(16_384)
    await new Promise(resolve => setTimeout(resolve, 200))
    return `${request.readableLength <= 128 * 1024}, ${await takeAll(body)}`
  })
  socket.write(head(3_000_000) + 'x'.repeat(3_000_000))
  await expect.poll(received, { timeout: 3000 }).toContain('true, all 3000000.')
})

test('a sender is slow when it was waited for longer than its bytes are worth, and not while it is not waited for', async () => {
  const seen: boolean[] = []
  const { socket, received } = await serve(async (body, request) => {
    await body.next()
    await new Promise(resolve => setTimeout(resolve, 1200))
    seen.push(body.isSlow())
    const rest = takeAll(body).catch((error: Error & { statusCode?: number }) => `sent off ${error.statusCode}.`)
    await expect.poll(body.isSlow, { timeout: 1900 }).toBe(true)
    seen.push(request.complete)
    body.sendOff()
    return rest
  })
  socket.write(`${head(1000)}abc`)
  await expect.poll(received, { timeout: 4000 }).toContain('sent off 408.')
  expect(seen).toEqual([false, false])
})
