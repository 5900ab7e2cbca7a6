import { dirname } from 'node:path'
import type { Files } from '../../src/lib/files.ts'
import { createCalls } from './calls.ts'
import { afterPowerLoss, type Order } from './crash.ts'
import { type FolderNode, type Node, newFolder, put } from './nodes.ts'
import type { Random } from './random.ts'

/**
 * A disk in memory that remembers what is durable apart from what is only written, fails as it is told to, and crashes at any call.
 *
 * What is promised, and so what a program may rely on:
 * - fsync and fdatasync of a file that succeed: its bytes and its size so far survive (POSIX; fdatasync writes the size as well, as it is needed
 *   to read the bytes). Not its name: ext4 often has that too, POSIX does not ask for it, and so this disk does not give it.
 * - fsync of a folder that succeeds: the names in it survive as they are. Not the folder's own name, nor what its files hold.
 * - rename replaces a name at once for all who look. After a power loss the old or the new is there, unless it went to another
 *   folder and the disk is `hostile` (crash.ts): then both or none may be.
 * - Without fsync: any sectors of 512 bytes of what was written, in any order, and any size in between; zeros where data is missing
 *   below the size. Names: see crash.ts.
 * - A failed fsync of a file promises nothing for what it should have covered, and neither do later ones (Linux marks the pages clean;
 *   "fsyncgate", 2018): some of it may be on the disk, the rest never will be, although readers see it until the power goes. Each
 *   descriptor that was open then is told once.
 * - A failed fsync of a folder leaves its names as uncertain as they were. They are metadata, which stays in the journal's hands: some may be
 *   on the disk, the rest waits for the next fsync that succeeds. As any choice of them is made at the power loss (crash.ts), nothing is
 *   chosen before: a choice made here would have to keep the order of the changes of each name, or a name that was removed would come back
 *   with an fsync that succeeds. So whoever believes names after a failure can lose them, and whoever tries again until it succeeds cannot.
 * - A kill takes nothing that a call had handed over; a write that was under way may have come to any byte.
 *
 * The states that a crash may leave are those that ALICE (Pillai et al., OSDI 2014) lets file systems choose from; the sequences are
 * generated as in CrashMonkey and ACE (Mohan et al., OSDI 2018). All follows from the seed. Calls take a turn or some, so those that are
 * under way together overtake each other; one that is under way at a crash never returns.
 */
export interface SimulatedDisk {
  /** The calls of one run of the program; they hang after its crash. */
  start(): Files
  /** At the so many-th call from now on; `during` is where in it. Undefined: never. */
  crashAt(calls: number | undefined): void
  /** Resolves at the next crash, when it has taken place. */
  readonly crashed: Promise<Crash>
  crash(kind: Crash): void
  /** Of the next crash that comes by itself. */
  nextCrash: Crash
  /** Asked at each call. */
  fault: (call: Call) => Fault | undefined
  /** Bytes that all files may have together. */
  capacity: number
  readonly calls: number
  /** Content of each file by its path, as a reader sees it. */
  tree(): Map<string, Buffer>
}

export type Crash = 'kill' | 'power'
export interface Call {
  readonly name: string
  readonly path: string
  readonly index: number
}
/** `short`: a write takes a part. Else the call fails with the code; a `late` one has had its effect. */
export type Fault = 'short' | { readonly code: string; readonly late?: boolean }

export const failure = (code: string, syscall: string, path: string): Error =>
  Object.assign(new Error(`${code}: simulated, ${syscall} '${path}'`), { code, syscall, path })

/** One run of the program: what it calls is asked first. */
export interface Run {
  /** Runs the effect of a call as a whole, and a part of it where it is a write. */
  call<T>(name: string, path: string, effect: () => T, part?: () => T): Promise<T>
  readonly random: Random
  /** One change, of one folder or (a rename) two. */
  changed(...changes: { readonly folder: FolderNode; readonly name: string; readonly node: Node | undefined }[]): void
  nowMs(): number
  orderSoFar(): number
  /** Names changed up to this order are on the disk. */
  committed(order: number): void
  /** Throws ENOSPC where nothing more fits, else answers with how much does. */
  room(path: string, bytes: number): number
  linksTo(node: Node): number
  find(path: string, syscall: string): Node
  folderOf(path: string, syscall: string): { readonly folder: FolderNode; readonly name: string }
  nextNumber(): number
  freeBytes(): number
}

export function createDisk(
  random: Random,
  order: Order,
  time: { now(): number; tick(): void },
  trace?: (text: string) => void,
): SimulatedDisk {
  const nowMs = time.now

  let root = newFolder(0, nowMs())
  let numbers = 1
  let orders = 0
  let committed = 0
  let life = 0
  let crashIn: number | undefined
  let crashed = Promise.withResolvers<Crash>()

  const disk: SimulatedDisk & { calls: number } = {
    start: () => createCalls(createRun(++life)),
    crashAt(calls) {
      crashIn = calls
    },
    get crashed() {
      return crashed.promise
    },
    crash,
    nextCrash: 'power',
    fault: () => undefined,
    capacity: Number.POSITIVE_INFINITY,
    calls: 0,
    tree: () => new Map(walk(root, '')),
  }

  function crash(kind: Crash): void {
    trace?.(`crash: ${kind}`)
    life++
    crashIn = undefined
    if (kind === 'power') root = afterPowerLoss(root, order, committed, random)
    const before = crashed
    crashed = Promise.withResolvers()
    before.resolve(kind)
  }

  function createRun(mine: number): Run {
    const hang = () => new Promise<never>(() => {})
    return {
      random,
      nowMs,
      orderSoFar: () => orders,
      committed(upTo) {
        committed = Math.max(committed, upTo)
      },
      async call(name, path, effect, part) {
        for (let turns = random.below(3); turns > 0; turns--) await undefined
        if (life !== mine) return hang()
        time.tick()
        const index = disk.calls++
        if (crashIn !== undefined && --crashIn <= 0) {
          // Before it, in the middle of a write, or with its effect and without its answer.
          const moment = random.below(3)
          if (moment > 0)
            try {
              ;(moment === 1 ? (part ?? effect) : effect)()
            } catch {}
          crash(disk.nextCrash)
          return hang()
        }
        const fault = disk.fault({ name, path, index })
        trace?.(`${index} ${name} ${path} ${fault === undefined ? '' : JSON.stringify(fault)}`)
        if (fault === 'short') return (part ?? effect)()
        if (fault !== undefined) {
          if (fault.late) effect()
          throw failure(fault.code, name, path)
        }
        const result = effect()
        for (let turns = random.below(2); turns > 0; turns--) await undefined
        return life === mine ? result : hang()
      },
      changed(...changes) {
        orders++
        for (const { folder, name, node } of changes) {
          folder.mtimeMs = nowMs()
          put(folder.names, name, node)
          folder.changes.push({ order: orders, name, node })
        }
      },
      room(path, bytes) {
        if (disk.capacity === Number.POSITIVE_INFINITY) return bytes
        const room = disk.capacity - usedOf(root)
        if (bytes > 0 && room <= 0) throw failure('ENOSPC', 'write', path)
        // A power loss can bring back what was removed, so that there is more than fits.
        return Math.min(bytes, Math.max(0, room))
      },
      linksTo: node => countLinks(root, node),
      find,
      folderOf,
      nextNumber: () => numbers++,
      freeBytes,
    }
  }

  const freeBytes = () =>
    disk.capacity === Number.POSITIVE_INFINITY ? Number.MAX_SAFE_INTEGER : Math.max(0, disk.capacity - usedOf(root))

  function find(path: string, syscall: string): Node {
    let node: Node = root
    for (const name of path.split('/').filter(part => part !== '')) {
      if (node.kind !== 'folder') throw failure('ENOTDIR', syscall, path)
      const next = node.names.get(name)
      if (next === undefined) throw failure('ENOENT', syscall, path)
      node = next
    }
    return node
  }

  function folderOf(path: string, syscall: string): { folder: FolderNode; name: string } {
    const folder = find(dirname(path), syscall)
    if (folder.kind !== 'folder') throw failure('ENOTDIR', syscall, path)
    return { folder, name: path.slice(path.lastIndexOf('/') + 1) }
  }

  return disk
}

const usedOf = (root: FolderNode): number => {
  let used = 0
  for (const content of new Set([...walk(root, '')].map(([, data]) => data))) used += content.length
  return used
}

function* walk(folder: FolderNode, path: string): Generator<[string, Buffer]> {
  for (const [name, node] of folder.names) {
    if (node.kind === 'file') yield [`${path}/${name}`, node.data]
    else yield* walk(node, `${path}/${name}`)
  }
}

function countLinks(folder: FolderNode, wanted: Node): number {
  let links = 0
  for (const node of folder.names.values()) {
    if (node === wanted) links++
    else if (node.kind === 'folder') links += countLinks(node, wanted)
  }
  return links
}
