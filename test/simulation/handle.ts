import type { FileFacts, OpenFile } from '../../src/lib/files.ts'
import { failure, type Run } from './disk.ts'
import { cutTo, type FileNode, type Node, spoilFile, syncFile, syncFolder, writeTo } from './nodes.ts'

/** A descriptor of the simulated disk. The fsync of a file that fails spoils what it should have made safe. */
export function createHandle(
  run: Run,
  path: string,
  node: Node,
  facts: (node: Node) => FileFacts & { readonly ino: number },
): OpenFile {
  let position = 0
  let isOpen = true
  let failedSyncs = node.failedSyncs

  const file = (syscall: string): FileNode => {
    if (!isOpen) throw failure('EBADF', syscall, path)
    if (node.kind !== 'file') throw failure('EISDIR', syscall, path)
    return node
  }

  const put = (bytes: Uint8Array, at: number): { bytesWritten: number } => {
    const target = file('write')
    const growth = Math.max(0, at + bytes.length - target.data.length)
    const fits = bytes.length - growth + run.room(path, growth)
    if (fits > 0) writeTo(target, at, bytes.subarray(0, fits))
    target.mtimeMs = run.nowMs()
    return { bytesWritten: fits }
  }

  const write = async (bytes: Uint8Array, at: number | undefined) => {
    const part = () => put(bytes.subarray(0, run.random.below(bytes.length + 1)), at ?? position)
    const result = await run.call('write', path, () => put(bytes, at ?? position), part)
    if (at === undefined) position += result.bytesWritten
    return result
  }

  const sync = async (syscall: string) => {
    const covered = run.orderSoFar()
    try {
      await run.call(syscall, path, () => {
        if (!isOpen) throw failure('EBADF', syscall, path)
        // Each descriptor that was open at a failure is told of it once (errseq_t of Linux).
        if (failedSyncs < node.failedSyncs) throw failure('EIO', syscall, path)
        if (node.kind === 'file') syncFile(node)
        else {
          if (node.changes.length > 0) run.committed(covered)
          syncFolder(node, covered)
        }
      })
    } catch (error) {
      if (failedSyncs === node.failedSyncs) node.failedSyncs++
      failedSyncs = node.failedSyncs
      // Of a folder nothing changes: each name may still be on the disk or not.
      if (node.kind === 'file') spoilFile(node, run.random)
      throw error
    }
  }

  return {
    read: (buffer, offset, length, at) =>
      run.call('read', path, () => {
        const bytes = file('read').data.subarray(at, at + length)
        buffer.set(bytes, offset)
        return { bytesRead: bytes.length }
      }),
    write: (bytes, offset, length = bytes.length - offset, at) => write(bytes.subarray(offset, offset + length), at),
    writev: chunks => write(Buffer.concat(chunks), undefined),
    truncate: size => run.call('ftruncate', path, () => cutTo(file('ftruncate'), size)),
    chmod: mode =>
      run.call('fchmod', path, () => {
        file('fchmod').mode = mode
      }),
    sync: () => sync('fsync'),
    datasync: () => sync('fdatasync'),
    stat: (options?: { readonly bigint: true }) =>
      run.call('fstat', path, () => {
        const found = facts(node)
        return (options ? { ...found, size: BigInt(found.size), ino: BigInt(found.ino) } : found) as never
      }),
    close: () =>
      run.call('close', path, () => {
        if (!isOpen) throw failure('EBADF', 'close', path)
        isOpen = false
      }),
  }
}
