import { randomBytes } from 'node:crypto'
import { chmod, readdir, rename, rm } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { hasCode } from './error-code.ts'
import { listenAt, openSocketPaths, type SocketPaths } from './socket-path.ts'

/**
 * One process a folder, by Unix sockets: the kernel closes a socket with its process, so a lock that answers is held and one that
 * refuses is stale, across kill -9 and between containers that share the folder on one machine.
 *
 * Each process listens on a socket of its own, `<prefix>.<pid>-<random>`. It is made under another name (`.new` behind it) and renamed
 * when it listens, so that a published socket which refuses is always dead; and since no name comes twice, removing a dead one can never
 * hit a living one. A process publishes first and looks at the others afterwards: of two that start together, at least the later one
 * sees the other. A socket tells `held` or `starting`; the process with the smaller name waits for one that is starting, the other gives up.
 */
export interface FolderLock {
  /** Idempotent. */
  release(): Promise<void>
}

export class LockHeldError extends Error {
  override readonly name = 'LockHeldError'
}

const ANSWER_MS = 500
const GIVE_UP_MS = 15_000
const POLL_MS = 25

/** `unclear`: it closed the connection without a word, as a process does that is about to end. */
type Answer = 'held' | 'starting' | 'unclear' | 'dead'

/** @throws LockHeldError, or the error of the file system. */
export async function lockFolder(folder: string, prefix = 'lock'): Promise<FolderLock> {
  const mine = `${prefix}.${process.pid}-${randomBytes(8).toString('hex')}`
  const paths = await openSocketPaths(folder)
  let held = false
  const server = net.createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.end(held ? 'held' : 'starting')
  })
  let released: Promise<void> | undefined
  const release = () => {
    released ??= (async () => {
      await Promise.all([mine, `${mine}.new`].map(name => rm(join(folder, name), { force: true }).catch(() => {})))
      await new Promise<void>(resolve => server.close(() => resolve()))
      await paths.close()
    })()
    return released
  }

  try {
    await listenAt(server, paths.of(`${mine}.new`))
    await publish(join(folder, mine))
    await outlast(folder, prefix, mine, paths)
    held = true
    await removeUnpublished(folder, prefix)
    return { release }
  } catch (error) {
    await release()
    throw error
  }
}

async function publish(path: string): Promise<void> {
  try {
    // The umask alone would decide who may ask.
    await chmod(`${path}.new`, 0o600)
    await rename(`${path}.new`, path)
  } catch (error) {
    // Only a process that holds the lock removes unpublished sockets.
    if (hasCode(error, 'ENOENT')) throw new LockHeldError('the folder is locked', { cause: error })
    throw error
  }
}

/** Returns when no other process holds the lock or can get it before this one. */
async function outlast(folder: string, prefix: string, mine: string, paths: SocketPaths) {
  const deadline = performance.now() + GIVE_UP_MS
  for (;;) {
    let waits = false
    for (const name of await locksIn(folder, prefix)) {
      if (name === mine || name.endsWith('.new')) continue
      const answer = await ask(paths.of(name))
      if (answer === 'dead') await rm(join(folder, name), { force: true })
      if (answer === 'held' || (answer === 'starting' && name < mine)) throw new LockHeldError('the folder is locked')
      waits ||= answer === 'starting' || answer === 'unclear'
    }
    if (!waits) return
    if (performance.now() > deadline) throw new LockHeldError('another process has been starting for too long')
    await pause(POLL_MS)
  }
}

async function removeUnpublished(folder: string, prefix: string): Promise<void> {
  for (const name of await locksIn(folder, prefix)) {
    if (name.endsWith('.new')) await rm(join(folder, name), { force: true })
  }
}

async function locksIn(folder: string, prefix: string): Promise<string[]> {
  const pattern = /^\.\d+-[0-9a-f]{16}(\.new)?$/
  const entries = (await readdir(folder, { withFileTypes: true })).filter(entry => !entry.isDirectory())
  return entries
    .map(({ name }) => name)
    .filter(name => name.startsWith(prefix) && pattern.test(name.slice(prefix.length)))
}

/** A process that was stopped takes the connection and says nothing: it counts as holding the lock. */
function ask(path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(path)
    let text = ''
    const settle = (answer: Answer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(ANSWER_MS, () => settle('held'))
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.length > 16) settle('held')
    })
    socket.on('end', () => settle(text === 'held' || text === 'starting' ? text : 'unclear'))
    socket.on('error', error => {
      if (hasCode(error, 'ECONNREFUSED', 'ENOENT', 'ELOOP')) return settle('dead')
      if (hasCode(error, 'ECONNRESET', 'EPIPE')) return settle('unclear')
      reject(error)
    })
  })
}
