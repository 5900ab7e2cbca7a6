import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls'
import { gzipSync } from 'node:zlib'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Empty where it was answered before it came. */
  readonly body: Buffer
}

/** What is done on a connection when a request has come. Writes bytes, not HTTP, so that it can be wrong in every way. */
export type Behaviour = (socket: Socket, request: SeenRequest) => void

export interface MisbehavingServer {
  readonly port: number
  readonly url: string
  /** Every request whose head came, in order. */
  readonly requests: readonly SeenRequest[]
  /** How many connections were made. */
  readonly connections: number
  /** From now on; with `early` before the body is read. */
  behave(behaviour: Behaviour, options?: { early?: boolean }): void
  /** Refuses connections and resets those that are open; `listen` takes them again at the same port. */
  refuse(): Promise<void>
  listen(): Promise<void>
  close(): Promise<void>
}

/** A well-formed answer. */
export const answer =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Behaviour =>
  socket => {
    const all = { 'content-length': String(Buffer.byteLength(body)), ...headers }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n${body}`)
  }

const HEAD = 'HTTP/1.1 200 OK\r\n'
const JSON_HEAD = `${HEAD}content-type: application/json\r\n`

/** A server's misdeeds after which nobody can know whether the request was taken: no answer comes. */
export const withoutAnswer: Readonly<Record<string, Behaviour>> = {
  'resets at once': socket => reset(socket),
  'closes at once': socket => void socket.end(),
  'resets within the head': socket => socket.write(`${HEAD}content-ty`, () => reset(socket)),
  'closes within the head': socket => void socket.end(`${HEAD}content-ty`),
  'never answers': () => {},
  'never ends its head': socket => drip(socket, `${HEAD}x-filler: `, () => 'x'),
  'has an endless head': socket => flood(socket, HEAD, () => `x-filler: ${'x'.repeat(1000)}\r\n`),
  'sends what is no HTTP': socket => void socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
  'sends back what it was sent': (socket, { headers }) => void socket.write(`${JSON.stringify(headers)}\r\n\r\n`),
  'sends 1xx answers for ever': socket => drip(socket, '', () => 'HTTP/1.1 103 Early Hints\r\n\r\n'),
  'switches to a protocol that nobody asked for': socket =>
    void socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
  'has a content-length that is no number': socket => void socket.write(`${HEAD}content-length: -5\r\n\r\n`),
}

const MEMBER = gzipSync(Buffer.alloc(1024 * 1024))

/** The names of the misdeeds of both kinds that only a deadline ends. */
export const isEndless = (what: string): boolean => /never|for ever/.test(what)

/** A head with 200, and then no body that could be read. */
export const brokenBody: Readonly<Record<string, Behaviour>> = {
  'resets within the body': socket =>
    socket.write(`${JSON_HEAD}content-length: 1000\r\n\r\n{"took"`, () => reset(socket)),
  'closes within the body': socket => void socket.end(`${JSON_HEAD}content-length: 1000\r\n\r\n{"took"`),
  'closes within a chunk': socket => void socket.end(`${JSON_HEAD}transfer-encoding: chunked\r\n\r\n64\r\n{"took"`),
  'breaks its chunks': socket => void socket.write(`${JSON_HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n{"took"`),
  'never ends its body': socket => drip(socket, `${JSON_HEAD}transfer-encoding: chunked\r\n\r\n`, () => '1\r\n \r\n'),
  'has an endless body': socket =>
    flood(socket, `${JSON_HEAD}transfer-encoding: chunked\r\n\r\n`, () => `8000\r\n${' '.repeat(0x8000)}\r\n`),
  'sends a gzip bomb': socket => {
    const bomb = Buffer.concat(Array.from({ length: 64 }, () => MEMBER))
    socket.write(`${JSON_HEAD}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`)
    socket.write(bomb)
  },
}

/** Answers with 200 that can be read and are not what was expected; the next bytes on the connection may be wrong. */
export const oddAnswer: Readonly<Record<string, Behaviour>> = {
  'answers HTML': answer(200, { 'content-type': 'text/html' }, '<html><body>Welcome!</body></html>'),
  'answers nothing': answer(200),
  'sends more than its content-length': answer(200, { 'content-length': '2' }, '{}{"more":"than said"}'),
  'sends a second answer': answer(200, {}, '{}HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n'),
  'ends its body by closing': socket => void socket.end(`${JSON_HEAD}\r\n{}`),
  'closes after its answer without a word': (socket, request) => {
    answer(200, {}, '{}')(socket, request)
    setTimeout(() => socket.end(), 5)
  },
  'sends some 1xx answers first': (socket, request) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n'.repeat(50))
    answer(200, {}, '{}')(socket, request)
  },
  'answers slowly': socket => {
    const text = `${JSON_HEAD}content-length: 2\r\n\r\n{}`
    drip(socket, '', sent => text[sent] ?? '', 1)
  },
}

/** A TLS socket cannot be reset. */
function reset(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy()
  else socket.resetAndDestroy()
}

function drip(socket: Socket, first: string, next: (sent: number) => string, everyMs = 5): void {
  let sent = 0
  socket.write(first)
  const timer = setInterval(() => socket.write(next(sent++)), everyMs)
  socket.once('close', () => clearInterval(timer))
}

/** As fast as it is taken. */
function flood(socket: Socket, first: string, next: () => string): void {
  const more = () => {
    while (socket.writable && socket.write(next()));
  }
  socket.on('drain', more).write(first, more)
}

export async function startMisbehavingServer(tls?: TlsOptions): Promise<MisbehavingServer> {
  const requests: SeenRequest[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let behaviour: Behaviour = answer(200)
  let early = false

  const serve = (socket: Socket) => {
    connections++
    sockets.add(socket)
    // A client that goes away is expected.
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    let held = Buffer.alloc(0)
    let ignoring = false
    const take = (chunk: Buffer) => {
      if (ignoring) return
      held = Buffer.concat([held, chunk])
      const parsed = parse(held, early)
      if (parsed === undefined) return
      requests.push(parsed.request)
      held = held.subarray(parsed.length)
      ignoring = early
      behaviour(socket, parsed.request)
    }
    socket.on('data', take)
  }

  const start = async (port: number): Promise<Server> => {
    const created = tls === undefined ? createServer(serve) : createTlsServer(tls, serve).on('tlsClientError', () => {})
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    created.once('error', reject).listen(port, '127.0.0.1', resolve)
    await promise
    return created
  }
  const stop = async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (server.listening) server.close(() => resolve())
    else resolve()
    for (const socket of sockets) reset(socket)
    await promise
  }

  let server = await start(0)
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    get connections() {
      return connections
    },
    behave(next, options = {}) {
      behaviour = next
      early = options.early ?? false
    },
    refuse: stop,
    async listen() {
      server = await start(port)
    },
    close: stop,
  }
}

/** The request at the beginning of the bytes; undefined where it is not there as a whole, or with `early` its head. */
function parse(bytes: Buffer, early: boolean): { request: SeenRequest; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [first = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const [method = '', path = ''] = first.split(' ')
  const headers = Object.fromEntries(
    lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const begin = headEnd + 4
  const length = begin + (early ? 0 : Number(headers['content-length'] ?? 0))
  if (bytes.length < length) return undefined
  return { request: { method, path, headers, body: bytes.subarray(begin, length) }, length }
}
