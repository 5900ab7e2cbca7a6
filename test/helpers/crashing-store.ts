import net, { type AddressInfo } from 'node:net'
import { getContainerRuntimeClient } from 'testcontainers'
import type { Store } from './servers.ts'

/** A store behind an address that stays, so that its server can be killed and started again as the same node with its data. */
export interface CrashingStore extends Pick<Store, 'url' | 'ask'> {
  kill(): Promise<void>
  /** Resolves when it answers again. */
  start(): Promise<void>
  close(): Promise<void>
}

const PORT = '9200/tcp'

export async function createCrashingStore(store: Store): Promise<CrashingStore> {
  const { container: runtime } = await getContainerRuntimeClient()
  const container = runtime.getById(store.container.getId())
  let port = Number(new URL(store.url).port)
  const sockets = new Set<net.Socket>()
  const proxy = net.createServer(client => {
    const upstream = net.connect(port, '127.0.0.1')
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  return {
    url,
    async ask(method, path, body) {
      const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(url + path, { method, headers, ...sent })
      const text = await answer.text()
      return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text }
    },
    kill: () => container.kill(),
    async start() {
      await container.start()
      const { NetworkSettings } = await container.inspect()
      port = Number(NetworkSettings.Ports[PORT]?.[0]?.HostPort)
      while (!(await fetch(`${url}/_cluster/health?wait_for_status=yellow`).catch(() => undefined))?.ok)
        await new Promise(resolve => setTimeout(resolve, 500))
    },
    async close() {
      proxy.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
