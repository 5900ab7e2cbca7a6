import { constants } from 'node:fs'
import type { Files, OpenFile } from '../../src/lib/files.ts'
import { failure, type Run } from './disk.ts'
import { createHandle } from './handle.ts'
import { cutTo, type FileNode, type FolderNode, type Node, newFile, newFolder, writeTo } from './nodes.ts'

/** The calls of the simulated disk, for one run of the program: what POSIX says of each, and its errors. */
export function createCalls(run: Run): Files {
  const { find, folderOf } = run
  const make = (path: string, syscall: string, node: Node): void => {
    const { folder, name } = folderOf(path, syscall)
    if (folder.names.has(name)) throw failure('EEXIST', syscall, path)
    run.changed({ folder, name, node })
  }

  const opened = (path: string, flags: string | number, mode: number): Node => {
    const wanted = flagsOf(flags)
    const { folder, name } =
      path === '/' ? { folder: find('/', 'open') as FolderNode, name: '' } : folderOf(path, 'open')
    const there = path === '/' ? folder : folder.names.get(name)
    if (there !== undefined) {
      if (wanted.exclusive) throw failure('EEXIST', 'open', path)
      if (there.kind === 'folder' && wanted.writes) throw failure('EISDIR', 'open', path)
      if (there.kind === 'file' && wanted.truncates) cutTo(there, 0)
      return there
    }
    if (!wanted.creates) throw failure('ENOENT', 'open', path)
    const file = newFile(run.nextNumber(), run.nowMs(), mode)
    run.changed({ folder, name, node: file })
    return file
  }

  const facts = (node: Node) => {
    const size = node.kind === 'file' ? node.data.length : 4096
    return {
      size,
      get nlink() {
        return run.linksTo(node)
      },
      ino: node.number,
      mtimeMs: node.mtimeMs,
      mtime: new Date(node.mtimeMs),
      isFile: () => node.kind === 'file',
      isDirectory: () => node.kind === 'folder',
    }
  }

  const look = async (syscall: string, path: string, options?: { readonly bigint: boolean }) => {
    const found = await run.call(syscall, path, () => facts(find(path, syscall)))
    return (options?.bigint ? { ...found, size: BigInt(found.size), ino: BigInt(found.ino) } : found) as never
  }

  const removed = (path: string, syscall: string, wanted: Node['kind']) => {
    const { folder, name } = folderOf(path, syscall)
    const node = folder.names.get(name)
    if (node === undefined) throw failure('ENOENT', syscall, path)
    if (node.kind !== wanted) throw failure(wanted === 'file' ? 'EISDIR' : 'ENOTDIR', syscall, path)
    if (node.kind === 'folder' && node.names.size > 0) throw failure('ENOTEMPTY', syscall, path)
    run.changed({ folder, name, node: undefined })
  }

  const renamed = (from: string, to: string) => {
    const [source, target] = [folderOf(from, 'rename'), folderOf(to, 'rename')]
    const node = source.folder.names.get(source.name)
    if (node === undefined) throw failure('ENOENT', 'rename', from)
    const there = target.folder.names.get(target.name)
    if (there?.kind === 'folder') throw failure(node.kind === 'file' ? 'EISDIR' : 'ENOTEMPTY', 'rename', to)
    // Two names of one file: nothing happens (POSIX).
    if (there === node) return
    run.changed({ ...target, node }, { ...source, node: undefined })
  }

  const copied = (from: string, to: string) => {
    const source = find(from, 'copyfile') as FileNode
    const file = newFile(run.nextNumber(), run.nowMs(), 0o600)
    make(to, 'copyfile', file)
    run.room(to, source.data.length)
    writeTo(file, 0, source.data)
  }

  return {
    async open(path, flags, mode = 0o666): Promise<OpenFile> {
      const node = await run.call('open', path, () => opened(path, flags, mode))
      return createHandle(run, path, node, facts)
    },
    rename: (from, to) => run.call('rename', to, () => renamed(from, to)),
    link: (existing, path) => run.call('link', path, () => make(path, 'link', find(existing, 'link'))),
    copyFile: (from, to) => run.call('copyfile', to, () => copied(from, to)),
    unlink: path => run.call('unlink', path, () => removed(path, 'unlink', 'file')),
    rmdir: path => run.call('rmdir', path, () => removed(path, 'rmdir', 'folder')),
    mkdir: path => run.call('mkdir', path, () => make(path, 'mkdir', newFolder(run.nextNumber(), run.nowMs()))),
    readdir: (path: string, options?: { readonly withFileTypes: true }) =>
      run.call('readdir', path, () => {
        const node = find(path, 'scandir')
        if (node.kind !== 'folder') throw failure('ENOTDIR', 'scandir', path)
        const entries = [...node.names].map(([name, entry]) => ({ ...facts(entry), name }))
        return (options === undefined ? entries.map(({ name }) => name) : entries) as never
      }),
    stat: (path: string, options?: { readonly bigint: true }) => look('stat', path, options),
    lstat: path => look('lstat', path),
    utimes: (path, _accessed, modified) =>
      run.call('utimes', path, () => {
        find(path, 'utimes').mtimeMs = modified.getTime()
      }),
    statfs: path => run.call('statfs', path, () => ({ bavail: run.freeBytes(), bsize: 1 })),
  }
}

function flagsOf(flags: string | number) {
  if (typeof flags === 'number')
    return {
      creates: (flags & constants.O_CREAT) !== 0,
      exclusive: (flags & constants.O_EXCL) !== 0,
      truncates: (flags & constants.O_TRUNC) !== 0,
      writes: (flags & 3) !== 0,
    }
  const creates = flags !== 'r' && flags !== 'r+'
  return { creates, exclusive: flags.includes('x'), truncates: flags === 'w', writes: flags !== 'r' }
}
