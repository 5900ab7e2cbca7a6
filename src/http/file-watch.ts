import { statSync } from 'node:fs'
import { stat } from 'node:fs/promises'

/** Compared as text: what changes when a file is written, replaced, or its link leads elsewhere. */
const versionOf = ({ mtimeMs, size, ino }: { mtimeMs: number; size: number; ino: number }) =>
  `${mtimeMs} ${size} ${ino}`

/**
 * Looks at files in an interval and calls back when one has changed; a file that is not there is looked at again. Polling, since
 * mounted secrets are swapped by links that no notification follows.
 *
 * @param onChange must not throw
 * @returns stops it; idempotent
 */
export function watchFiles(paths: readonly string[], intervalMs: number, onChange: () => void): () => void {
  let seen = paths.map(path => {
    const found = statSync(path, { throwIfNoEntry: false })
    return found && versionOf(found)
  })
  let looking = false

  const look = async () => {
    if (looking) return
    looking = true
    const now = await Promise.all(paths.map(path => stat(path).then(versionOf, () => undefined)))
    looking = false
    const changed = now.some((version, index) => version !== undefined && version !== seen[index])
    if (!changed) return
    seen = now.map((version, index) => version ?? seen[index])
    onChange()
  }
  const timer = setInterval(() => void look(), intervalMs)
  timer.unref()
  return () => clearInterval(timer)
}
