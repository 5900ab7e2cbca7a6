import { once } from 'node:events'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { createRefusalPace } from '../../src/http/refusal-pace.ts'
import { whileConnected } from '../../src/http/state.ts'
import type { Timing } from '../../src/lib/timing.ts'
import { createTime } from '../simulation/time.ts'
import { listen, rawSocket } from './listening.ts'

const SIGNAL = new AbortController().signal

/** Time that goes on when it is told to, and how often somebody waited. */
function handTiming() {
  const time = createTime(0)
  const pauses: number[] = []
  const timing: Timing = {
    ...time,
    pause(ms, signal) {
      pauses.push(ms)
      return time.pause(ms, signal)
    },
  }
  return { timing, pass: time.pass, pauses }
}

test('the first refusals leave at once, further ones after a second, and single ones again at once', async () => {
  const { timing, pass, pauses } = handTiming()
  const pace = createRefusalPace(timing)
  let told = 0
  const refuse = (count: number) => {
    for (let i = 0; i < count; i++) void pace.wait(SIGNAL).then(() => told++)
  }
  refuse(100)
  await pass(0)
  expect(told).toBe(20)
  await pass(999)
  expect(told).toBe(20)
  await pass(1)
  expect(told).toBe(100)
  refuse(1)
  await pass(0)
  expect(told).toBe(101)
  expect(pauses).toHaveLength(80)
})

test('no more than 512 wait', async () => {
  const { timing, pass, pauses } = handTiming()
  const pace = createRefusalPace(timing)
  let told = 0
  for (let i = 0; i < 1000; i++) void pace.wait(SIGNAL).then(() => told++)
  await pass(0)
  expect(told).toBe(1000 - 512)
  await pass(1000)
  expect(told).toBe(1000)
  for (let i = 0; i < 600; i++) void pace.wait(SIGNAL)
  expect(pauses).toHaveLength(2 * 512)
})

test('who goes away waits no longer', async () => {
  const { timing, pauses } = handTiming()
  const pace = createRefusalPace(timing)
  const gone = new AbortController()
  const waits = Array.from({ length: 30 }, () => pace.wait(gone.signal))
  gone.abort()
  await Promise.all(waits)
  expect([pauses.length, timing.elapsed()]).toEqual([10, 0])
})

test('who is gone before it waits holds no place', async () => {
  const { timing, pauses } = handTiming()
  const pace = createRefusalPace(timing)
  for (let i = 0; i < 600; i++) await pace.wait(AbortSignal.abort())
  for (let i = 0; i < 600; i++) void pace.wait(SIGNAL)
  expect(pauses).toHaveLength(512)
})

test('a sender that is gone before it is asked for is gone', async () => {
  const app = fastify()
  const signals: AbortSignal[] = []
  app.get('/', async (_request, reply) => {
    signals.push(whileConnected(reply))
    await once(reply.raw, 'close')
    signals.push(whileConnected(reply))
  })
  try {
    const raw = rawSocket(Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port))
    raw.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(() => signals.length).toBe(1)
    expect(signals[0]?.aborted).toBe(false)
    raw.socket.destroy()
    await expect.poll(() => signals.map(signal => signal.aborted)).toEqual([true, true])
  } finally {
    await app.close()
  }
})

test('a stop waits for none of those that are to be refused', async () => {
  const intake = await listen()
  intake.spool.refuse = 'spool full'
  let requests = 0
  intake.app.server.on('request', () => requests++)
  const began = performance.now()
  const crowd = Array.from({ length: 30 }, () => intake.post('/plain/batch', '{"a":1}\n'))
  await expect.poll(() => requests, { interval: 5 }).toBe(30)
  await intake.close()
  expect(new Set((await Promise.all(crowd)).map(({ status }) => status))).toEqual(new Set([503]))
  expect(performance.now() - began).toBeLessThan(1000)
})

test('of a crowd whose batches are refused few are told at once, all with the same answer; other requests have their turn', async () => {
  const intake = await listen()
  try {
    intake.spool.refuse = 'spool full'
    const answers: number[] = []
    const crowd = Array.from({ length: 60 }, async () => {
      const response = await intake.post('/plain/batch', '{"a":1}\n')
      answers.push(response.status)
      return [response.status, response.headers.get('retry-after')]
    })
    await expect.poll(() => answers.length).toBeGreaterThanOrEqual(20)
    expect((await fetch(`${intake.url}/livez`)).status).toBe(200)
    expect(answers.length).toBeLessThan(60)
    expect(new Set((await Promise.all(crowd)).map(String))).toEqual(new Set(['503,30']))
  } finally {
    await intake.close()
  }
})
