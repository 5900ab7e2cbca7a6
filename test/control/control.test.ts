import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askControl } from '../../src/control/client.ts'
import type { Operations } from '../../src/control/operations.ts'
import type { Outcome, Request } from '../../src/control/protocol.ts'
import { type Control, startControl } from '../../src/control/server.ts'
import { UsageError } from '../../src/errors.ts'
import { openSocketPaths } from '../../src/lib/socket-path.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const request: Request = { command: 'discard', filter: { reason: 'mapping' } }
const outcome: Outcome = { command: 'discard', sink: 'one', rows: 3, bytes: 99 }

let dir: string
let controls: Control[]
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'control-'))
  controls = []
})
afterEach(async () => {
  await Promise.all(controls.map(control => control.close()))
  await rm(dir, { recursive: true })
})

const start = async (run: Operations['run'] = async () => [outcome], requestMs = 5000, folder = dir) => {
  const control = await startControl({ dir: folder, operations: { run }, log, requestMs })
  controls.push(control)
  return control
}

/** Sends bytes as they are; resolves with all that comes back when the connection is closed. */
const raw = (bytes: string | Buffer, { end = false } = {}) =>
  new Promise<string>((resolve, reject) => {
    const socket = net.connect(join(dir, 'control'))
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', chunk => {
      text += chunk
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
    socket.setTimeout(5000, () => reject(new Error('the connection stays open')))
    socket.write(bytes)
    if (end) socket.end()
  })

describe('the control socket', () => {
  it('is asked what its owner asks, and nobody else may open it', async () => {
    const asked: Request[] = []
    await start(async what => {
      asked.push(what)
      return [outcome]
    })
    expect((await stat(join(dir, 'control'))).mode & 0o777).toBe(0o600)
    expect(await askControl({ dir, request })).toEqual([outcome])
    expect(asked).toEqual([request])
  })

  it('tells how far it has come', async () => {
    await start(async (_request, onProgress) => {
      onProgress({ sink: 'one', rows: 1 })
      onProgress({ sink: 'one', rows: 2 })
      return [outcome]
    })
    const progress: object[] = []
    await askControl({ dir, request, onProgress: news => progress.push(news) })
    expect(progress).toEqual([
      { sink: 'one', rows: 1 },
      { sink: 'one', rows: 2 },
    ])
  })

  it('hands on the kind of a failure', async () => {
    let error: Error = new UsageError('SINKS does not name x.')
    await start(async () => {
      throw error
    })
    await expect(askControl({ dir, request })).rejects.toMatchObject({ name: 'UsageError', message: error.message })
    error = new Error('The disk is full.')
    await expect(askControl({ dir, request })).rejects.toMatchObject({ name: 'StartError', message: error.message })
  })

  it('takes the place of one that a killed process left, and goes when the service stops', async () => {
    const stale = net.createServer().listen(join(dir, 'stale'))
    await new Promise(resolve => stale.once('listening', resolve))
    await rename(join(dir, 'stale'), join(dir, 'control'))
    await new Promise(resolve => stale.close(resolve))
    expect(await askControl({ dir, request })).toBe('nobody')
    const control = await start()
    expect(await askControl({ dir, request })).toEqual([outcome])
    await control.close()
    await control.close()
    expect(await readdir(dir)).toEqual([])
    expect(await askControl({ dir, request })).toBe('nobody')
  })

  it('is reached in a folder of any depth', async () => {
    const deep = join(dir, 'x'.repeat(100), 'y'.repeat(100))
    await mkdir(deep, { recursive: true })
    await start(undefined, undefined, deep)
    expect(await askControl({ dir: deep, request })).toEqual([outcome])
    await controls[0]!.close()
    expect(await readdir(deep)).toEqual([])
  })

  it('does one thing at a time', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    await start(async () => {
      await promise
      return [outcome]
    })
    const first = askControl({ dir, request })
    await new Promise(next => setTimeout(next, 50))
    await expect(askControl({ dir, request })).rejects.toThrow('Another command is at work')
    resolve()
    expect(await first).toEqual([outcome])
    expect(await askControl({ dir, request })).toEqual([outcome])
  })

  it('brings to an end what a client asked for that went away', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let aborted: boolean | undefined
    const ended = Promise.withResolvers<void>()
    await start(async (_request, _onProgress, signal) => {
      await promise
      aborted = signal.aborted
      ended.resolve()
      return [outcome]
    })
    const socket = net.connect(join(dir, 'control'))
    socket.write(`${JSON.stringify(request)}\n`)
    await new Promise(next => setTimeout(next, 50))
    socket.destroy()
    resolve()
    await ended.promise
    expect(aborted).toBe(false)
  })

  it('has what is being done broken off when the service stops, and says so', async () => {
    const control = await start(
      (_request, _onProgress, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    )
    const asked = askControl({ dir, request })
    asked.catch(() => {})
    await new Promise(next => setTimeout(next, 50))
    await control.close()
    await expect(asked).rejects.toThrow('The service stops.')
  })
})

describe('a client of the control socket that sends', () => {
  const never: Operations['run'] = async () => {
    throw new Error('it was run')
  }
  const refused =
    '{"error":{"kind":"usage","message":"This is no request of this release; use the logpush-intake of the service."}}\n'

  it.each([
    ['garbage', '\x00\xff{[\n'],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['another command', '{"command":"stop"}\n'],
    ['a path for a sink', '{"command":"discard","sink":"../../x","filter":{}}\n'],
    ['a member that is not known', '{"command":"discard","filter":{"reasons":"x"}}\n'],
    ['a time that is none', '{"command":"replay","sink":"one","since":1e99}\n'],
    ['no object', '[]\n'],
    ['an empty line', '\n'],
    ['prototypes', '{"__proto__":{"command":"discard","filter":{}}}\n'],
  ])('%s is told that it is no request', async (_what, bytes) => {
    await start(never)
    expect(await raw(bytes)).toBe(refused)
  })

  it('a line without end is cut off', async () => {
    await start(never)
    expect(await raw('x'.repeat(1024 * 1024))).toContain('too long')
  })

  it('nothing, or too slowly, is cut off in time', async () => {
    await start(never, 100)
    expect(await raw('')).toContain('too slow')
    expect(await raw('{"command":')).toContain('too slow')
    expect(await raw('{"command":', { end: true })).toContain('closed')
  })

  it('more than its request has that done and the rest ignored', async () => {
    await start()
    const text = await raw(`${JSON.stringify(request)}\n${JSON.stringify(request)}\n${'x'.repeat(500_000)}`)
    expect(text).toBe(`${JSON.stringify({ done: [outcome] })}\n`)
  })

  it('from many connections leaves room again when they are gone', async () => {
    await start()
    const sockets = Array.from({ length: 60 }, () => net.connect(join(dir, 'control')).on('error', () => {}))
    await new Promise(next => setTimeout(next, 50))
    for (const socket of sockets) socket.destroy()
    await new Promise(next => setTimeout(next, 50))
    expect(await askControl({ dir, request })).toEqual([outcome])
  })

  it('a request and reads nothing for a while gets no more than it can read, and the last word', async () => {
    let told = 0
    await start(async (_request, onProgress) => {
      for (; told < 100_000; told++) onProgress({ sink: 'one', rows: told })
      return [outcome]
    })
    const socket = net.connect(join(dir, 'control'))
    socket.pause()
    socket.write(`${JSON.stringify(request)}\n`)
    await new Promise(next => setTimeout(next, 200))
    expect(told).toBe(100_000)
    let text = ''
    for await (const chunk of socket.setEncoding('utf8')) text += chunk
    expect(text.length).toBeLessThan(1_000_000)
    expect(text.endsWith(`${JSON.stringify({ done: [outcome] })}\n`)).toBe(true)
  })
})

describe('where no socket can be made', () => {
  it.each(['control', 'control.new'])('as %s is a folder, the service starts all the same, and says so', async name => {
    await mkdir(join(dir, name))
    await writeFile(join(dir, name, 'mine'), '')
    const errors: string[] = []
    const loud = { ...log, error: (_fields: object, sentence: string) => void errors.push(sentence) }
    const control = await startControl({ dir, operations: { run: async () => [outcome] }, log: loud })
    expect(errors).toEqual([expect.stringContaining('The control socket cannot be made')])
    expect(await askControl({ dir, request })).toBe('nobody')
    await control.close()
    expect(await readdir(dir)).toEqual([name])
  })
})

describe('a service that does not answer', () => {
  const listen = async (answer: (socket: net.Socket) => void) => {
    const sockets = new Set<net.Socket>()
    const server = net.createServer(socket => {
      sockets.add(socket.on('error', () => {}))
      answer(socket)
    })
    const paths = await openSocketPaths(dir)
    await new Promise<void>(resolve => server.listen(paths.of('control'), resolve))
    await paths.close()
    return async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    }
  }

  it.each([
    ['says nothing', () => {}, 'says nothing any more'],
    ['hangs up', (socket: net.Socket) => socket.destroy(), 'ended the connection'],
    ['answers with something else', (socket: net.Socket) => socket.write('hello\n'), 'does not know'],
    ['never ends its line', (socket: net.Socket) => socket.write('x'.repeat(2e6)), 'does not know'],
  ])('but %s fails the command', async (_what, answer, words) => {
    const stop = await listen(answer)
    try {
      await expect(askControl({ dir, request, silenceMs: 200 })).rejects.toMatchObject({
        name: 'StartError',
        message: expect.stringContaining(words),
      })
    } finally {
      await stop()
    }
  })

  it('is nobody where there is no folder, no socket or a file', async () => {
    expect(await askControl({ dir: join(dir, 'none'), request })).toBe('nobody')
    expect(await askControl({ dir, request })).toBe('nobody')
    await writeFile(join(dir, 'control'), '')
    expect(await askControl({ dir, request })).toBe('nobody')
    expect(await askControl({ dir: join(dir, 'control'), request })).toBe('nobody')
  })
})
