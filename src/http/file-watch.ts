import { type Stats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'

/**
 * Compared as text: what changes when a file is written, replaced, or its link leads elsewhere. Undefined for what is no file: who reads a pipe
 * again would wait for ever.
 */
const versionOf = (stats: Stats) => (stats.isFile() ? `${stats.mtimeMs} ${stats.size} ${stats.ino}` : undefined)

/**
 * Looks at files in an interval and calls back when one has changed; a file that is not there is looked at again. Polling, since
 * mounted secrets are swapped by links that no notification follows.
 *
 * @param onChange must not throw
 * @param onGone called once when a file that was there is no more; must not throw
 * @returns stops it; idempotent
 */
export function watchFiles(
  paths: readonly string[],
  intervalMs: number,
  onChange: () => void,
  onGone: (path: string) => void,
): () => void {
  let seen = paths.map(path => {
    const found = statSync(path, { throwIfNoEntry: false })
    return found && versionOf(found)
  })
  const gone = new Set<string>()
  let looking = false

  const look = async () => {
    if (looking) return
    looking = true
    const now = await Promise.all(paths.map(path => stat(path).then(versionOf, () => undefined)))
    looking = false
    for (const [index, path] of paths.entries()) {
      if (now[index] !== undefined) gone.delete(path)
      else if (seen[index] !== undefined && !gone.has(path)) {
        gone.add(path)
        onGone(path)
      }
    }
    const changed = now.some((version, index) => version !== undefined && version !== seen[index])
    if (!changed) return
    seen = now.map((version, index) => version ?? seen[index])
    onChange()
  }
  const timer = setInterval(() => void look(), intervalMs)
  timer.unref()
  return () => clearInterval(timer)
}
