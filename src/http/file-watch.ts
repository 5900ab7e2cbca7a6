import { type Stats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { hasCode } from '../lib/error-code.ts'

/**
 * Compared as text: what changes when a file is written, replaced, or its link leads elsewhere. `gone` for what is no file: who reads a pipe
 * again would wait for ever.
 */
const versionOf = (stats: Stats) => (stats.isFile() ? `${stats.mtimeMs} ${stats.size} ${stats.ino}` : GONE)
const GONE = 'gone'
/** The system does not tell now: the file may be there, as it was. */
const UNKNOWN = 'unknown'

const look = (path: string): Promise<string> =>
  stat(path).then(versionOf, error => (hasCode(error, 'ENOENT', 'ENOTDIR') ? GONE : UNKNOWN))

/**
 * Looks at files in an interval and calls back when one has changed; a file that is not there is looked at again. Polling, since
 * mounted secrets are swapped by links that no notification follows.
 *
 * @param onChange must not throw
 * @param onGone called once when a file that was there is no more; must not throw
 * @returns stops it: nothing is called back any more; idempotent
 */
export function watchFiles(
  paths: readonly string[],
  intervalMs: number,
  onChange: () => void,
  onGone: (path: string) => void,
): () => void {
  let seen = paths.map(path => {
    const found = statSync(path, { throwIfNoEntry: false })
    return found === undefined ? GONE : versionOf(found)
  })
  const gone = new Set<string>()
  let looking = false
  let stopped = false

  const lookAtAll = async () => {
    if (looking) return
    looking = true
    const now = await Promise.all(paths.map(look))
    looking = false
    if (stopped) return
    for (const [index, path] of paths.entries()) {
      if (isVersion(now[index])) gone.delete(path)
      else if (now[index] === GONE && seen[index] !== GONE && !gone.has(path)) {
        gone.add(path)
        onGone(path)
      }
    }
    const changed = now.some((version, index) => isVersion(version) && version !== seen[index])
    if (!changed) return
    seen = now.map((version, index) => (isVersion(version) ? version : seen[index]!))
    onChange()
  }
  const timer = setInterval(() => void lookAtAll(), intervalMs)
  timer.unref()
  return () => {
    stopped = true
    clearInterval(timer)
  }
}

const isVersion = (found: string | undefined): boolean => found !== GONE && found !== UNKNOWN
