import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Listening, listen } from './listening.ts'

let intake: Listening
beforeEach(async () => {
  intake = await listen()
})
afterEach(() => intake.close())

const MIB = 1024 ** 2
const PATH = '/plain/%zz'

test('a request whose URL cannot be read is answered 400 and counted', async () => {
  const raw = intake.socket()
  raw.socket.write(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`)
  expect(await raw.until('ERR_INTAKE_BAD_REQUEST')).toMatch('HTTP/1.1 400')
  await expect
    .poll(() => intake.metric('intake_requests_total'))
    .toEqual(['intake_requests_total{route="other",status="400"} 1'])
})

test('little more is read of the body behind a URL that cannot be read', async () => {
  const raw = intake.socket()
  let closed = false
  raw.socket.once('close', () => {
    closed = true
  })
  raw.socket.write(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: ${1000 * MIB}\r\n\r\n`)
  // Far more than what waits in the buffers of both ends.
  for (let sent = 0; sent < 64 && !closed; sent++) {
    raw.socket.write(Buffer.alloc(MIB))
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  await expect.poll(() => closed).toBe(true)
  expect(raw.received()).toMatch(/connection: close/i)
})
