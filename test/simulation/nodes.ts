import type { Random } from './random.ts'

/**
 * What one inode holds, and what of it would be there after a power loss.
 *
 * A file has the bytes that a reader sees and, apart from them, those that the last good fsync made safe; between the two lies the list
 * of writes and truncations since. A folder has the same of names. `survive` makes one of the states that a crash can leave.
 */
export const SECTOR = 512

type FileChange = { readonly at: number; readonly bytes: Uint8Array } | { readonly size: number }

export interface FileNode {
  readonly kind: 'file'
  readonly number: number
  data: Buffer
  safe: Buffer
  changes: FileChange[]
  mtimeMs: number
  mode: number
  failedSyncs: number
}

/** `order` is that of the whole disk; both halves of a rename have the same. */
export interface NameChange {
  readonly order: number
  readonly name: string
  readonly node: Node | undefined
}

export interface FolderNode {
  readonly kind: 'folder'
  readonly number: number
  names: Map<string, Node>
  safe: Map<string, Node>
  changes: NameChange[]
  mtimeMs: number
  safeMtimeMs: number
  failedSyncs: number
}

export type Node = FileNode | FolderNode

export const newFile = (number: number, mtimeMs: number, mode: number): FileNode => {
  return {
    kind: 'file',
    number,
    data: Buffer.alloc(0),
    safe: Buffer.alloc(0),
    changes: [],
    mtimeMs,
    mode,
    failedSyncs: 0,
  }
}

export const newFolder = (number: number, mtimeMs: number): FolderNode => {
  const [names, safe] = [new Map<string, Node>(), new Map<string, Node>()]
  return { kind: 'folder', number, names, safe, changes: [], mtimeMs, safeMtimeMs: mtimeMs, failedSyncs: 0 }
}

export function writeTo(file: FileNode, at: number, bytes: Uint8Array): void {
  const copy = Buffer.from(bytes)
  file.data = over(file.data, at, copy)
  file.changes.push({ at, bytes: copy })
}

export function cutTo(file: FileNode, size: number): void {
  file.data = sized(file.data, size)
  file.changes.push({ size })
}

export function syncFile(file: FileNode): void {
  for (const change of file.changes) file.safe = applied(file.safe, change)
  file.changes = []
}

/**
 * The fsync failed. As on Linux, the pages count as clean from now on: what did not reach the disk is not written by a later fsync
 * either, although readers see it until the power goes.
 */
export function spoilFile(file: FileNode, random: Random): void {
  file.safe = surviving(file, random)
  file.changes = []
}

export function syncFolder(folder: FolderNode, upTo: number): void {
  for (const { order, name, node } of folder.changes) if (order <= upTo) put(folder.safe, name, node)
  folder.changes = folder.changes.filter(({ order }) => order > upTo)
  folder.safeMtimeMs = folder.mtimeMs
}

export const put = (names: Map<string, Node>, name: string, node: Node | undefined): void =>
  void (node === undefined ? names.delete(name) : names.set(name, node))

/** What a power loss leaves of a file's content. */
export function surviving(file: FileNode, random: Random): Buffer {
  const { changes } = file
  if (changes.length === 0) return file.safe
  const way = random.pick(['none', 'all', 'first', 'any'] as const)
  if (way === 'none') return file.safe
  // Sizes are metadata, which is kept in order: some first changes of it are there. Data comes in any order, a sector at a time.
  const kept = way === 'all' ? changes.length : random.below(changes.length + 1)
  let content = file.safe
  let size = content.length
  for (const [index, change] of changes.entries()) {
    const inTime = index < kept
    if ('size' in change) {
      if (inTime) content = sized(content, change.size)
      if (inTime) size = change.size
      continue
    }
    if (inTime) size = Math.max(size, change.at + change.bytes.length)
    if (way === 'first' && !inTime) continue
    for (const [at, piece] of sectorsOf(change.at, change.bytes))
      if (way !== 'any' || random.chance(0.6)) content = over(content, at, piece)
  }
  if (way === 'first' && random.chance(0.5)) size = Math.max(file.safe.length, size - random.below(2 * SECTOR))
  return sized(content, size)
}

function* sectorsOf(at: number, bytes: Uint8Array): Generator<[number, Uint8Array]> {
  for (let done = 0; done < bytes.length; ) {
    const length = Math.min(SECTOR - ((at + done) % SECTOR), bytes.length - done)
    yield [at + done, bytes.subarray(done, done + length)]
    done += length
  }
}

const applied = (content: Buffer, change: FileChange): Buffer =>
  'size' in change ? sized(content, change.size) : over(content, change.at, change.bytes)

function over(content: Buffer, at: number, bytes: Uint8Array): Buffer {
  const result = Buffer.alloc(Math.max(content.length, at + bytes.length))
  result.set(content)
  result.set(bytes, at)
  return result
}

function sized(content: Buffer, size: number): Buffer {
  if (size <= content.length) return content.subarray(0, size)
  return over(content, size, new Uint8Array())
}
