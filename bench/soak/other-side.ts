import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

/** A request as it came, inflated. */
export interface Taken {
  readonly method: string
  readonly path: string
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** `reset`: the connection breaks in place of an answer; `cut`: in its midst. */
export type Given = Answer | 'reset' | 'cut'

/** A service on loopback that a sink writes to. Its port stays over stop and start. */
export interface OtherSide {
  readonly url: string
  /** Connections are refused from now on, and those that are open break. */
  stop(): Promise<void>
  start(): Promise<void>
}

const inflate = promisify(gunzip)

/** @param answer is told each request that came whole; what it throws breaks the connection */
export async function createOtherSide(answer: (request: Taken) => Given): Promise<OtherSide> {
  let port = 0
  const server = createServer((incoming, response) => {
    take(incoming)
      .then(request => give(response, answer(request)))
      .catch(() => response.destroy())
  })
  const start = async () => {
    if (server.listening) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
    await promise
    server.off('error', reject)
    port = (server.address() as AddressInfo).port
  }
  await start()
  return {
    url: `http://127.0.0.1:${port}`,
    start,
    async stop() {
      if (!server.listening) return
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function take(incoming: IncomingMessage): Promise<Taken> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const body = incoming.headers['content-encoding'] === 'gzip' ? await inflate(bytes) : bytes
  return { method: incoming.method!, path: incoming.url!, body: body.toString() }
}

function give(response: ServerResponse, given: Given): void {
  if (given === 'reset') return void response.destroy()
  if (given === 'cut') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"errors":false,"items":[')
    return void response.socket?.destroySoon()
  }
  response.writeHead(given.status, { 'content-type': 'application/json', ...given.headers })
  response.end(given.body)
}
