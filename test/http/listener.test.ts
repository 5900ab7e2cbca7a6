import dns from 'node:dns'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import fastify from 'fastify'
import { expect, onTestFinished, test, vi } from 'vitest'
import { closeListener, listen, openSockets } from '../../src/http/listener.ts'

test('of localhost one address is listened on, so that all its connections are known', async () => {
  // As where the name leads to ::1 as well.
  const lookup = vi.spyOn(dns, 'lookup') as unknown as ReturnType<typeof vi.fn>
  const addresses = ['127.0.0.1', '127.0.0.2'].map(address => ({ address, family: 4 }))
  lookup.mockImplementation((_name, options, done) =>
    options.all ? done(null, addresses) : done(null, addresses[0]!.address, 4),
  )
  onTestFinished(() => void vi.restoreAllMocks())
  const app = fastify()
  onTestFinished(() => app.close())
  const sockets = openSockets(app)
  const url = await listen(app, 'http', 'localhost', 0, 'PORT')
  expect(app.addresses()).toMatchObject([{ address: '127.0.0.1' }])
  const { hostname, port } = new URL(url)
  expect(hostname).toBe('localhost')
  const socket = connect(Number(port), '127.0.0.1')
  await expect.poll(() => sockets.size).toBe(1)
  socket.destroy()
  await expect.poll(() => sockets.size).toBe(0)
})

test('a close that fails leaves no deadline behind', async () => {
  const app = fastify()
  app.addHook('onClose', async () => {
    throw new Error('not now')
  })
  await app.ready()
  let cut = 0
  const socket = { destroy: () => cut++ } as unknown as Socket
  await expect(closeListener(app, [socket], 20)).rejects.toThrow('not now')
  await sleep(60)
  expect(cut).toBe(0)
})
