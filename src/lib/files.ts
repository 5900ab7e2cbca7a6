import * as promises from 'node:fs/promises'

/**
 * The calls of the file system that what must survive a power loss is written with: those of node:fs/promises, each as it is there,
 * and no more of them than are used. Another layer can take their place, as the simulated disk of the tests does.
 */
export interface Files {
  open(path: string, flags: string | number, mode?: number): Promise<OpenFile>
  rename(from: string, to: string): Promise<void>
  link(existing: string, path: string): Promise<void>
  copyFile(from: string, to: string, mode: number): Promise<void>
  unlink(path: string): Promise<void>
  mkdir(path: string, options: { readonly mode: number }): Promise<unknown>
  rmdir(path: string): Promise<void>
  readdir(path: string): Promise<string[]>
  readdir(path: string, options: { readonly withFileTypes: true }): Promise<FolderEntry[]>
  stat(path: string): Promise<FileFacts>
  stat(path: string, options: { readonly bigint: true }): Promise<ExactFacts>
  lstat(path: string): Promise<FileFacts>
  utimes(path: string, accessed: Date, modified: Date): Promise<void>
  statfs(path: string): Promise<{ readonly bavail: number; readonly bsize: number }>
}

export interface OpenFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>
  /** May write less than it was given, as may writev. Without a position: where the last write ended. */
  write(
    bytes: Uint8Array,
    offset: number,
    length?: number,
    position?: number,
  ): Promise<{ readonly bytesWritten: number }>
  writev(chunks: readonly Uint8Array[]): Promise<{ readonly bytesWritten: number }>
  truncate(size: number): Promise<void>
  chmod(mode: number): Promise<void>
  sync(): Promise<void>
  datasync(): Promise<void>
  stat(): Promise<FileFacts>
  stat(options: { readonly bigint: true }): Promise<ExactFacts>
  close(): Promise<void>
}

export interface FileFacts {
  readonly size: number
  readonly nlink: number
  readonly mtime: Date
  readonly mtimeMs: number
  isFile(): boolean
  isDirectory(): boolean
}

/** Numbers of inodes may be larger than a number holds exactly. */
export interface ExactFacts {
  readonly size: bigint
  readonly ino: bigint
}

export interface FolderEntry {
  readonly name: string
  isFile(): boolean
  isDirectory(): boolean
}

export const realFiles: Files = promises
