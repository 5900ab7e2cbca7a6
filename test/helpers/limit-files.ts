import { spawnSync } from 'node:child_process'

/**
 * The largest file this process may write: a write beyond it is short, the next fails, as on a full disk.
 *
 * @returns whether this machine can do it
 */
export const limitFiles = (bytes: number | 'unlimited'): boolean =>
  spawnSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:unlimited`]).status === 0

export const canLimit = limitFiles('unlimited')
