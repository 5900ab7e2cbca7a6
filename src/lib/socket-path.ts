import { type FileHandle, open } from 'node:fs/promises'
import type { Server } from 'node:net'
import { join } from 'node:path'

/** sun_path has 108 bytes on Linux, 104 on macOS, with the final NUL. */
const MAX_SOCKET_PATH_BYTES = 103

/** Paths of Unix sockets in a folder, by which they can be made and reached however deep the folder lies. */
export interface SocketPaths {
  of(name: string): string
  /** The paths are good until then. */
  close(): Promise<void>
}

export async function openSocketPaths(folder: string): Promise<SocketPaths> {
  const directory: FileHandle = await open(folder, 'r')
  return {
    of(name) {
      const path = join(folder, name)
      // Linux takes a folder of any depth through the descriptor of an open one.
      return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES ? path : `/proc/self/fd/${directory.fd}/${name}`
    },
    close: () => directory.close(),
  }
}

/** Resolves when the server listens there; it keeps no process alive, and later errors of it end none. */
export function listenAt(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      server.on('error', () => {})
      server.unref()
      resolve()
    })
  })
}
